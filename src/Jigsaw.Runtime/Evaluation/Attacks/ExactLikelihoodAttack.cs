using Jigsaw.Batches;
using Jigsaw.Models;
using Jigsaw.Tensors;
using Jigsaw.Transforms;
using static TorchSharp.torch;

namespace Jigsaw.Evaluation.Attacks;

/// <summary>
/// The attack that no other beats (level K4): the attacker owns the transform and the base model, so the density of x̃ is known,
/// ln p(w | x̃) = Σ_t [ln p(w_t | w_&lt;t) + ln N(x̃_t; x(w_t) + μ_t(w_≤t), diag σ_t(w_≤t)²)] + const, and it searches for the largest. Nothing is trained.
/// </summary>
/// <remarks>Source: Bayes' rule. μ and σ are causal, so the density factorizes along the prompt, and a beam search is exact up to what leaves the beam.</remarks>
public sealed partial class ExactLikelihoodAttack : IInversionAttack, IDisposable
{
    // Beyond it the whole vocabulary is too much for each place.
    private const long WholeVocabulary = 8192;
    private const int CandidatesOfMany = 512;

    private readonly ICausalLM _model;
    private readonly CodewordDensity _density;
    private readonly LanguagePrior _prior;
    private readonly int? _candidates;

    /// <summary>An attack on a transform.</summary>
    /// <param name="model">The base model that the transform was made for: the prior.</param>
    /// <param name="transform">The transform that the attacker owns, as it is now; a transform that is trained further needs a new attack.</param>
    /// <param name="beams">Hypotheses that the search keeps.</param>
    /// <param name="candidates">Tokens tried at each place: half of them by the prior, half by the density without context. Null tries the whole vocabulary, or 512 of one that has more than 8192 tokens.</param>
    /// <param name="precision">What the transform is computed in; sums are float64 in any case.</param>
    /// <exception cref="ArgumentException">The model's embeddings don't have the transform's width or vocabulary, or a number is below 1.</exception>
    public ExactLikelihoodAttack(ICausalLM model, StainedGlassTransform transform, int beams = 8, int? candidates = null, ScalarType precision = ScalarType.Float32)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(transform);
        ArgumentOutOfRangeException.ThrowIfLessThan(beams, 1);
        if (candidates is < 1)
        {
            throw new ArgumentOutOfRangeException(nameof(candidates), candidates, $"The attack tries {candidates} candidates for a token; use at least 1, or null for all.");
        }

        RequireMatch(model, transform);
        _model = model;
        _density = new CodewordDensity(transform, precision);
        _prior = new LanguagePrior(model);
        _candidates = Tried(_density.Vocabulary, candidates);
        Reader = new LikelihoodSearch(_prior, _density, beams, _candidates);
    }

    /// <inheritdoc/>
    public string Name => "exact likelihood attack";

    /// <inheritdoc/>
    public string Knowledge => "the transform and the base model";

    /// <summary>Tokens tried at each place; the vocabulary's size if all of them are.</summary>
    public long CandidateCount => _candidates ?? _density.Vocabulary;

    /// <summary>How many tokens are tried at each place; null if all are.</summary>
    internal static int? Tried(long vocabulary, int? asked)
    {
        var count = asked ?? (vocabulary > WholeVocabulary ? CandidatesOfMany : vocabulary);
        return count < vocabulary ? (int)count : null;
    }

    /// <summary>Throws if a transform is for another model.</summary>
    internal static void RequireMatch(ICausalLM model, StainedGlassTransform transform)
    {
        if (!model.EmbeddingTable.shape.AsSpan().SequenceEqual(transform.EmbeddingTable.shape))
        {
            throw new ArgumentException($"The transform is for an embedding table of shape ({string.Join(", ", transform.EmbeddingTable.shape)}), the model's is ({string.Join(", ", model.EmbeddingTable.shape)}); attack a transform with the model that it was made for.", nameof(transform));
        }
    }

    /// <summary>The search and the posterior, for one row.</summary>
    internal LikelihoodSearch Reader { get; }

    /// <inheritdoc/>
    /// <remarks>A row of x̃ that equals a row of the embedding table was not transformed: the attack reads it, and searches for the others.</remarks>
    public Tensor Recover(Tensor noisy, RowMask attentionMask, int candidates)
    {
        ArgumentNullException.ThrowIfNull(noisy);
        ArgumentNullException.ThrowIfNull(attentionMask);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(candidates, _density.Vocabulary);
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var table = _model.EmbeddingTable.to(noisy.dtype).to(ScalarType.Float32);
        var result = zeros([noisy.shape[0], noisy.shape[1], candidates], dtype: ScalarType.Int64);
        for (long row = 0; row < noisy.shape[0]; row++)
        {
            using var rowScope = NewDisposeScope();
            var real = attentionMask.Value[row].nonzero().squeeze(-1);
            var seen = noisy[row].index_select(0, real).to(ScalarType.Float32);
            var nearest = (seen.matmul(table.t()) - table.Squared().sum(1).mul_(Scalars.Of(0.5))).argmax(-1);
            var noise = table.index_select(0, nearest).ne(seen).any(1).cpu().data<bool>().ToArray();
            var plain = nearest.cpu().data<long>().ToArray();
            if (!Array.Exists(noise, transformed => transformed))
            {
                result[row].index_copy_(0, real.cpu(), nearest.cpu().unsqueeze(-1).expand(-1, candidates));
                continue;
            }

            var read = Reader.Search(plain, noise, seen).Best;
            var forced = Reader.Force(read, noise, seen, named: candidates);
            var rows = tensor(read, dtype: ScalarType.Int64).unsqueeze(-1).repeat(1, candidates);
            rows.index_copy_(0, tensor(forced.Places.Select(place => (long)place).ToArray()), forced.Top!);
            rows.select(1, 0).copy_(tensor(read, dtype: ScalarType.Int64));
            result[row].index_copy_(0, real.cpu(), rows);
        }

        return result.to(noisy.device).MoveToOuterDisposeScope();
    }

    /// <summary>Frees the attack's copy of the transform.</summary>
    public void Dispose() => _density.Dispose();
}
