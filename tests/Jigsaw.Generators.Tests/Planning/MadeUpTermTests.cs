extern alias generators;

using generators::Jigsaw.CompilerServices;
using generators::Jigsaw.Planning;
using Jigsaw.Generators.Emission;
using Jigsaw.Generators.Gathering;

namespace Jigsaw.Generators.Tests.Planning;

/// <summary>Terms that there are not: what the planner and the emitter do follows from a definition alone.</summary>
public class MadeUpTermTests
{
    private static readonly string[] _arguments = ["DistillationLayer", "Alpha", "CeTarget", "GradientFilter", "Truncate"];

    [Fact]
    public void A_term_with_parts_is_deconstructed_into_them()
    {
        var file = Emitted(Term("Made", pair: [], reads: ["Clean", "Mask"], parts: ["first_part_loss", "second_part_loss"]));

        Assert.Contains("var (made, firstPart, secondPart) = step.OnEmbeddings().Made(step.Clean, step.NoiseMask);", file, StringComparison.Ordinal);
        Assert.Contains("components = new Components(made, firstPart, secondPart, composite);", file, StringComparison.Ordinal);
        Assert.Contains("this[\"second_part_loss\"]", file, StringComparison.Ordinal);
    }

    [Fact]
    public void A_term_with_more_parts_than_deconstruct_is_read_by_index()
    {
        var file = Emitted(Term("Made", pair: [], reads: ["Clean", "Mask"], parts: [.. Enumerable.Range(1, 8).Select(i => $"part{i}")]));

        Assert.Contains("var madeValues = step.OnEmbeddings().Made(step.Clean, step.NoiseMask);", file, StringComparison.Ordinal);
        Assert.Contains("var part8 = madeValues[8];", file, StringComparison.Ordinal);
    }

    [Fact]
    public void More_terms_on_a_pair_than_deconstruct_are_read_by_index()
    {
        var file = Emitted([.. Enumerable.Range(0, 9).Select(i => Term($"Made{i}", pair: ["Clean", "Stds"], reads: ["Mask"], parts: []))]);

        Assert.Contains("var made0Values = step.OnEmbeddings(step.Clean, step.Stds)\n", file, StringComparison.Ordinal);
        Assert.Contains(".Made8(step.NoiseMask)\n", file, StringComparison.Ordinal);
        Assert.Contains("var made8 = made0Values[8];", file, StringComparison.Ordinal);
    }

    private static string Emitted(params TermModel[] terms)
    {
        static ArgumentModel Argument(string name) => new(name, name, ArgumentKind.Double, NumericRule.None, IsStructure: true, double.NaN, null, null);
        var recipe = new RecipeModel("Shop", new EquatableArray<ArgumentModel>([.. _arguments.Select(Argument)]), new EquatableArray<TermModel>(terms));
        var declaration = new RecipeDeclaration(recipe, default, new EquatableArray<ContainerModel>([new ContainerModel("class", "Shop", default, IsPartial: true, IsFile: false)]), "Shop", default, IsNamed: true, null, HasRuntime: true, HidingType: null, HasTypeVar: false, IsTypeArgument: true, 1400);
        return RecipeEmitter.Emit(declaration, Planner.Plan(recipe));
    }

    private static TermModel Term(string name, string[] pair, string[] reads, string[] parts)
    {
        var definition = new TermDefinition(
            Order: 0,
            Key: SnakeCase.Of(name),
            TermPlace.Embeddings,
            Kernel: name,
            TermPull.Minimized,
            TermKind.Strength,
            TermPurpose.Shapes,
            Source: default,
            Mask: generators::Jigsaw.TokenMask.Noise,
            Pair: new EquatableArray<string>(pair),
            Reads: new EquatableArray<string>(reads),
            Parts: new EquatableArray<string>(parts),
            Notation: name);
        var weight = new ArgumentModel("Weight", definition.Key + "_weight", ArgumentKind.Double, NumericRule.Weight, IsStructure: false, double.NaN, null, null) { IsWritten = true, Value = 1 };
        return new TermModel(name, definition.Key, definition, null, new EquatableArray<ArgumentModel>([weight]));
    }
}
