using Jigsaw.Models.Configuration;
using Jigsaw.Tensors;
using static TorchSharp.torch;

namespace Jigsaw.Models.Decoder;

/// <summary>What all layers of one run share: rotations of the positions, and which tokens see which.</summary>
internal sealed class AttentionInputs : IDisposable
{
    private readonly Tensor? _bias;
    private readonly Dictionary<int, Tensor> _windowed = [];
    private readonly Tensor? _mask;
    private readonly Dictionary<(int? Window, long Row), Tensor> _blocks = [];
    private readonly ScalarType _dtype;

    private AttentionInputs(Tensor cosines, Tensor sines, Tensor bias, Dictionary<int, Tensor> windowed)
    {
        (Cosines, Sines, _bias, _windowed) = (cosines, sines, bias, windowed);
    }

    private AttentionInputs(Tensor cosines, Tensor sines, Tensor mask, ScalarType dtype)
    {
        (Cosines, Sines, _mask, _dtype) = (cosines, sines, mask, dtype);
    }

    /// <summary>True if the sequence is so long that attention goes block by block, and there is no bias of all rows.</summary>
    public bool IsInBlocks => _mask is not null;

    /// <summary>Shape (batch, 1, rows, head dim / 2).</summary>
    public Tensor Cosines { get; }

    /// <summary>Shape (batch, 1, rows, head dim / 2).</summary>
    public Tensor Sines { get; }

    private IEnumerable<Tensor> All => new[] { Cosines, Sines, _bias, _mask }.OfType<Tensor>().Concat(_windowed.Values).Concat(_blocks.Values);

    /// <summary>Prepares a run over the rows in the columns from <paramref name="start"/> on.</summary>
    /// <param name="mask">Real tokens of all columns so far, shape (batch, columns), bool.</param>
    /// <param name="start">The first column whose queries are computed; the columns before are in a cache.</param>
    /// <param name="config">The model's configuration.</param>
    /// <param name="frequencies">Its rotary frequencies, shape (head dim / 2).</param>
    /// <param name="dtype">The model's type.</param>
    public static AttentionInputs Create(Tensor mask, int start, CausalLMConfig config, Tensor frequencies, ScalarType dtype)
    {
        var columns = mask.shape[1];
        var rows = columns - start;
        var positions = mask.cumsum(1).sub_(Scalars.Of(1)).clamp_(min: Scalars.Of(0)).narrow(1, start, rows).to(frequencies.dtype);
        var angles = positions.unsqueeze(1).unsqueeze(-1) * frequencies;
        var cosines = (angles.cos() * Scalars.Of(config.Rope.AttentionFactor)).to(dtype);
        var sines = (angles.sin() * Scalars.Of(config.Rope.AttentionFactor)).to(dtype);

        if (AttentionBlock.IsLong(rows, columns))
        {
            var inputs = new AttentionInputs(cosines, sines, mask.alias(), dtype);
            if (is_grad_enabled())
            {
                inputs.KeepBlocks(config, rows);
            }

            return inputs;
        }

        // Every token sees itself, including padding: a row that sees nothing would be NaN.
        var columnPositions = arange(Scalars.Of(0), Scalars.Of(columns), Scalars.One, dtype: ScalarType.Int64, device: mask.device).unsqueeze(0);
        var rowPositions = columnPositions.narrow(1, start, rows).transpose(0, 1);
        var visible = columnPositions.le(rowPositions).bitwise_and(mask.unsqueeze(1)).bitwise_or(columnPositions.eq(rowPositions)).unsqueeze(1);
        var windowed = config.Windows.OfType<int>().Where(width => width < columns).Distinct()
            .ToDictionary(width => width, width => ScaledDotProduct.Bias(visible.bitwise_and(columnPositions.gt(rowPositions - Scalars.Of(width))), dtype));
        return new AttentionInputs(cosines, sines, ScaledDotProduct.Bias(visible, dtype), windowed);
    }

    /// <summary>The bias added to the scores of a layer, 0 where a row sees a column and −∞ where it doesn't: shape (batch, 1, rows, columns).</summary>
    /// <exception cref="InvalidOperationException">Attention goes block by block.</exception>
    public Tensor BiasOf(int? window) => window is { } width && _windowed.TryGetValue(width, out var bias) ? bias : _bias ?? throw new InvalidOperationException("Attention over this many columns goes block by block, and has no bias of all rows.");

    /// <summary>The blocks of a layer's attention, each with its bias, which is freed when the next one is taken unless a graph needs it.</summary>
    /// <param name="window">The layer's sliding window; null for none.</param>
    public IEnumerable<(AttentionBlock Block, Tensor Bias)> Blocks(int? window)
    {
        foreach (var block in AttentionBlock.Of(Cosines.shape[2], _mask!.shape[1], window))
        {
            if (_blocks.TryGetValue((window, block.Row), out var kept))
            {
                yield return (block, kept);
                continue;
            }

            using var bias = block.Bias(_mask, window, _dtype);
            yield return (block, bias);
        }
    }

    /// <summary>Makes the biases once for all layers: a graph would keep those of each.</summary>
    private void KeepBlocks(CausalLMConfig config, long rows)
    {
        foreach (var window in config.Windows.Distinct())
        {
            foreach (var block in AttentionBlock.Of(rows, _mask!.shape[1], window))
            {
                _blocks.Add((window, block.Row), block.Bias(_mask, window, _dtype));
            }
        }
    }

    /// <summary>Detaches the tensors from the caller's dispose scope.</summary>
    public AttentionInputs Keep()
    {
        foreach (var tensor in All)
        {
            tensor.DetachFromDisposeScope();
        }

        return this;
    }

    /// <summary>Frees the tensors.</summary>
    public void Dispose()
    {
        foreach (var tensor in All)
        {
            tensor.Dispose();
        }
    }
}
