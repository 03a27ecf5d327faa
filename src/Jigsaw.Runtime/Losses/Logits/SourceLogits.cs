using Jigsaw.Losses.Gradients;
using Jigsaw.Tensors;
using static TorchSharp.torch;

namespace Jigsaw.Losses.Logits;

/// <summary>One source of a loop over the vocabulary: its logits chunk by chunk, the computations on them, and the destination of their gradients.</summary>
internal sealed class SourceLogits
{
    private readonly LoopRows _rows;
    private readonly TeacherLogits _teacher;
    private readonly LogitSource _source;
    private readonly Tensor _hidden;
    private readonly Tensor _table;
    private readonly Tensor? _counts;
    private readonly LogitComputation[] _computations;

    // With a shared head the difference of logits is one product of the difference of hidden states: nothing cancels, and no difference gives exactly 0.
    private readonly bool _multipliesDifferences;
    private readonly HiddenGradient? _hiddenGradient;
    private readonly HeadGradients? _headGradients;
    private readonly FilteredProduct? _filter;
    private readonly int _start;
    private readonly int _length;

    internal SourceLogits(LoopRows rows, TeacherLogits teacher, LoopFilters? filters, LogitSource source, bool grad)
    {
        (_rows, _teacher, _source) = (rows, teacher, source);
        var pass = source.Terms[0].Pass;
        Index = rows.Passes.ToList().IndexOf(pass);
        _hidden = source.Hidden.detach().reshape(-1, source.Hidden.shape[^1]);
        _table = ReferenceEquals(source.Head.Weight, teacher.Head.Weight) ? teacher.Table : rows.Table(source.Head.Weight);
        (_start, _length) = rows.Order.Cover(Index, 0, rows.Order.Count);
        var isWhole = rows.Order.NeedsAll(Index, _start, _length);
        _counts = rows.Order.IsPacked && isWhole ? null : rows.Union([.. source.Terms.Select(term => term.Mask)]);

        // Differences last: they may overwrite the logits.
        _computations = [.. source.Terms.GroupBy(term => term.Term.Computation).OrderBy(terms => terms.First().Term.ReadsDifferences).Select(terms => new LogitComputation(rows, [.. terms], _start, _length, isWhole))];
        _multipliesDifferences = _computations[^1].Term.ReadsDifferences && ReferenceEquals(_table, teacher.Table) && ReferenceEquals(source.Head.Bias, teacher.Head.Bias);
        var (wantsHidden, wantsWeight, wantsBias) = (grad && source.Hidden.requires_grad, grad && source.Head.Weight.requires_grad, grad && source.Head.Bias is { requires_grad: true });
        _headGradients = wantsWeight || wantsBias ? new HeadGradients(rows, source.Head, _computations, wantsWeight, wantsBias) : null;
        if (!wantsHidden)
        {
            return;
        }

        Tensor NewBuffer() => _computations[0].Buffer(_hidden.shape[1], rows.Narrow, isWhole);
        if (_computations.Length > 1 && source.Terms.All(term => term.MaxLoss is null))
        {
            _hiddenGradient = new MergedHiddenGradient(rows, _table, _computations, NewBuffer());
            return;
        }

        // A trainable head reads all columns anyway.
        _filter = _headGradients is null && _computations.Any(computation => computation.Term.CanBeFiltered) ? filters?.Of(pass, _table, NewBuffer) : null;
        _hiddenGradient = new SeparateHiddenGradient(rows, _table, _computations, [.. _computations.Select(_ => NewBuffer())], _filter);
    }

    /// <summary>Its index among the passes in the rows' order.</summary>
    internal int Index { get; }

    private bool WantsGradient => _hiddenGradient is not null || _headGradients is not null;

    /// <summary>True if a term reads this source.</summary>
    internal bool Owns(WeightedLogitTerm term) => _source.Terms.Any(own => ReferenceEquals(own, term));

    /// <summary>Adds the rows from + [0, count) of the order, which lie in the teacher's chunk.</summary>
    internal void Add(TeacherChunk teacher, int from, int count)
    {
        using var scope = NewDisposeScope();
        var hidden = _rows.Chunk(_hidden, _counts, from, count);
        var product = _multipliesDifferences ? hidden.to(_rows.Wide) - _teacher.HiddenOf(from, count).to(_rows.Wide) : hidden;
        var logits = _rows.Product(_teacher.IsKept ? _rows.Workspaces.Source : _rows.Workspaces.Teacher, product, _table, _multipliesDifferences ? null : _source.Head.Bias);
        var gradients = new Tensor[_computations.Length];
        for (var i = 0; i < _computations.Length; i++)
        {
            gradients[i] = Input(logits, teacher, from, i);
            var filter = _computations[i].Term.CanBeFiltered ? _filter : null;
            filter?.Begin(count);
            _computations[i].Run(gradients[i], teacher, from, WantsGradient, filter is null ? null : (block, first) => filter.Observe(block, first, _counts?.narrow(0, from, count)));
        }

        _headGradients?.Add(gradients, hidden.to(_rows.Wide), from - _start);
        _hiddenGradient?.Add(gradients, from - _start);
    }

    /// <summary>The raw value of a term, capped where it has a cap: shape ().</summary>
    internal Tensor Component(WeightedLogitTerm term) => _computations.Single(computation => computation.Terms.Contains(term)).Component(term);

    /// <summary>Adds the gradients.</summary>
    internal void Finish(List<KnownGradient.Part> parts)
    {
        if (_hiddenGradient is not null)
        {
            var isAll = _start == 0 && _length == _rows.Order.Count && _rows.Order.Index is null;
            parts.Add(new KnownGradient.Part(
                _source.Hidden,
                _hiddenGradient.Finish().DetachFromDisposeScope(),
                1 / _rows.Unit,
                isAll ? null : _rows.Order.Index?.narrow(0, _start, _length) ?? arange(Scalars.Of(_start), Scalars.Of(_start + _length), Scalars.One, dtype: ScalarType.Int64, device: _rows.Device)));
        }

        _headGradients?.Finish(parts);
    }

    /// <summary>The input of a computation, in memory that it may overwrite: the last one gets the logits themselves.</summary>
    private Tensor Input(Tensor logits, TeacherChunk teacher, int from, int index)
    {
        var isDifference = _computations[index].Term.ReadsDifferences;
        var rows = index == _computations.Length - 1 ? logits : _rows.Take(_rows.Workspaces.Copy(index), (int)logits.shape[0]).copy_(logits);
        if (isDifference == _multipliesDifferences)
        {
            return rows;
        }

        var teacherRows = teacher.Logits!.narrow(0, from - teacher.Start, logits.shape[0]);
        return isDifference ? rows.sub_(teacherRows) : rows.add_(teacherRows, Scalars.One);
    }
}
