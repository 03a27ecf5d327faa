using Jigsaw.CompilerServices;
using Jigsaw.Generators.Gathering;

namespace Jigsaw.Generators.Planning;

/// <summary>Turns a recipe into a program: which terms, in which order, by which passes, under which names.</summary>
internal static class Planner
{
    /// <summary>Names that the body of the generated loss uses itself.</summary>
    public static readonly string[] Locals = ["a", "h", "lossMask", "head", "logits", "composite", "components", "similarity", "strength", "value", "rows", "teacher", "_"];

    /// <summary>Plans a recipe. Of terms that clash in name or key, the first is planned.</summary>
    public static RecipePlan Plan(RecipeModel recipe)
    {
        var locals = new NameScope(Locals.Concat(recipe.Terms.Where(term => term.Own is not null).Select(term => term.Own!.Method)));
        var names = new HashSet<string>(ReservedNames.OfComponents, StringComparer.Ordinal);
        var keys = new HashSet<string>(ReservedNames.Keys, StringComparer.Ordinal);
        var declared = new List<PlannedTerm>();
        foreach (var term in recipe.Terms.Where(term => term.IsActive))
        {
            if (names.Contains(term.Name) || keys.Contains(term.Key))
            {
                continue;
            }

            names.Add(term.Name);
            keys.Add(term.Key);
            var parts = new List<PlannedPart>();
            var local = locals.Take(NameScope.Camel(term.Name));
            var weightLocal = locals.Take(local + "Weight");
            foreach (var key in term.Definition?.Parts ?? default)
            {
                var property = PartProperty(key);
                if (names.Add(property) & keys.Add(key))
                {
                    parts.Add(new PlannedPart(key, property, locals.Take(NameScope.Camel(property))));
                }
            }

            declared.Add(new PlannedTerm(term, GroupOf(recipe, term), term.Name, local, weightLocal, MaskOf(term), parts.ToEquatableArray()));
        }

        var terms = declared
            .OrderBy(term => term.Group)
            .ThenBy(term => term.Term.Definition?.Order ?? int.MaxValue)
            .ThenBy(term => term.Term.Own?.Method ?? "", StringComparer.Ordinal)
            .ToEquatableArray();
        return new RecipePlan(
            recipe,
            terms,
            declared.ToEquatableArray(),
            PairsOf(terms, locals).ToEquatableArray(),
            recipe.Terms.Where(term => !term.IsActive).Select(term => term.Key).ToEquatableArray(),
            PassesOf(terms).ToEquatableArray(),
            NumbersOf(recipe, terms).ToEquatableArray(),
            StructureOf(recipe, terms).ToEquatableArray());
    }

    /// <summary>Where a term is computed in this recipe.</summary>
    public static TermGroup GroupOf(RecipeModel recipe, TermModel term) => term.Definition?.Place switch
    {
        null => term.Own is { IsOfRows: true } ? TermGroup.Logits : TermGroup.Own,
        TermPlace.Logits => TermGroup.Logits,
        TermPlace.Layer => TermGroup.Layer,
        TermPlace.LayerOrLogits => recipe.Argument("DistillationLayer").IsWritten ? TermGroup.Layer : TermGroup.Logits,
        _ => TermGroup.Embeddings,
    };

    private static IEnumerable<PlannedPair> PairsOf(EquatableArray<PlannedTerm> terms, NameScope locals) => terms
        .Where(term => term.PairName is not null)
        .GroupBy(term => term.PairName)
        .Where(pair => pair.Count() > 1)
        .Select(pair => new PlannedPair(locals.Take(NameScope.Camel(pair.Key!)), pair.ToEquatableArray()));

    /// <summary>The typed component of a part.</summary>
    public static string PartProperty(string key)
    {
        const string Loss = "_loss";
        return SnakeCase.ToPascal(key.EndsWith(Loss, StringComparison.Ordinal) ? key.Substring(0, key.Length - Loss.Length) : key);
    }

    private static TokenMask MaskOf(TermModel term)
    {
        if (term.Own is { IsOfRows: false })
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

    private static IEnumerable<PlannedPass> PassesOf(EquatableArray<PlannedTerm> terms)
    {
        foreach (var pass in new[] { Pass.TeacherClean, Pass.TeacherNoisy, Pass.StudentNoisy, Pass.StudentClean })
        {
            var readBy = new List<string>();
            var whole = new List<string>();
            var logits = false;
            var layer = false;
            foreach (var term in terms)
            {
                var (readsLogits, readsLayer) = Reads(term, pass);
                if (readsLogits || readsLayer)
                {
                    readBy.Add(term.Term.Key);
                    logits |= readsLogits;
                    if (readsLogits && term.Group == TermGroup.Own)
                    {
                        whole.Add(term.Term.Key);
                    }

                    layer |= readsLayer;
                }
            }

            if (readBy.Count > 0)
            {
                yield return new PlannedPass(pass, logits, layer, readBy.ToEquatableArray(), whole.ToEquatableArray());
            }
        }
    }

    private static (bool Logits, bool Layer) Reads(PlannedTerm term, Pass pass)
    {
        if (term.Term.Own is { } own)
        {
            var read = own.Parameters.Select(parameter => ActivationTypes.Find(parameter.Type)).Where(type => type?.Pass == pass).ToList();
            return (read.Any(type => type!.ReadsLogits), read.Any(type => !type!.ReadsLogits));
        }

        var isRead = pass == Pass.TeacherClean || pass == term.Term.Definition!.Source;
        return (isRead && term.Group == TermGroup.Logits, isRead && term.Group == TermGroup.Layer);
    }

    private static IEnumerable<PlannedNumber> NumbersOf(RecipeModel recipe, EquatableArray<PlannedTerm> terms)
    {
        var fields = new NameScope(terms.SelectMany(term => term.Term.Arguments.Select(argument => term.Property + argument.Name)));
        foreach (var argument in recipe.Arguments.Where(argument => argument is { IsStructure: false, IsWritten: true }))
        {
            yield return new PlannedNumber(null, argument, argument.Name, fields.Take("_" + NameScope.Camel(argument.Name)));
        }

        foreach (var term in terms)
        {
            foreach (var argument in term.Term.Arguments)
            {
                if (!argument.IsStructure && argument.Rule != NumericRule.None && IsThere(term.Term, argument))
                {
                    var property = term.Property + argument.Name;
                    yield return new PlannedNumber(term, argument, property, fields.Take("_" + NameScope.Camel(property)));
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
                    case ArgumentKind.Ramp when term.IsRamped:
                        yield return new PlannedStructure(argument.OriginalName, argument.Value is 1 ? "\"cosine\"" : "\"linear\"");
                        break;
                    default:
                        break;
                }
            }
        }
    }

    private static string MaskWords(TokenMask mask) => string.Join("+", Masks(mask).Select(one => one.ToString().ToLowerInvariant()));

    /// <summary>The single masks of a combination.</summary>
    public static IEnumerable<TokenMask> Masks(TokenMask mask) =>
        new[] { TokenMask.Attention, TokenMask.Loss, TokenMask.Noise }.Where(one => (mask & one) != 0);
}
