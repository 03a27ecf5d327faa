using System.Reflection;
using Jigsaw.Batches;
using Jigsaw.Native;
using Jigsaw.Tokenization;

namespace Jigsaw.Architecture.Tests;

public sealed class LayerTests
{
    private static readonly Assembly _runtime = typeof(RowMask).Assembly;
    private static readonly Assembly _prompts = typeof(Tokenizer).Assembly;
    private static readonly Lazy<NamespaceGraph> _graph = new(() => NamespaceGraph.Of(_runtime, _prompts));

    [Fact]
    public void Namespaces_of_the_runtime_have_no_circles() => Assert.Equal("", string.Join(Environment.NewLine, _graph.Value.Circles()));

    [Fact]
    public void A_circle_is_found_with_its_reasons()
    {
        var graph = new NamespaceGraph();
        graph.Add("A", "B", "one uses two");
        graph.Add("B", "C", "two uses three");
        graph.Add("A", "D", "one uses four");
        Assert.Empty(graph.Circles());
        graph.Add("C", "A", "three uses one");
        Assert.Equal(["A → B: one uses two", "B → C: two uses three", "C → A: three uses one"], graph.Circles());
    }

    [Fact]
    public void Arrows_inside_methods_are_seen() =>
        Assert.Contains(_graph.Value.Uses("Jigsaw.Losses.Logits", target => target == "Jigsaw.Losses.Gradients"), use => use.EndsWith("VocabularyLoop uses KnownGradient", StringComparison.Ordinal));

    [Theory]
    [InlineData("Jigsaw.Losses", "Jigsaw.Models", "Jigsaw.Training", "Jigsaw.Steps", "Jigsaw.Transforms", "Jigsaw.Data", "Jigsaw.Tokenization", "Jigsaw.Evaluation")]
    [InlineData("Jigsaw.Passes", "Jigsaw.Losses", "Jigsaw.Models", "Jigsaw.Steps", "Jigsaw.Transforms", "Jigsaw.Training")]
    [InlineData("Jigsaw.Batches", "Jigsaw.Tensors", "Jigsaw.Passes", "Jigsaw.Losses", "Jigsaw.Models", "Jigsaw.Transforms", "Jigsaw.Tokenization")]
    [InlineData("Jigsaw.Tensors", "Jigsaw.Passes", "Jigsaw.Losses", "Jigsaw.Models", "Jigsaw.Checkpoints")]
    [InlineData("Jigsaw.Models", "Jigsaw.Losses", "Jigsaw.Steps", "Jigsaw.Training", "Jigsaw.Transforms", "Jigsaw.Tokenization")]
    [InlineData("Jigsaw.Tokenization", "Jigsaw.Models", "Jigsaw.Losses", "Jigsaw.Transforms", "Jigsaw.Training")]
    [InlineData("Jigsaw.Steps", "Jigsaw.Training", "Jigsaw.Evaluation", "Jigsaw.Data", "Jigsaw.Transforms")]
    public void A_layer_knows_nothing_of_those_above_it(string layer, params string[] above) =>
        Assert.Empty(_graph.Value.Namespaces.Where(name => IsIn(name, layer)).SelectMany(name => _graph.Value.Uses(name, target => above.Any(other => IsIn(target, other)))));

    [Fact]
    public void Nothing_uses_the_compatibility_layer() =>
        Assert.Empty(_graph.Value.Namespaces.Where(name => !IsIn(name, "Jigsaw.Compatibility")).SelectMany(name => _graph.Value.Uses(name, target => IsIn(target, "Jigsaw.Compatibility"))));

    [Fact]
    public void The_layers_that_the_rules_name_are_there()
    {
        // A rule about a namespace that was renamed would hold forever.
        string[] named = ["Jigsaw.Losses", "Jigsaw.Passes", "Jigsaw.Batches", "Jigsaw.Tensors", "Jigsaw.Models", "Jigsaw.Tokenization", "Jigsaw.Steps", "Jigsaw.Training", "Jigsaw.Transforms", "Jigsaw.Data", "Jigsaw.Evaluation", "Jigsaw.Checkpoints", "Jigsaw.Compatibility"];
        Assert.All(named, name => Assert.Contains(_graph.Value.Namespaces, other => IsIn(other, name)));
    }

    [Fact]
    public void Native_needs_nothing_of_the_project_and_nothing_needs_it()
    {
        var native = typeof(NativeBackend).Assembly;
        Assert.DoesNotContain(native.GetReferencedAssemblies(), name => name.Name!.StartsWith("Jigsaw", StringComparison.Ordinal) || name.Name == "TorchSharp");
        Assert.DoesNotContain(_runtime.GetReferencedAssemblies(), name => name.Name == native.GetName().Name);
    }

    [Fact]
    public void Prompts_need_no_libtorch() =>
        Assert.DoesNotContain(_prompts.GetReferencedAssemblies(), name => name.Name!.StartsWith("Jigsaw", StringComparison.Ordinal) || name.Name == "TorchSharp");

    [Fact]
    public void The_runtime_does_not_know_the_compiler() =>
        Assert.DoesNotContain(_runtime.GetReferencedAssemblies(), name => name.Name!.StartsWith("Microsoft.CodeAnalysis", StringComparison.Ordinal));

    private static bool IsIn(string name, string layer) => name == layer || name.StartsWith(layer + ".", StringComparison.Ordinal);
}
