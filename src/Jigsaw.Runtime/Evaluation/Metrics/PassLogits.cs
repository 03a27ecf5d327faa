using static TorchSharp.torch;

namespace Jigsaw.Evaluation.Metrics;

/// <summary>The logits of the four passes at a block of rows. All tensors are on the model's device and belong to the block; each is computed once, when first asked for.</summary>
public sealed class PassLogits
{
    private readonly Func<Pass, Tensor> _project;
    private readonly Dictionary<(Pass Pass, string Kind), Tensor> _known = [];

    internal PassLogits(Tensor labels, Func<Pass, Tensor> project) => (Labels, _project) = (labels, project);

    /// <summary>The token that really follows each row, shape (rows), int64.</summary>
    public Tensor Labels { get; }

    /// <summary>Rows of the block.</summary>
    public long Count => Labels.shape[0];

    /// <summary>Logits, shape (rows, vocabulary), float32.</summary>
    /// <param name="pass">The pass.</param>
    public Tensor Logits(Pass pass) => Once(pass, nameof(Logits), () => _project(pass).to(ScalarType.Float32));

    /// <summary>Log-probabilities in nats, shape (rows, vocabulary), float32.</summary>
    /// <param name="pass">The pass.</param>
    public Tensor LogProbabilities(Pass pass) => Once(pass, nameof(LogProbabilities), () => nn.functional.log_softmax(Logits(pass), -1));

    /// <summary>The most likely next token, shape (rows), int64.</summary>
    /// <param name="pass">The pass.</param>
    public Tensor Predictions(Pass pass) => Once(pass, nameof(Predictions), () => Logits(pass).argmax(-1));

    internal void Free()
    {
        foreach (var tensor in _known.Values)
        {
            tensor.Dispose();
        }

        _known.Clear();
    }

    private Tensor Once(Pass pass, string kind, Func<Tensor> compute)
    {
        if (!_known.TryGetValue((pass, kind), out var tensor))
        {
            // A metric may ask inside a dispose scope of its own, which must not take what the next metric reads.
            using var scope = NewDisposeScope();
            tensor = compute().DetachFromDisposeScope();
            _known.Add((pass, kind), tensor);
        }

        return tensor;
    }
}
