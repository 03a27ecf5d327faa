using Jigsaw.Tensors;
using Jigsaw.Transforms;
using static TorchSharp.torch;

namespace Jigsaw.Evaluation.Attacks;

/// <summary>
/// What an attacker believes who doesn't know the transform (BeamClean, level K1): noise that doesn't depend on the token, N(x̃; e(v) + b, σ²) with the embedding table's row
/// e(v), and b and σ one number each or one for each feature.
/// </summary>
/// <remarks>Source: Kale et al., BeamClean: Language Aware Embedding Reconstruction; the deviation for each feature is ours, and so is fitting by expectation–maximization, which climbs the same likelihood.</remarks>
internal sealed class SurrogateDensity : ITokenDensity, IDisposable
{
    private const double Tolerance = 2e-4;
    private const int Patience = 2;
    private const int MostRounds = 15;

    private readonly Tensor _table;
    private readonly bool _byFeature;
    private Tensor _shift;
    private Tensor _stds;

    /// <summary>A belief to begin with.</summary>
    /// <param name="table">The embedding table.</param>
    /// <param name="stds">σ, shape (features).</param>
    /// <param name="byFeature">True to fit each feature, false to fit one σ and one b.</param>
    public SurrogateDensity(Tensor table, Tensor stds, bool byFeature)
    {
        using var scope = NewDisposeScope();
        _table = table.to(ScalarType.Float32, copy: true).DetachFromDisposeScope();
        _byFeature = byFeature;
        _shift = zeros_like(stds).DetachFromDisposeScope();
        _stds = stds.to(ScalarType.Float32, copy: true).DetachFromDisposeScope();
    }

    public long Vocabulary => _table.shape[0];

    /// <summary>Rounds of the fit so far.</summary>
    public int Rounds { get; private set; }

    public Tensor LogDensities(ReadOnlySpan<long> prefix, Tensor? candidates, Tensor observed, int draws)
    {
        using var scope = NewDisposeScope();
        var rows = candidates is null ? _table : _table.index_select(0, candidates);
        return CodewordDensity.LogDensity(observed, rows.Plus(_shift), _stds, draws).MoveToOuterDisposeScope();
    }

    public Tensor LogDensities(Tensor observed, int draws) => LogDensities([], null, observed, draws);

    /// <summary>Fits b and σ to x̃ alone: reads the prompts, weighs all tokens at each place of what it read, and takes the moments, until the likelihood is flat.</summary>
    /// <param name="prior">The language model.</param>
    /// <param name="rows">Prompts: tokens of which only plain ones are read, which were transformed, and x̃.</param>
    /// <param name="beams">Hypotheses of the reading.</param>
    /// <param name="draws">How many draws x̃ is the mean of.</param>
    /// <param name="cancellation">Stops between two prompts.</param>
    public void Fit(LanguagePrior prior, IReadOnlyList<(long[] Row, bool[] Noise, Tensor Noisy)> rows, int beams, int draws, CancellationToken cancellation)
    {
        using var noGrad = no_grad();
        var search = new LikelihoodSearch(prior, this, beams, candidates: null);
        var (before, flat) = (double.NegativeInfinity, 0);
        for (Rounds = 0; Rounds < MostRounds && flat < Patience; Rounds++)
        {
            using var scope = NewDisposeScope();
            var (likelihood, count) = (0.0, 0L);
            var sum = zeros(_table.shape[1], dtype: ScalarType.Float64, device: _table.device);
            var squares = zeros_like(sum);
            foreach (var (row, noise, noisy) in rows)
            {
                cancellation.ThrowIfCancellationRequested();
                using var rowScope = NewDisposeScope();
                var read = search.Search(row, noise, noisy, draws, cancellation).Best;
                var likely = prior.Before(read, LikelihoodSearch.Places(noise));
                foreach (var (t, expected) in LikelihoodSearch.Places(noise).Zip(likely))
                {
                    using var tokenScope = NewDisposeScope();
                    var scores = expected.Plus(LogDensities(noisy[t], draws));
                    likelihood += scores.logsumexp(-1).ReadDouble();
                    var weights = scores.softmax(-1).to(ScalarType.Float32);
                    var (mean, square) = (weights.matmul(_table), weights.matmul(_table.Squared()));
                    sum.add_((noisy[t] - mean).to(ScalarType.Float64), Scalars.One);
                    squares.add_((noisy[t].Squared() - (noisy[t] * mean * Scalars.Of(2))).Plus(square).to(ScalarType.Float64), Scalars.One);
                    count++;
                }
            }

            if (!_byFeature)
            {
                (sum, squares) = (sum.mean().expand_as(sum), squares.mean().expand_as(squares));
            }

            var shift = sum / Scalars.Of(count);

            // x̃ is the mean of n draws: the deviation of one is √n times as large.
            Replace(ref _shift, shift);
            Replace(ref _stds, ((squares / Scalars.Of(count)) - shift.Squared()).clamp(min: Scalars.Of(1e-12)).sqrt() * Scalars.Of(Math.Sqrt(draws)));
            flat = likelihood - before < Tolerance * Math.Abs(likelihood) ? flat + 1 : 0;
            before = likelihood;
        }
    }

    public void Dispose()
    {
        _table.Dispose();
        _shift.Dispose();
        _stds.Dispose();
    }

    private static void Replace(ref Tensor field, Tensor value)
    {
        field.Dispose();
        field = value.to(ScalarType.Float32, copy: true).DetachFromDisposeScope();
    }
}
