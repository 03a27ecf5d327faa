using Jigsaw.CompilerServices;
using Jigsaw.Passes;

namespace Jigsaw.Planning;

/// <summary>Turns a recipe into a program: which terms, in which order, computed how, by which passes, under which names.</summary>
internal static class Planner
{
    /// <summary>Names that the body of the generated loss uses itself.</summary>
    public static readonly string[] Locals = ["step", "numbers", "lossMask", "head", "logits", "composite", "components", "similarity", "strength", "rows", "teacher", "_"];

    private static readonly Pass[] _passes = [Pass.TeacherClean, Pass.TeacherNoisy, Pass.StudentNoisy, Pass.StudentClean];

    private static readonly TokenMask[] _masks = [TokenMask.Attention, TokenMask.Loss, TokenMask.Noise, TokenMask.NotInReply, TokenMask.InReply, TokenMask.Private];

    /// <summary>Members of the step's activations that are computed from what the teacher's clean pass predicts of the prompt.</summary>
    private static readonly string[] _predictions = ["Surprisal", "Counterfactuals"];

    /// <summary>Plans a recipe. Of terms that clash in name or key, the first is planned.</summary>
    public static RecipePlan Plan(RecipeModel recipe)
    {
        var locals = new NameScope(Locals.Concat(recipe.Terms.Where(term => term.Custom is { Class: null }).Select(term => term.Custom!.Method)));
        var names = new HashSet<string>(ReservedNames.OfComponents, StringComparer.Ordinal);
        var keys = new HashSet<string>(ReservedNames.Keys, StringComparer.Ordinal);
        var declared = new List<PlannedTerm>();
        foreach (var term in recipe.Terms.Where(term => term.IsActive && term.IsNamed))
        {
            if (names.Contains(term.Property) || keys.Contains(term.Key))
            {
                continue;
            }

            names.Add(term.Property);
            keys.Add(term.Key);
            var parts = new List<PlannedPart>();
            var local = locals.Take(NameScope.Camel(term.Property));
            var weightLocal = locals.Take(local + "Weight");
            foreach (var key in term.Parts)
            {
                var property = PartProperty(key);
                if (names.Add(property) & keys.Add(key))
                {
                    parts.Add(new PlannedPart(key, property, locals.Take(NameScope.Camel(property))));
                }
            }

            var group = GroupOf(recipe, term);
            declared.Add(new PlannedTerm(term, group, term.Property, local, weightLocal, MaskOf(term), InputsOf(term).ToEquatableArray(), parts.ToEquatableArray()));
        }

        var terms = declared
            .OrderBy(term => term.Group)
            .ThenBy(term => term.Term.Definition?.Order ?? int.MaxValue)
            .ThenBy(term => term.Term.HasOwnKey ? term.Term.Key : "", StringComparer.Ordinal)
            .ThenBy(term => term.Term.Custom?.Method ?? "", StringComparer.Ordinal)
            .ToEquatableArray();
        return new RecipePlan(
            recipe,
            terms,
            declared.ToEquatableArray(),
            ComputationsOf(terms, locals).ToEquatableArray(),
            SumsOf(recipe, terms).ToEquatableArray(),
            recipe.Terms.Where(term => !term.IsActive && term.IsNamed).Select(term => term.Key).ToEquatableArray(),
            PassesOf(terms).ToEquatableArray(),
            NumbersOf(recipe, terms).ToEquatableArray(),
            StructureOf(recipe, terms).ToEquatableArray());
    }

    /// <summary>Where a term is computed in this recipe.</summary>
    public static TermGroup GroupOf(RecipeModel recipe, TermModel term) => term.Definition?.Place switch
    {
        null => term.Custom is { IsOfRows: true } ? TermGroup.Logits : TermGroup.Custom,
        TermPlace.Logits => TermGroup.Logits,
        TermPlace.Layer => TermGroup.Layer,
        TermPlace.LayerOrLogits => recipe.Argument("DistillationLayer").IsWritten ? TermGroup.Layer : TermGroup.Logits,
        _ => TermGroup.Embeddings,
    };

    /// <summary>True if a term reads what the teacher's clean pass predicts of the tokens of the prompt.</summary>
    public static bool ReadsPredictions(TermModel term) => InputsOf(term).Any(input => input.Kind == InputKind.Activation && _predictions.Contains(input.Name));

    /// <summary>The typed component of a part.</summary>
    public static string PartProperty(string key)
    {
        const string Loss = "_loss";
        return SnakeCase.ToPascal(key.EndsWith(Loss, StringComparison.Ordinal) ? key.Substring(0, key.Length - Loss.Length) : key);
    }

    /// <summary>The single masks of a combination.</summary>
    public static IEnumerable<TokenMask> Masks(TokenMask mask) =>
        _masks.Where(one => (mask & one) != 0);

    private static TokenMask MaskOf(TermModel term)
    {
        if (term.Custom is { IsOfRows: false })
        {
            return TokenMask.None;
        }

        if (term.Argument("Mask") is { Value: { } written })
        {
            return (TokenMask)(int)written;
        }

        if (term.Definition is not { } definition)
        {
            return TokenMask.Loss;
        }

        var other = term.Arguments.FirstOrDefault(argument => argument.MaskUnless is not null && argument.Value is 0);
        return other?.MaskUnless ?? definition.Mask;
    }

    /// <summary>What a kernel is given: what its definition reads, or the mask alone, and its cap where it has one.</summary>
    private static IEnumerable<PlannedInput> InputsOf(TermModel term)
    {
        const string Mask = "Mask";
        if (term.Definition is not { } definition)
        {
            yield break;
        }

        foreach (var name in definition.Reads.DefaultIfEmpty(Mask))
        {
            yield return new PlannedInput(name == Mask ? InputKind.Mask : term.Argument(name) switch
            {
                null => InputKind.Activation,
                { IsStructure: true } => InputKind.Structure,
                _ => InputKind.Number,
            }, name);
        }

        if (term.Argument("Weighting") is { Value: (int)TokenWeighting.Surprisal })
        {
            yield return new PlannedInput(InputKind.Activation, "Surprisal");
        }

        if (term.Argument("MaxLoss") is { IsWritten: true })
        {
            yield return new PlannedInput(InputKind.Number, "MaxLoss");
            yield return new PlannedInput(InputKind.Number, "ScalingFactor");
        }
    }

    /// <summary>Terms on the logits are computed together, and so are those on one pair of tensors, where the first of them stands. Terms that some steps leave out are not computed with others of their pair.</summary>
    private static IEnumerable<PlannedComputation> ComputationsOf(EquatableArray<PlannedTerm> terms, NameScope locals) => terms
        .GroupBy(term => term.Group switch
        {
            TermGroup.Logits => (ComputationKind.Logits, ""),
            TermGroup.Layer => (ComputationKind.Pair, Alone(term) + term.Source),
            TermGroup.Embeddings when term.Term.Definition!.Pair.Count > 0 => (ComputationKind.Pair, Alone(term) + string.Join(" ", term.Term.Definition.Pair)),
            TermGroup.Embeddings => (ComputationKind.Kernel, term.Term.Key),
            _ => (ComputationKind.Custom, term.Term.Key),
        })
        .Select(together => new PlannedComputation(together.Key.Item1, locals.Take(together.First().Local + "Values"), together.ToEquatableArray()));

    private static string Alone(PlannedTerm term) => term.HasEvery ? term.Term.Key + " of " : "";

    private static IEnumerable<PlannedSum> SumsOf(RecipeModel recipe, EquatableArray<PlannedTerm> terms) => recipe.Alpha is null
        ? [new PlannedSum(null, terms)]
        : new[] { TermKind.Similarity, TermKind.Strength }
            .Select(kind => new PlannedSum(kind, terms.Where(term => term.Term.Kind == kind).ToEquatableArray()))
            .Where(sum => sum.Terms.Count > 0);

    private static IEnumerable<PlannedPass> PassesOf(EquatableArray<PlannedTerm> terms)
    {
        foreach (var pass in _passes)
        {
            var readBy = new List<string>();
            var whole = new List<string>();
            var predictions = new List<string>();
            var logits = false;
            var layer = false;
            foreach (var term in terms)
            {
                var (readsLogits, readsLayer) = Reads(term, pass);
                if (readsLogits || readsLayer)
                {
                    readBy.Add(term.Term.Key);
                    logits |= readsLogits;
                    if (readsLogits && term.Group == TermGroup.Custom)
                    {
                        whole.Add(term.Term.Key);
                    }

                    if (pass == Pass.TeacherClean && ReadsPredictions(term.Term))
                    {
                        predictions.Add(term.Term.Key);
                    }

                    layer |= readsLayer;
                }
            }

            if (readBy.Count > 0)
            {
                yield return new PlannedPass(pass, GradientOf(pass), logits, layer, readBy.ToEquatableArray(), whole.ToEquatableArray(), predictions.ToEquatableArray());
            }
        }
    }

    private static GradientFlow GradientOf(Pass pass) => pass switch
    {
        Pass.TeacherClean => GradientFlow.None,
        Pass.TeacherNoisy => GradientFlow.Input,
        Pass.StudentNoisy => GradientFlow.All,
        _ => GradientFlow.Adapters,
    };

    private static (bool Logits, bool Layer) Reads(PlannedTerm term, Pass pass)
    {
        if (term.Term.Custom is { } custom)
        {
            var read = custom.Parameters.Select(parameter => ActivationTypes.Find(parameter.Type)).Where(type => type?.Pass == pass).ToList();
            return (read.Any(type => type!.ReadsLogits), read.Any(type => !type!.ReadsLogits));
        }

        var isRead = pass == Pass.TeacherClean || pass == term.Source;
        return ((isRead && term.Group == TermGroup.Logits) || (pass == Pass.TeacherClean && ReadsPredictions(term.Term)), isRead && term.Group == TermGroup.Layer);
    }

    private static IEnumerable<PlannedNumber> NumbersOf(RecipeModel recipe, EquatableArray<PlannedTerm> terms)
    {
        foreach (var argument in recipe.Arguments.Where(argument => argument is { IsStructure: false, IsWritten: true }))
        {
            yield return new PlannedNumber(null, argument, argument.Name);
        }

        foreach (var term in terms)
        {
            foreach (var argument in term.Term.Arguments)
            {
                if (!argument.IsStructure && argument.Rule != NumericRule.None && IsThere(term.Term, argument))
                {
                    yield return new PlannedNumber(term, argument, term.Property + argument.Name);
                }
            }
        }
    }

    private static bool IsThere(TermModel term, ArgumentModel argument) =>
        argument.Needs is null ? argument.IsWritten || !double.IsNaN(argument.Default) : term.Argument(argument.Needs) is { IsWritten: true };

    private static IEnumerable<PlannedStructure> StructureOf(RecipeModel recipe, EquatableArray<PlannedTerm> terms)
    {
        var layer = recipe.Argument("DistillationLayer");
        yield return new PlannedStructure(layer.OriginalName, layer.Value is { } index ? NumberText.Of(index) : "null");
        yield return new PlannedStructure(recipe.Argument("CeTarget").OriginalName, recipe.CeTarget == CeTarget.Hard ? "\"hard\"" : "\"soft\"");
        yield return new PlannedStructure(recipe.Argument("Truncate").OriginalName, recipe.Truncate ? "true" : "false");
        foreach (var term in terms)
        {
            foreach (var argument in term.Term.Arguments.Where(argument => argument.IsStructure))
            {
                switch (argument.Kind)
                {
                    case ArgumentKind.Boolean:
                        yield return new PlannedStructure(argument.OriginalName, argument.Effective is 1 ? "true" : "false");
                        break;
                    case ArgumentKind.Mask when term.Mask != TokenMask.None:
                        yield return new PlannedStructure(argument.OriginalName, $"\"{MaskWords(term.Mask)}\"");
                        break;
                    case ArgumentKind.Weighting when argument.Value is { } weighting:
                        yield return new PlannedStructure(argument.OriginalName, $"\"{((TokenWeighting)(int)weighting).ToString().ToLowerInvariant()}\"");
                        break;
                    case ArgumentKind.Ramp when term.IsRamped:
                        yield return new PlannedStructure(argument.OriginalName, $"\"{term.Ramp.ToString().ToLowerInvariant()}\"");
                        break;
                    default:
                        break;
                }
            }
        }
    }

    private static string MaskWords(TokenMask mask) => string.Join("+", Masks(mask).Select(one => SnakeCase.Of(one.ToString())));
}
