using static TorchSharp.torch;

namespace Jigsaw.Models;

/// <summary>What all layers of one run share: rotations of the positions, and who sees whom.</summary>
internal sealed class AttentionInputs
{
    private readonly Dictionary<int, Tensor> _windowed = [];
    private readonly Tensor? _visible;
    private readonly Tensor _rowPositions;
    private readonly Tensor _columnPositions;

    private AttentionInputs(Tensor cosines, Tensor sines, Tensor? visible, Tensor rowPositions, Tensor columnPositions)
    {
        Cosines = cosines;
        Sines = sines;
        _visible = visible;
        _rowPositions = rowPositions;
        _columnPositions = columnPositions;
    }

    /// <summary>Shape (batch, 1, rows, head dim / 2).</summary>
    public Tensor Cosines { get; }

    /// <summary>Shape (batch, 1, rows, head dim / 2).</summary>
    public Tensor Sines { get; }

    /// <summary>Prepares a run over the rows that stand in the columns from <paramref name="start"/> on.</summary>
    /// <param name="mask">Real tokens of all columns so far, shape (batch, columns), bool.</param>
    /// <param name="start">The first column whose queries are computed; the columns before are in a cache.</param>
    /// <param name="whole">Whether the mask is known to be set everywhere.</param>
    /// <param name="frequencies">Rotary frequencies, shape (head dim / 2).</param>
    /// <param name="attentionFactor">Factor on cosines and sines.</param>
    /// <param name="dtype">The model's type.</param>
    public static AttentionInputs Create(Tensor mask, int start, bool whole, Tensor frequencies, double attentionFactor, ScalarType dtype)
    {
        var columns = mask.shape[1];
        var rows = columns - start;
        var angleType = frequencies.dtype;
        var positions = mask.cumsum(1).sub_(1).clamp_(min: 0).narrow(1, start, rows).to(angleType);
        var angles = positions.unsqueeze(1).unsqueeze(-1) * frequencies;
        var cosines = (angles.cos() * attentionFactor).to(dtype);
        var sines = (angles.sin() * attentionFactor).to(dtype);

        var columnPositions = arange(columns, dtype: ScalarType.Int64, device: mask.device).unsqueeze(0);
        var rowPositions = columnPositions.narrow(1, start, rows).transpose(0, 1);
        if (whole && start == 0)
        {
            return new AttentionInputs(cosines, sines, null, rowPositions, columnPositions);
        }

        // Every token sees itself, padding too: a row that sees nothing would be NaN.
        var visible = columnPositions.le(rowPositions).logical_and(mask.unsqueeze(1)).logical_or(columnPositions.eq(rowPositions)).unsqueeze(1);
        return new AttentionInputs(cosines, sines, visible, rowPositions, columnPositions);
    }

    /// <summary>Who sees whom in a layer, shape broadcastable to (batch, heads, rows, columns), bool; null: every token all before it and itself.</summary>
    public Tensor? Visible(int? window)
    {
        if (window is not { } width || width >= _columnPositions.shape[1])
        {
            return _visible;
        }

        if (!_windowed.TryGetValue(width, out var visible))
        {
            var near = _columnPositions.gt(_rowPositions - width);
            visible = _visible is { } seen ? seen.logical_and(near) : near.logical_and(_columnPositions.le(_rowPositions));
            _windowed.Add(width, visible);
        }

        return visible;
    }
}
