using Jigsaw.Losses.Filtering;
using Jigsaw.Tensors;
using static TorchSharp.torch;

namespace Jigsaw.Losses.Logits;

/// <summary>The products of one source's cross-entropy gradients with only the columns of the head that matter, and what is learned from them.</summary>
internal sealed class FilteredProduct
{
    private readonly LoopRows _rows;
    private readonly ColumnFilter _filter;
    private readonly FilterCalibration _calibration;
    private readonly GradientErrorMeasurement? _measurement;
    private readonly double _share;
    private readonly bool _calibrates;
    private readonly bool _isHard;
    private bool _isFiltered;

    /// <summary>Starts from what is known about the gradient.</summary>
    /// <param name="rows">The loop's rows.</param>
    /// <param name="filter">The filter of the head.</param>
    /// <param name="calibration">What is known about the gradient.</param>
    /// <param name="share">The share of the gradient's mass that may be left to the filter's estimate, above 0.</param>
    /// <param name="calibrates">True if this loop learns from the exact gradient and returns it.</param>
    /// <param name="isHard">True if targets are hard.</param>
    /// <param name="measurement">Takes the error of the gradient; null if it is not needed.</param>
    /// <param name="newBuffer">Makes a buffer of the gradient's size.</param>
    internal FilteredProduct(LoopRows rows, ColumnFilter filter, FilterCalibration calibration, double share, bool calibrates, bool isHard, GradientErrorMeasurement? measurement, Func<Tensor> newBuffer)
    {
        (_rows, _filter, _calibration, _share, _calibrates, _isHard, _measurement) = (rows, filter, calibration, share, calibrates, isHard, measurement);
        Exact = calibrates || measurement is not null ? newBuffer() : null;
    }

    /// <summary>The gradient without a filter, shape (rows, hidden), if its error is learned or measured; otherwise null.</summary>
    internal Tensor? Exact { get; }

    /// <summary>Begins a chunk.</summary>
    /// <param name="rows">How many rows it has.</param>
    internal void Begin(int rows) => _filter.Begin(rows, _rows.Wide);

    /// <summary>Observes a block of gradients.</summary>
    /// <param name="block">The block, whose rows are gradients now.</param>
    /// <param name="from">Its first row's position in the chunk.</param>
    /// <param name="counts">The chunk's rows that some term counts; null if all are.</param>
    internal void Observe(in LogitBlock block, int from, Tensor? counts)
    {
        var scales = block.Scales;
        _filter.Observe(block.Rows, counts is null ? scales : scales.masked_fill(counts.narrow(0, from, scales.shape[0]).eq(Scalars.Of(false)).unsqueeze(1), Scalars.Of(0)), block.Labels, from);
    }

    /// <summary>Writes the product of a chunk's gradient, whose blocks have been observed, without the estimate so far.</summary>
    /// <returns>False, with nothing written, if too many columns are needed.</returns>
    internal bool TryMultiply(Tensor gradient, Tensor product)
    {
        var multiplied = _filter.TryMultiply(gradient, _isHard, _share, product);
        _isFiltered |= multiplied;
        return multiplied;
    }

    /// <summary>Adds the estimates of all chunks.</summary>
    internal void Finish() => _filter.Finish();

    /// <summary>Learns the filter's error, and replaces the filtered gradient with the exact one if that was computed for this purpose.</summary>
    internal void Compare(Tensor gradient, Tensor exact)
    {
        if (_calibrates)
        {
            var own = new GradientErrorMeasurement();
            own.Add(gradient, exact);
            using var relative = own.Relative()!;
            using var error = relative.to(ScalarType.Float64);
            _calibration.Learn(_share, _isFiltered ? error.item<double>() : null);
            gradient.copy_(exact);
        }

        _measurement?.Add(gradient, exact);
    }
}
