using Jigsaw.CompilerServices;
using Jigsaw.Generators.Gathering;
using Jigsaw.Generators.Planning;

namespace Jigsaw.Generators.Emission;

/// <content>The loss of one step: what a user steps through.</content>
internal static partial class RecipeEmitter
{
    /// <summary>Into how many components a head's value deconstructs at most.</summary>
    private const int MostDeconstructed = 8;

    private static void EmitCompute(IndentedWriter writer, RecipePlan plan)
    {
        writer.Line("/// <summary>The loss of one step.</summary>");
        writer.Line(s_generatedCode);
        writer.Line($"private static {Tensor} Compute({StepActivations} a, {RowMask} lossMask, Hyperparameters h, out Components components)");
        using (writer.Block())
        {
            EmitRamps(writer, plan);
            EmitLogits(writer, plan);
            EmitLayer(writer, plan);
            EmitEmbeddings(writer, plan);
            EmitOwn(writer, plan);
            EmitComposite(writer, plan);
            var values = plan.Terms.SelectMany(term => term.Parts.Select(part => part.Local).Prepend(term.Local)).Append("composite");
            writer.Line();
            writer.Line($"components = new Components({string.Join(", ", values.Select(Identifier.Of))});");
            writer.Line("return composite;");
        }
    }

    private static void EmitRamps(IndentedWriter writer, RecipePlan plan)
    {
        var ramped = plan.Terms.Where(term => term.IsRamped).ToList();
        if (ramped.Count == 0)
        {
            return;
        }

        writer.Line("// Weights that rise, at this step.");
        foreach (var term in ramped)
        {
            writer.Line(
                $"{Var(plan, "double")} {term.WeightLocal} = h.{term.Property}Weight * {Losses}.Hyperparameters.WeightRamp.At(global::Jigsaw.Ramp.{RampOf(term)}, a.Step, h.{term.Property}RampFrom, h.{term.Property}RampSteps);");
        }

        writer.Line();
    }

    private static void EmitLogits(IndentedWriter writer, RecipePlan plan)
    {
        var terms = plan.In(TermGroup.Logits).ToList();
        if (terms.Count == 0)
        {
            return;
        }

        writer.Line("// On the logits: one loop over the vocabulary for all of them; what it adds to the loss is weighted already.");
        writer.Line($"{Var(plan, LogitTermsType)} head = {LogitTermsType}.Begin(a, global::Jigsaw.CeTarget.{plan.Recipe.CeTarget}{(plan.Recipe.HasGradientFilter ? ", h.GradientFilter" : "")});");
        foreach (var term in terms)
        {
            if (term.Term.Own is { } own)
            {
                var given = own.Activations.Any(type => type.Pass == Pass.TeacherClean) ? "(rows, teacher)" : "rows";
                writer.Line($"head.OfRows({Literal.Of(term.Term.Key)}, global::Jigsaw.Pass.{own.Source}, +{Weight(term)}, {MaskOf(term)}, {given} => {Call(plan, own)});");
                continue;
            }

            var sign = term.Term.Pull == TermPull.Maximized ? "-" : "+";
            writer.Line($"head.{term.Term.Definition!.Kernel}(global::Jigsaw.Pass.{term.Term.Definition.Source}, {sign}{Weight(term)}, {MaskOf(term)}{CapArguments(term)});");
        }

        EmitRun(writer, plan, terms);
        writer.Line();
    }

    private static void EmitRun(IndentedWriter writer, RecipePlan plan, List<PlannedTerm> terms)
    {
        if (terms.Count <= MostDeconstructed)
        {
            writer.Line($"{Deconstructed(plan, terms.Select(term => term.Local).Prepend("logits"))} = head.Run();");
            return;
        }

        writer.Line($"{Var(plan, LogitTermsType + "Value")} value = head.Run();");
        writer.Line($"{Var(plan, Tensor)} logits = value.Loss;");
        for (var i = 0; i < terms.Count; i++)
        {
            writer.Line($"{Var(plan, Tensor)} {Identifier.Of(terms[i].Local)} = value.Components[{Literal.OfInteger(i)}];");
        }
    }

    private static void EmitLayer(IndentedWriter writer, RecipePlan plan)
    {
        var terms = plan.In(TermGroup.Layer).ToList();
        if (terms.Count == 0)
        {
            return;
        }

        writer.Line($"// At layer {Literal.OfInteger(plan.Recipe.DistillationLayer ?? 0)}{OfPairs(plan, TermGroup.Layer)}.");
        EmitTerms(writer, plan, terms, definition => $"AtLayer(a, global::Jigsaw.Pass.{definition.Source})", definition => [$"a.{definition.Source}.Layer", $"a.{Pass.TeacherClean}.Layer"]);

        writer.Line();
    }

    private static void EmitEmbeddings(IndentedWriter writer, RecipePlan plan)
    {
        var terms = plan.In(TermGroup.Embeddings).ToList();
        if (terms.Count == 0)
        {
            return;
        }

        writer.Line($"// On the embeddings{OfPairs(plan, TermGroup.Embeddings)}.");
        EmitTerms(writer, plan, terms, definition => $"OnEmbeddings(a, {string.Join(", ", definition.Pair.Select(name => "a." + name))})", definition => definition.Pair.Select(name => "a." + name));

        writer.Line();
    }

    /// <summary>Each term by its kernel, and those on one pair together where its first one stands.</summary>
    private static void EmitTerms(IndentedWriter writer, RecipePlan plan, List<PlannedTerm> terms, Func<TermDefinition, string> begin, Func<TermDefinition, IEnumerable<string>> tensors)
    {
        foreach (var term in terms)
        {
            var definition = term.Term.Definition!;
            if (plan.Pairs.FirstOrDefault(pair => pair.Terms.Contains(term)) is not { } pair)
            {
                EmitValue(writer, plan, term, $"{Losses}.Kernels.MaskedKernels.{definition.Kernel}({string.Join(", ", tensors(definition).Concat(Arguments(term)))})");
            }
            else if (term.Equals(pair.Terms[0]))
            {
                EmitPair(writer, plan, pair, begin(definition));
            }
        }
    }

    private static string OfPairs(RecipePlan plan, TermGroup group) =>
        plan.Pairs.Any(pair => pair.Terms[0].Group == group) ? ": terms on one pair of tensors share one pass over its rows" : "";

    private static void EmitPair(IndentedWriter writer, RecipePlan plan, PlannedPair pair, string begin)
    {
        var local = Identifier.Of(pair.Local);
        writer.Line($"{Var(plan, PairLossType)} {local} = {PairLossType}.{begin};");
        foreach (var term in pair.Terms)
        {
            writer.Line($"{local}.{term.Term.Definition!.Kernel}({string.Join(", ", Arguments(term))}{CapArguments(term)});");
        }

        writer.Line($"{Deconstructed(plan, pair.Terms.Select(term => term.Local))} = {local}.Run();");
    }

    /// <summary>What a kernel is given behind the tensors that it compares.</summary>
    private static IEnumerable<string> Arguments(PlannedTerm term) =>
        term.Group == TermGroup.Layer ? [MaskOf(term)] : term.Term.Definition!.Reads.Select(name => Read(term, name));

    private static void EmitOwn(IndentedWriter writer, RecipePlan plan)
    {
        var terms = plan.In(TermGroup.Own).ToList();
        if (terms.Count == 0)
        {
            return;
        }

        writer.Line("// Terms of one's own.");
        foreach (var term in terms)
        {
            EmitValue(writer, plan, term, Call(plan, term.Term.Own!));
        }

        writer.Line();
    }

    private static string Call(RecipePlan plan, CustomTermModel own)
    {
        var method = Planner.Locals.Contains(own.Method) ? $"{QualifiedName(plan.Recipe)}.{Identifier.Of(own.Method)}" : Identifier.Of(own.Method);
        return $"{method}({string.Join(", ", own.Activations.Select(type => type.Expression))})";
    }

    private static string QualifiedName(RecipeModel recipe) =>
        "global::" + string.Join(".", recipe.Namespace.Select(Identifier.Of).Concat(recipe.Types.Select(type => Identifier.Of(type.Name) + TypeParameters(type))));

    private static void EmitValue(IndentedWriter writer, RecipePlan plan, PlannedTerm term, string value)
    {
        var capped = term.IsCapped ? $"{Losses}.Kernels.MaskedKernels.Cap({value}{CapArguments(term)})" : value;
        var zero = term.Parts.Count == 0 ? "a.Zero" : Losses + ".Kernels.MutualInformationValue.Zero(a)";
        var names = term.Parts.Count == 0
            ? $"{Var(plan, Tensor)} {Identifier.Of(term.Local)}"
            : Deconstructed(plan, term.Parts.Select(part => part.Local).Prepend(term.Local));
        writer.Line($"{names} = {Included(term)} ? {capped} : {zero};");
    }

    /// <summary>What asks whether a term is computed now; terms that read several passes have them all in one stage.</summary>
    private static string Included(PlannedTerm term)
    {
        var pass = term.Group == TermGroup.Own
            ? term.Term.Own!.Source
            : term.Group == TermGroup.Layer ? term.Term.Definition!.Source : null;
        return pass is null ? "a.IncludesEmbeddings" : $"a.Includes(global::Jigsaw.Pass.{pass})";
    }

    /// <summary>What declares a variable: <c>var</c>, but where a type has that name.</summary>
    private static string Var(RecipePlan plan, string type) => plan.Recipe.HasTypeVar ? type : "var";

    private static string Deconstructed(RecipePlan plan, IEnumerable<string> names) => plan.Recipe.HasTypeVar
        ? $"({string.Join(", ", names.Select(name => $"{Tensor} {Identifier.Of(name)}"))})"
        : $"var ({string.Join(", ", names.Select(Identifier.Of))})";

    private static void EmitComposite(IndentedWriter writer, RecipePlan plan)
    {
        if (plan.Recipe.Alpha is null)
        {
            var sum = Sum(plan.Terms);
            writer.Line(Var(plan, Tensor) + " composite = " + sum[0] + (sum.Count == 1 ? ";" : ""));
            using (writer.Indent())
            {
                for (var i = 1; i < sum.Count; i++)
                {
                    writer.Line(sum[i] + (i == sum.Count - 1 ? ";" : ""));
                }
            }

            return;
        }

        var parts = new List<string>();
        if (plan.Terms.Where(term => term.Term.Kind == TermKind.Similarity).ToList() is { Count: > 0 } similarity)
        {
            parts.Add($"(1 - h.Alpha) * similarity");
            writer.Line($"{Var(plan, Tensor)} similarity = {string.Join(" ", Sum(similarity))};");
        }

        if (plan.Terms.Where(term => term.Term.Kind == TermKind.Strength).ToList() is { Count: > 0 } strength)
        {
            parts.Add($"h.Alpha * strength");
            writer.Line($"{Var(plan, Tensor)} strength = {string.Join(" ", Sum(strength))};");
        }

        writer.Line($"{Var(plan, Tensor)} composite = {string.Join(" + ", parts)};");
    }

    private static List<string> Sum(IEnumerable<PlannedTerm> terms)
    {
        var sum = new List<string>();
        foreach (var term in terms)
        {
            if (term.Group == TermGroup.Logits)
            {
                if (sum.Count == 0)
                {
                    sum.Add("logits");
                }

                continue;
            }

            var isMinus = term.Term.Pull == TermPull.Maximized;
            var sign = sum.Count == 0 ? (isMinus ? "-" : "") : isMinus ? "- " : "+ ";
            sum.Add($"{sign}{Weight(term)} * {Identifier.Of(term.Local)}");
        }

        return sum;
    }

    private static string Weight(PlannedTerm term) => term.IsRamped ? term.WeightLocal : $"h.{term.Property}Weight";

    private static string CapArguments(PlannedTerm term) => term.IsCapped ? $", h.{term.Property}MaxLoss, h.{term.Property}ScalingFactor" : "";

    private static string Read(PlannedTerm term, string name)
    {
        if (name == "Mask")
        {
            return MaskOf(term);
        }

        return term.Term.Argument(name) switch
        {
            null => "a." + name,
            { IsStructure: true } structure => $"{NameScope.Camel(name)}: {Truth(structure.Effective is 1)}",
            _ => $"h.{term.Property}{name}",
        };
    }

    private static string MaskOf(PlannedTerm term) => string.Join(" & ", Planner.Masks(term.Mask).Select(mask => mask switch
    {
        TokenMask.Loss => "lossMask",
        _ => $"a.{mask}Mask",
    }));
}
