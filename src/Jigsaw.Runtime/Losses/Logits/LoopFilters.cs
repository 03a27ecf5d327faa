using Jigsaw.Losses.Filtering;
using TorchSharp;
using static TorchSharp.torch;

namespace Jigsaw.Losses.Logits;

/// <summary>The filters of one loop, one for each head.</summary>
internal sealed class LoopFilters : IDisposable
{
    private readonly Dictionary<Tensor, ColumnFilter> _filters = new(ReferenceEqualityComparer.Instance);
    private readonly LoopRows _rows;
    private readonly CeTarget _target;
    private readonly double _allowedError;
    private readonly FilterCalibrations _calibrations;
    private readonly GradientErrorMeasurement? _measurement;

    /// <summary>Prepares the filters.</summary>
    /// <param name="rows">The loop's rows.</param>
    /// <param name="target">What cross-entropies compare with.</param>
    /// <param name="allowedError">The allowed relative error of a gradient.</param>
    /// <param name="services">The state that outlives the loop. Without calibrations nothing is known, and every loop measures.</param>
    internal LoopFilters(LoopRows rows, CeTarget target, double allowedError, VocabularyLoop.Services services)
    {
        (_rows, _target, _allowedError, _measurement) = (rows, target, allowedError, services.Measurement);
        _calibrations = services.Calibrations ?? new FilterCalibrations();
    }

    /// <summary>How the gradients of a source's cross-entropies are multiplied; null to use all columns.</summary>
    /// <param name="pass">The source's pass.</param>
    /// <param name="table">Its head in the type of the products.</param>
    /// <param name="newBuffer">Makes a buffer of the gradient's size.</param>
    internal FilteredProduct? Of(Pass pass, Tensor table, Func<Tensor> newBuffer)
    {
        // Choosing columns would wait for a device, and float16 has its scales applied early.
        if (_rows.Device.type != DeviceType.CPU || _rows.Narrow == ScalarType.Float16 || !table.is_contiguous())
        {
            return null;
        }

        if (!_filters.TryGetValue(table, out var filter))
        {
            _filters.Add(table, filter = new ColumnFilter(table, _rows.Workspaces.Filter(_filters.Count)));
        }

        var calibration = _calibrations.Of(pass, _target, _allowedError);
        var (share, calibrates) = calibration.Next();
        return share > 0 ? new FilteredProduct(_rows, filter, calibration, share, calibrates, _target == CeTarget.Hard, _measurement, newBuffer) : null;
    }

    /// <summary>Frees the remains of chunks after an exception.</summary>
    public void Dispose()
    {
        foreach (var filter in _filters.Values)
        {
            filter.Dispose();
        }
    }
}
