using Jigsaw.Batches;
using Jigsaw.Evaluation.Metrics;
using Jigsaw.Tensors;
using static TorchSharp.torch;

namespace Jigsaw.Evaluation.Attacks;

/// <summary>
/// An affine map from x̃ to the embedding table, fitted in closed form on known pairs (level K3): the attacker saw N transformed tokens whose text it knows, and takes the row
/// of the table that is nearest to the map's guess.
/// </summary>
internal sealed class RidgeAttack : IInversionAttack, IDisposable
{
    private const double HeldOutShare = 0.1;

    // Scores of tokens and rows of the table that are there at a time, 64 MiB in float64.
    private const long MostScores = 1 << 23;

    private static readonly double[] _penalties = [1e-4, 1e-2, 1, 100];

    private readonly Tensor _map;
    private readonly Tensor _table;

    private RidgeAttack(Tensor map, Tensor table, long pairs) => (_map, _table, Name) = (map, table, $"ridge, {pairs} pairs");

    public string Name { get; }

    public string Knowledge => "pairs of x̃ and tokens, and the embedding table";

    /// <summary>The map from x̃ and 1 to an embedding, shape (features + 1, features), float32.</summary>
    public Tensor Map => _map;

    /// <summary>Fits the map; its penalty is the one that reads most of a tenth of the pairs that it isn't fitted on.</summary>
    /// <param name="noisy">x̃, shape (pairs, features).</param>
    /// <param name="ids">Their tokens, shape (pairs), int64.</param>
    /// <param name="table">The embedding table.</param>
    public static RidgeAttack Fit(Tensor noisy, Tensor ids, Tensor table)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var (inputs, rows) = (WithOne(noisy.to(ScalarType.Float64)), table.to(ScalarType.Float64));
        var targets = rows.index_select(0, ids);
        var fitted = Math.Max(1, (long)(inputs.shape[0] * (1 - HeldOutShare)));
        var held = inputs.shape[0] - fitted;
        long Hits(Tensor some, Tensor truth)
        {
            using var block = NewDisposeScope();
            return NeighborCloseness.Of(some, rows, cosine: false).argmax(-1).eq(truth).sum().ReadInt64();
        }

        double Right(double penalty)
        {
            using var trial = NewDisposeScope();
            var guesses = inputs.narrow(0, fitted, held).matmul(Solve(inputs.narrow(0, 0, fitted), targets.narrow(0, 0, fitted), penalty));
            var size = Math.Max(1, MostScores / rows.shape[0]);
            return guesses.split(size).Zip(ids.narrow(0, fitted, held).split(size), Hits).Sum();
        }

        var best = held > 0 ? _penalties.MaxBy(Right) : _penalties[^1];
        return new RidgeAttack(Solve(inputs, targets, best).to(ScalarType.Float32).DetachFromDisposeScope(), table.to(ScalarType.Float32, copy: true).DetachFromDisposeScope(), noisy.shape[0]);
    }

    public Tensor Recover(Tensor noisy, RowMask attentionMask, int candidates)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var guesses = WithOne(noisy.to(ScalarType.Float32).flatten(0, 1)).matmul(_map);
        return NeighborCloseness.Of(guesses, _table, cosine: false).topk(candidates, -1).indexes.reshape(noisy.shape[0], noisy.shape[1], candidates).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        _map.Dispose();
        _table.Dispose();
    }

    private static Tensor WithOne(Tensor rows) => cat([rows, ones(rows.shape[0], 1, dtype: rows.dtype, device: rows.device)], 1);

    /// <summary>(AᵀA + λ·s·1)⁻¹AᵀB, with s the mean square of the inputs' columns, so that the penalty has no unit.</summary>
    private static Tensor Solve(Tensor inputs, Tensor targets, double penalty)
    {
        using var scope = NewDisposeScope();
        var squares = inputs.t().matmul(inputs);
        var ridge = eye(squares.shape[0], dtype: squares.dtype, device: squares.device) * Scalars.Of(penalty * squares.trace().ReadDouble() / squares.shape[0] / Math.Max(1, inputs.shape[0]));
        return linalg.solve(squares.Plus(ridge), inputs.t().matmul(targets)).MoveToOuterDisposeScope();
    }
}
