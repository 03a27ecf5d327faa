using Jigsaw.Passes;
using TorchSharp;
using static TorchSharp.torch;

namespace Jigsaw.Losses.Logits;

/// <summary>The teacher's side of a loop over the vocabulary: what the terms read from its logits, chunk by chunk.</summary>
internal sealed class TeacherLogits
{
    private readonly LoopRows _rows;
    private readonly LogitSource _source;
    private readonly TeacherTargets? _targets;
    private readonly TeacherReads _reads;
    private readonly bool _soft;
    private readonly Tensor _hidden;
    private readonly Tensor? _counts;

    internal TeacherLogits(LoopRows rows, LogitSource source, IReadOnlyList<WeightedLogitTerm> terms, CeTarget target, TeacherTargets? targets)
    {
        (_rows, _source, _targets) = (rows, source, targets);
        _soft = target == CeTarget.Soft;
        _reads = terms.Aggregate(TeacherReads.None, (all, term) => all | term.Term.Reads);
        _hidden = source.Hidden.detach().reshape(-1, source.Hidden.shape[^1]);
        Table = rows.Table(source.Head.Weight);
        _counts = rows.Order.IsPacked ? null : rows.Union([.. terms.Select(term => term.Mask)]);
    }

    /// <summary>The head in the type of the products.</summary>
    internal Tensor Table { get; }

    /// <summary>The head.</summary>
    internal LanguageModelHead Head => _source.Head;

    /// <summary>True if sources must not overwrite the teacher's logits; for hard targets only the labels are kept.</summary>
    internal bool IsKept => _reads.HasFlag(TeacherReads.Logits) || (_soft && _reads.HasFlag(TeacherReads.Targets));

    /// <summary>The teacher's hidden states of a range of rows.</summary>
    internal Tensor HiddenOf(int start, int length) => _rows.Chunk(_hidden, _counts, start, length);

    /// <summary>What the terms read from a chunk of the teacher's logits.</summary>
    internal TeacherChunk Chunk(int start, int length) => _targets?.Find(start) ?? Make(start, length);

    private TeacherChunk Make(int start, int length)
    {
        var chunk = new TeacherChunk { Start = start };
        if (_reads == TeacherReads.None)
        {
            return chunk;
        }

        var (readsLogits, readsTargets) = (_reads.HasFlag(TeacherReads.Logits), _reads.HasFlag(TeacherReads.Targets));
        var buffers = !IsKept ? 0 : _soft && readsTargets && readsLogits ? 2 : 1;
        var keeps = _targets?.Fits(buffers * length * _rows.Vocabulary * _rows.Wide.ElementSize()) ?? false;
        var kept = keeps && IsKept ? _rows.Workspaces.Kept(start) : (_rows.Workspaces.Teacher, _rows.Workspaces.TeacherShares);
        var logits = _rows.Product(kept.Item1, HiddenOf(start, length), Table, Head.Bias);
        chunk.Logits = readsLogits ? logits : null;
        chunk.Norms = _reads.HasFlag(TeacherReads.Norms) ? logits.norm(1, keepdim: true) : null;
        if (readsTargets && !_soft)
        {
            chunk.Labels = logits.max(1, keepdim: true).indexes;
        }
        else if (readsTargets)
        {
            chunk.Shares = readsLogits ? _rows.Take(kept.Item2, length).copy_(logits) : logits;
            chunk.Sums = empty([length, 1], dtype: _rows.Wide, device: _rows.Device);
            Exponentiate(chunk.Shares, chunk.Sums);
        }

        if (keeps)
        {
            _targets!.Keep(chunk);
        }

        return chunk;
    }

    private void Exponentiate(Tensor shares, Tensor sums)
    {
        foreach (var (from, count) in _rows.Blocks((int)shares.shape[0]))
        {
            using var block = NewDisposeScope();
            var rows = shares.narrow(0, from, count);
            rows.sub_(rows.amax([1], keepdim: true)).exp_();
            sums.narrow(0, from, count).copy_(rows.sum(1, keepdim: true));
        }
    }
}
