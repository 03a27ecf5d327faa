using System.Reflection;
using Jigsaw.Batches;
using Jigsaw.CompilerServices;

namespace Jigsaw.Runtime.Tests.Recipes;

public sealed class TermDefinitionTests
{
    private static readonly Type[] _attributes = [.. typeof(LossTerm).GetNestedTypes().Where(type => typeof(WeightedTermAttribute).IsAssignableFrom(type))];

    public static TheoryData<string> Names => [.. _attributes.Select(type => type.Name)];

    [Fact]
    public void Orders_keys_and_parts_are_unique_to_their_terms()
    {
        var definitions = _attributes.Select(DefinitionOf).ToArray();

        Assert.Equal(_attributes.Length, definitions.Select(definition => definition.Order).Distinct().Count());
        var keys = definitions.SelectMany(definition => definition.Parts.Prepend(definition.Key)).ToArray();
        Assert.Equal(keys.Length, keys.Distinct().Count());
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_term_states_what_the_compiler_reads_of_it(string name)
    {
        var attribute = _attributes.Single(type => type.Name == name);
        var definition = DefinitionOf(attribute);

        Assert.NotEqual(TokenMask.None, definition.Mask);
        Assert.NotEmpty(definition.Notation);
        Assert.Equal(definition.Place == TermPlace.Embeddings, definition.Reads.Length > 0);
        Assert.True(definition.Pair.Length is 0 or 2);
        Assert.All(definition.Pair, member => Assert.NotNull(typeof(StepActivations).GetProperty(member)));
        Assert.All(definition.Reads.Where(read => read != "Mask"), read => Assert.NotNull(attribute.GetProperty(read) ?? typeof(StepActivations).GetProperty(read)));
        Assert.Equal(definition.Pull == TermPull.Maximized, typeof(MaximizedTermAttribute).IsAssignableFrom(attribute));

        // Under an alpha, what the loop over the vocabulary adds up is one value, and belongs to one of the two sums.
        Assert.True(definition.Kind == TermKind.Similarity || definition.Place == TermPlace.Embeddings);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_terms_kernel_takes_what_the_term_reads(string name)
    {
        var attribute = _attributes.Single(type => type.Name == name);
        var definition = DefinitionOf(attribute);
        var cap = definition.Pull == TermPull.Maximized ? ["MaxLoss", "ScalingFactor"] : Array.Empty<string>();
        string[] reads = [.. definition.Reads.DefaultIfEmpty("Mask"), .. cap];
        if (definition.Place is TermPlace.Logits or TermPlace.LayerOrLogits)
        {
            AssertTakes(typeof(LogitTerms), definition.Kernel, ["Pass", "Weight", .. reads]);
        }

        if (definition.Place != TermPlace.Logits)
        {
            AssertTakes(definition.Place == TermPlace.Embeddings && definition.Pair.Length == 0 ? typeof(EmbeddingTerms) : typeof(PairLoss), definition.Kernel, reads);
        }
    }

    private static void AssertTakes(Type owner, string kernel, string[] reads)
    {
        var parameters = owner.GetMethod(kernel)!.GetParameters();
        Assert.Equal(reads.Select(read => char.ToLowerInvariant(read[0]) + read[1..]), parameters.Take(reads.Length).Select(parameter => parameter.Name));
        Assert.All(parameters.Skip(reads.Length), parameter => Assert.True(parameter.IsOptional));
        Assert.Equal(typeof(RowMask), Assert.Single(parameters, parameter => parameter.Name == "mask").ParameterType);
    }

    private static LossTermDefinitionAttribute DefinitionOf(Type attribute) => attribute.GetCustomAttribute<LossTermDefinitionAttribute>()!;
}
