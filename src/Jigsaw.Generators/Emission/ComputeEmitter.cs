using Jigsaw.CompilerServices;
using Jigsaw.Generators.Gathering;
using Jigsaw.Planning;

namespace Jigsaw.Generators.Emission;

/// <summary>Writes the loss of one step: what a user steps through.</summary>
internal sealed class ComputeEmitter
{
    /// <summary>How many values are deconstructed at most; of more, each is read by its index.</summary>
    private const int MostDeconstructed = 8;

    private const string TermValue = RecipeEmitter.CompilerServices + ".TermValue";
    private const string PassType = "global::Jigsaw.Pass";
    private const string LogitTerms = RecipeEmitter.CompilerServices + ".LogitTerms";

    private readonly IndentedWriter _writer;
    private readonly RecipeDeclaration _declaration;
    private readonly RecipePlan _plan;

    public ComputeEmitter(IndentedWriter writer, RecipeDeclaration declaration, RecipePlan plan)
    {
        _writer = writer;
        _declaration = declaration;
        _plan = plan;
    }

    /// <summary>Writes the body of the method.</summary>
    public void EmitBody()
    {
        EmitWeights();
        TermGroup? group = null;
        foreach (var computation in _plan.Computations)
        {
            if (group != computation.First.Group)
            {
                EmitGap(group);
                group = computation.First.Group;
                _writer.Line("// " + Heading(computation.First.Group));
            }

            switch (computation.Kind)
            {
                case ComputationKind.Logits:
                    EmitLogits(computation);
                    break;
                case ComputationKind.Pair:
                    EmitPair(computation);
                    break;
                case ComputationKind.Kernel:
                    EmitValues(computation, "", [$"{Step(computation.First)}.OnEmbeddings().{Kernel(computation.First)}"], isOne: computation.First.Parts.Count == 0);
                    break;
                default:
                    EmitCustom(computation.First);
                    break;
            }
        }

        EmitGap(group);
        EmitComposite();
        _writer.Line();
        _writer.Line($"components = new Components({string.Join(", ", _plan.Terms.SelectMany(Locals).Append("composite"))});");
        _writer.Line("return composite.Value;");
    }

    private void EmitGap(TermGroup? group)
    {
        if (group is not null)
        {
            _writer.Line();
        }
    }

    private string Heading(TermGroup group) => group switch
    {
        TermGroup.Logits => "On the logits: one loop over the vocabulary for all of these terms, which also weights and adds them.",
        TermGroup.Layer => $"At layer {Literal.OfInteger(_plan.Recipe.DistillationLayer ?? 0)}: each pass against the teacher's clean one.",
        TermGroup.Embeddings => "On the embeddings.",
        _ => "Custom terms.",
    };

    private void EmitWeights()
    {
        var weighed = _plan.Terms.Where(term => term.IsWeighed).ToList();
        if (weighed.Count == 0)
        {
            return;
        }

        _writer.Line(weighed.Any(term => term.HasEvery) ? "// Weights at this step: a term that is evaluated on every n-th step counts n times." : "// Weights that rise, at this step.");
        foreach (var term in weighed)
        {
            var number = "numbers." + term.Property;
            var weight = term.IsGeometric
                ? $"step.GeometricRamp({number}Weight, {number}RampStart, {number}RampStartFrom, {number}RampFrom, {number}RampSteps)"
                : term.IsRamped ? $"{number}Weight * step.Ramp(global::Jigsaw.Ramp.{term.Ramp}, {number}RampFrom, {number}RampSteps)"
                : number + "Weight";
            _writer.Line($"{Var("double")} {term.WeightLocal} = {weight}{(term.HasEvery ? $" * {number}Every" : "")};");
        }

        _writer.Line();
    }

    private void EmitLogits(PlannedComputation computation)
    {
        var filter = _plan.Recipe.HasGradientFilter ? ", numbers.GradientFilter" : "";
        _writer.Line($"{Var(LogitTerms)} head = step.OnLogits(global::Jigsaw.CeTarget.{_plan.Recipe.CeTarget}{filter});");
        foreach (var term in computation.Terms)
        {
            var weighted = $"{PassType}.{term.Source}, {(IsMinus(term) ? "-" : "+")}{Weight(term)}";
            var head = "head" + Every(term);
            if (term.Term.Custom is { } custom)
            {
                var given = custom.Activations.Any(type => type.Pass == Pass.TeacherClean) ? "(rows, teacher)" : "rows";
                _writer.Line($"{head}.OfRows({Literal.Of(term.Term.Key)}, {weighted}, {MaskOf(term)}, {given} => {Call(custom)});");
            }
            else
            {
                _writer.Line($"{head}.{Kernel(term, weighted)};");
            }
        }

        var locals = computation.Terms.SelectMany(Locals).ToList();
        if (locals.Count <= MostDeconstructed)
        {
            _writer.Line($"{Deconstructed(locals.Prepend("logits"))} = head.Run();");
            return;
        }

        _writer.Line($"{Var(LogitTerms + "Value")} {computation.Local} = head.Run();");
        _writer.Line($"{Var(TermValue)} logits = {computation.Local}.Loss;");
        EmitIndexed(locals, computation.Local + ".Components");
    }

    private void EmitPair(PlannedComputation computation)
    {
        var pair = computation.First.Term.Definition!.Pair is { Count: > 0 } names
            ? $"{Step(computation.First)}.OnEmbeddings({string.Join(", ", names.Select(name => "step." + name))})"
            : $"{Step(computation.First)}.AtLayer({PassType}.{computation.First.Source})";
        var isOne = computation.Terms.Count == 1;
        EmitValues(computation, pair, [.. computation.Terms.Select(term => "." + Kernel(term)), isOne ? ".Value()" : ".Values()"], isOne);
    }

    private void EmitCustom(PlannedTerm term)
    {
        var key = Literal.Of(term.Term.Key);
        var stage = term.Source is { } pass ? $", {PassType}.{pass}" : "";
        _writer.Line($"{Var(TermValue)} {Identifier.Of(term.Local)} = {Step(term)}.Evaluates({key}{stage}) ? step.Custom({key}, {Call(term.Term.Custom!)}) : step.NotEvaluated;");
    }

    /// <summary>Declares what a chain of calls gives: on one line for one value, otherwise with a line for each call.</summary>
    private void EmitValues(PlannedComputation computation, string start, List<string> calls, bool isOne)
    {
        var locals = computation.Terms.SelectMany(Locals).ToList();
        var declared = isOne ? $"{Var(TermValue)} {locals[0]}"
            : locals.Count <= MostDeconstructed ? Deconstructed(locals)
            : $"{Var(RecipeEmitter.CompilerServices + ".TermValues")} {computation.Local}";
        if (isOne || calls.Count == 1)
        {
            _writer.Line($"{declared} = {start}{string.Concat(calls)};");
        }
        else
        {
            _writer.Line($"{declared} = {start}");
            using (_writer.Indent())
            {
                for (var i = 0; i < calls.Count; i++)
                {
                    _writer.Line(calls[i] + (i == calls.Count - 1 ? ";" : ""));
                }
            }
        }

        if (locals.Count > MostDeconstructed)
        {
            EmitIndexed(locals, computation.Local);
        }
    }

    private void EmitIndexed(List<string> locals, string values)
    {
        for (var i = 0; i < locals.Count; i++)
        {
            _writer.Line($"{Var(TermValue)} {locals[i]} = {values}[{Literal.OfInteger(i)}];");
        }
    }

    private void EmitComposite()
    {
        if (_plan.In(TermGroup.Logits).ToList() is { Count: > 0 } onLogits)
        {
            var sum = string.Join(" ", onLogits.Select((term, i) => $"{Sign(term, i == 0)}{Weight(term)} * {Identifier.Of(term.Local)}"));
            _writer.Line($"// logits = {sum}");
        }

        var parts = new List<string>();
        foreach (var sum in _plan.Sums)
        {
            var addends = Addends(sum);
            if (sum.Kind is not { } kind)
            {
                _writer.Line(Var(TermValue) + " composite = " + addends[0] + (addends.Count == 1 ? ";" : ""));
                using (_writer.Indent())
                {
                    for (var i = 1; i < addends.Count; i++)
                    {
                        _writer.Line(addends[i] + (i == addends.Count - 1 ? ";" : ""));
                    }
                }

                return;
            }

            var local = NameScope.Camel(kind.ToString());
            _writer.Line($"{Var(TermValue)} {local} = {string.Join(" ", addends)};");
            parts.Add((kind == TermKind.Similarity ? "(1 - numbers.Alpha) * " : "numbers.Alpha * ") + local);
        }

        _writer.Line($"{Var(TermValue)} composite = {string.Join(" + ", parts)};");
    }

    private static List<string> Addends(PlannedSum sum)
    {
        var addends = new List<string>();
        foreach (var term in sum.Terms)
        {
            if (term.Group != TermGroup.Logits)
            {
                addends.Add($"{Sign(term, addends.Count == 0)}{Weight(term)} * {Identifier.Of(term.Local)}");
            }
            else if (addends.Count == 0)
            {
                addends.Add("logits");
            }
        }

        return addends;
    }

    private static bool IsMinus(PlannedTerm term) => term.Term.Pull == TermPull.Maximized;

    private static string Sign(PlannedTerm term, bool isFirst) => isFirst ? (IsMinus(term) ? "-" : "") : IsMinus(term) ? "- " : "+ ";

    private static string Weight(PlannedTerm term) => term.IsWeighed ? term.WeightLocal : $"numbers.{term.Property}Weight";

    /// <summary>The step's activations, those of a step that leaves the term out where it is one.</summary>
    private static string Step(PlannedTerm term) => "step" + Every(term);

    private static string Every(PlannedTerm term) => term.HasEvery ? $".Every(numbers.{term.Property}Every)" : "";

    private static IEnumerable<string> Locals(PlannedTerm term) => term.Parts.Select(part => part.Local).Prepend(term.Local).Select(Identifier.Of);

    /// <summary>A call of a term's kernel.</summary>
    private static string Kernel(PlannedTerm term, params string[] first) =>
        $"{term.Term.Definition!.Kernel}({string.Join(", ", first.Concat(term.Inputs.Select(input => Input(term, input))))})";

    private static string Input(PlannedTerm term, PlannedInput input) => input.Kind switch
    {
        InputKind.Mask => MaskOf(term),
        InputKind.Activation => "step." + input.Name,
        InputKind.Structure => $"{NameScope.Camel(input.Name)}: {(term.Term.Argument(input.Name)!.Effective is 1 ? "true" : "false")}",
        _ => $"numbers.{term.Property}{input.Name}",
    };

    private static string MaskOf(PlannedTerm term) => string.Join(" & ", Planner.Masks(term.Mask).Select(mask => mask == TokenMask.Loss ? "lossMask" : $"step.{mask}Mask"));

    private string Call(CustomTermModel custom)
    {
        var method = custom.Class is { } shared ? $"{shared.Expression}.{Identifier.Of(custom.Method)}"
            : Planner.Locals.Contains(custom.Method) ? $"{QualifiedName}.{Identifier.Of(custom.Method)}"
            : Identifier.Of(custom.Method);
        return $"{method}({string.Join(", ", custom.Activations.Select(type => type.Expression))})";
    }

    private string QualifiedName =>
        "global::" + string.Join(".", _declaration.Namespace.Select(Identifier.Of).Concat(_declaration.Types.Select(type => Identifier.Of(type.Name) + RecipeEmitter.TypeParameters(type))));

    /// <summary>What declares a variable: <c>var</c>, except where a type has that name.</summary>
    private string Var(string type) => _declaration.HasTypeVar ? type : "var";

    private string Deconstructed(IEnumerable<string> names) => _declaration.HasTypeVar
        ? $"({string.Join(", ", names.Select(name => $"{TermValue} {name}"))})"
        : $"var ({string.Join(", ", names)})";
}
