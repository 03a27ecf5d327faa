using Jigsaw.Batches;
using Jigsaw.CompilerServices;
using Jigsaw.Losses;
using Jigsaw.Passes;
using static TorchSharp.torch;

namespace Jigsaw.Generators.Tests.Agreement;

/// <summary>What one step of very small models left: all four passes, with a layer and hidden states of each.</summary>
internal sealed class SmallStep
{
    private const int Batch = 4;
    private const int Sequence = 5;
    private const int Features = 6;
    private const int Vocabulary = 11;

    private readonly Tensor[] _leaves;

    /// <summary>Makes a step.</summary>
    /// <param name="at">Its number, on which weights and terms of some steps depend.</param>
    public SmallStep(long at = 0)
    {
        var generator = new Generator(17);
        Tensor Normal(params long[] size) => randn(size, generator: generator);
        RowMask Mask(double share) => RowMask.FromHost([.. rand([Batch * Sequence], generator: generator).data<float>().ToArray().Select(value => value < share)], Batch, Sequence, CPU);
        Tensor Leaf(Tensor value) => value.requires_grad_();
        LossMask = Mask(0.6);
        var (clean, means, stds, noisy) = (Leaf(Normal(Batch, Sequence, Features)), Leaf(Normal(Batch, Sequence, Features)), Leaf(Normal(Batch, Sequence, Features).exp()), Leaf(Normal(Batch, Sequence, Features)));
        var batch = new TransformedBatch
        {
            InputIds = zeros([Batch, Sequence], dtype: ScalarType.Int64),
            AttentionMask = Mask(0.9),
            NoiseMask = Mask(0.7),
            Clean = clean,
            Noisy = noisy,
            Means = means,
            Stds = stds,
            StdMax = 2,
            MedianNorm = 1.5,
        };
        var head = new LanguageModelHead(Normal(Vocabulary, Features));
        var hidden = Enumerable.Range(0, 4).Select(_ => Leaf(Normal(Batch, Sequence, Features))).ToArray();
        var layers = Enumerable.Range(0, 4).Select(_ => Leaf(Normal(Batch, Sequence, Features))).ToArray();
        var passes = typeof(PassActivations).GetConstructors()[0].GetParameters()[0].ParameterType.GetEnumValues();
        Activations = new StepActivations(batch, Enumerable.Range(0, 4).Select(i => (PassActivations)Activator.CreateInstance(typeof(PassActivations), passes.GetValue(i), hidden[i], layers[i], head)!)) { Step = at };
        _leaves = [clean, means, stds, noisy, .. hidden, .. layers];
    }

    public StepActivations Activations { get; }

    public RowMask LossMask { get; }

    /// <summary>Runs a loss, and returns its bits: components by key, and the gradient of everything that can have one.</summary>
    public IReadOnlyDictionary<string, byte[]> Run(Func<StepActivations, RowMask, (Tensor Loss, ComponentLosses Components)> compute)
    {
        using var scope = NewDisposeScope();
        foreach (var leaf in _leaves)
        {
            // Not zeroed: 0 + −0 is 0, so a first gradient and a later one could differ in a sign.
            leaf.grad = null;
        }

        var (loss, components) = compute(Activations, LossMask);
        loss.backward();
        var bits = components.ToDictionary(component => component.Key, component => Bytes(component.Value));
        bits.Add("order", System.Text.Encoding.UTF8.GetBytes(string.Join(' ', components.Keys)));
        bits.Add("loss", Bytes(loss));
        for (var i = 0; i < _leaves.Length; i++)
        {
            bits.Add($"gradient {i}", _leaves[i].grad is { } gradient ? Bytes(gradient) : []);
        }

        return bits;
    }

    private static byte[] Bytes(Tensor tensor) => tensor.detach().contiguous().bytes.ToArray();
}
