using static TorchSharp.torch;

namespace Jigsaw.Losses;

/// <summary>
/// The tokens of a batch that count, as rows. With a packed mask only those rows are gathered; with a bare one all rows are kept, those
/// that don't count are replaced by zeros, and a weight of 0 keeps them out of every mean.
/// </summary>
internal readonly struct CountedRows
{
    private readonly RowMask _mask;
    private readonly ScalarType _type;
    private readonly bool _everyRow;

    internal CountedRows(RowMask mask, ScalarType type)
    {
        _mask = mask;
        _type = type;
        _everyRow = mask.Count == mask.Value.numel();
    }

    /// <summary>Rows of a (batch, sequence, features) tensor, shape (n, features), in the type of the reductions.</summary>
    internal Tensor Of(Tensor tokens)
    {
        var features = tokens.shape[^1];
        if (_everyRow)
        {
            return tokens.reshape(-1, features).to(_type);
        }

        if (_mask.Rows is { } rows)
        {
            return tokens.reshape(-1, features).index_select(0, rows).to(_type);
        }

        using var zero = zeros([], dtype: tokens.dtype, device: tokens.device);
        return where(_mask.Value.unsqueeze(-1), tokens, zero).reshape(-1, features).to(_type);
    }

    /// <summary>Mean of a value per row, shape (n), over the rows that count; 0 when none does.</summary>
    internal Tensor Mean(Tensor perRow)
    {
        if (_mask.Count is { } count)
        {
            return perRow.sum() / Math.Max(count, 1);
        }

        var weights = _mask.Value.reshape(-1).to(_type);
        return (perRow * weights).sum() / weights.sum().clamp_min(1);
    }

    /// <summary>1 when any row counts, else 0: shape (), bool.</summary>
    internal Tensor Any() => _mask.Value.any();
}
