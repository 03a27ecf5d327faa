using Jigsaw.Models.Configuration;
using Jigsaw.Tensors;
using static TorchSharp.torch;

namespace Jigsaw.Models.Decoder;

/// <summary>What all layers of one run share: rotations of the positions, and which tokens see which.</summary>
internal sealed class AttentionInputs : IDisposable
{
    private readonly Tensor _bias;
    private readonly Dictionary<int, Tensor> _windowed;

    private AttentionInputs(Tensor cosines, Tensor sines, Tensor bias, Dictionary<int, Tensor> windowed)
    {
        Cosines = cosines;
        Sines = sines;
        _bias = bias;
        _windowed = windowed;
    }

    /// <summary>Shape (batch, 1, rows, head dim / 2).</summary>
    public Tensor Cosines { get; }

    /// <summary>Shape (batch, 1, rows, head dim / 2).</summary>
    public Tensor Sines { get; }

    private IEnumerable<Tensor> All => [Cosines, Sines, _bias, .. _windowed.Values];

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

        // Every token sees itself, including padding: a row that sees nothing would be NaN.
        var columnPositions = arange(Scalars.Of(0), Scalars.Of(columns), Scalars.One, dtype: ScalarType.Int64, device: mask.device).unsqueeze(0);
        var rowPositions = columnPositions.narrow(1, start, rows).transpose(0, 1);
        var visible = columnPositions.le(rowPositions).bitwise_and(mask.unsqueeze(1)).bitwise_or(columnPositions.eq(rowPositions)).unsqueeze(1);
        var windowed = config.Windows.OfType<int>().Where(width => width < columns).Distinct()
            .ToDictionary(width => width, width => ScaledDotProduct.Bias(visible.bitwise_and(columnPositions.gt(rowPositions - Scalars.Of(width))), dtype));
        return new AttentionInputs(cosines, sines, ScaledDotProduct.Bias(visible, dtype), windowed);
    }

    /// <summary>The bias added to the scores of a layer, 0 where a row sees a column and −∞ where it doesn't: shape (batch, 1, rows, columns).</summary>
    public Tensor BiasOf(int? window) => window is { } width && _windowed.TryGetValue(width, out var bias) ? bias : _bias;

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
