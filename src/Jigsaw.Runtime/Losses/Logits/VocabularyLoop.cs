using Jigsaw.Batches;
using Jigsaw.Losses.Filtering;
using Jigsaw.Losses.Gradients;
using Jigsaw.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Jigsaw.Losses.Logits;

/// <summary>
/// The loop behind <see cref="LogitTerms"/>. Per chunk: one product for the teacher's logits, then for each source one product for its
/// logits, per-row values, and one product that takes the logits' gradient back to the hidden states. What a row's gradient is multiplied
/// by (weights, masks, caps, the softmax's denominator) is applied to the hidden gradient after the loop, when the caps are known.
/// </summary>
internal sealed class VocabularyLoop : IDisposable
{
    private const double NormEps = 1e-8;

    // Rows that a chain of element-wise operations works on at a time, so that a block stays in the cache between them.
    private const long BlockBytes = 2L << 20;

    private readonly LogitSource _teacher;
    private readonly IReadOnlyList<LogitSource> _sources;
    private readonly IReadOnlyList<VocabularyTerm> _terms;
    private readonly bool _soft;
    private readonly TeacherTargets? _targets;
    private readonly int[] _indexes;
    private readonly RowOrder _order;
    private readonly ScalarType _wide;
    private readonly ScalarType _narrow;
    private readonly Device _device;
    private readonly int _chunkRows;
    private readonly int _blockRows;
    private readonly Workspaces _memory;
    private readonly bool _ownsMemory;
    private readonly double _allowedError;
    private readonly GradientErrorMeasurement? _measurement;
    private readonly Dictionary<Tensor, ColumnFilter> _filters = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<RowMask, Tensor> _weights = [];
    private readonly Tensor _teacherHidden;
    private readonly Tensor _teacherTable;
    private readonly Tensor? _teacherCounts;
    private readonly double _unit;

    private VocabularyLoop(LogitSource teacher, IReadOnlyList<LogitSource> sources, IReadOnlyList<VocabularyTerm> terms, CeTarget target, VocabularyLoopOptions options, TeacherTargets? targets, Workspaces? memory, GradientErrorMeasurement? measurement)
    {
        _allowedError = options.GradientFilter;
        _measurement = measurement;
        _targets = targets;
        _ownsMemory = memory is null;
        _memory = memory ?? new Workspaces();
        _teacher = teacher;
        _sources = sources;
        _terms = terms;
        _soft = target == CeTarget.Soft;
        _device = teacher.Hidden.device;
        _wide = KernelArguments.AccumulationType([teacher.Hidden, teacher.Head.Weight, .. sources.SelectMany(source => (Tensor[])[source.Hidden, source.Head.Weight])]);
        _narrow = options.WideProducts || _wide == ScalarType.Float64 ? _wide : teacher.Head.Weight.dtype;
        var total = checked((int)(teacher.Hidden.shape[0] * teacher.Hidden.shape[1]));
        var passes = terms.Select(term => term.Pass).Distinct().ToArray();
        _indexes = [.. sources.Select(source => Array.IndexOf(passes, source.Terms[0].Pass))];
        _order = targets?.Order ?? RowOrder.Of([.. passes.Select(pass => (IReadOnlyList<RowMask>)[.. terms.Where(term => term.Pass == pass).Select(term => term.Mask)])], total, _device);
        if (targets is not null)
        {
            targets.Order = _order;
        }

        var vocabulary = teacher.Head.Weight.shape[0];
        _chunkRows = Math.Clamp(options.ChunkRows ?? RowsOf(options.WorkspaceBytes, vocabulary), 1, Math.Max(_order.Count, 1));
        _blockRows = (int)Math.Clamp(BlockBytes / (vocabulary * _wide.ElementSize()), 8, _chunkRows < 8 ? 8 : _chunkRows);
        _unit = Math.Pow(2, Math.Round(Math.Log2(Math.Max(_order.Count, 1))));
        _teacherHidden = Rows(teacher.Hidden.detach());
        _teacherTable = Table(teacher.Head.Weight);
        _teacherCounts = _order.IsPacked ? null : Union([.. terms.Select(term => term.Mask)]);
        foreach (var mask in terms.Select(term => term.Mask).Distinct())
        {
            _weights.Add(mask, InOrder(mask.Value).to(_wide));
        }
    }

    private bool NeedsDistances => _terms.Any(term => term.Kind is VocabularyTermKind.CosineDistance or VocabularyTermKind.NormalizedL2);

    private bool NeedsLogits => _terms.Any(term => term.ReadsTeacherLogits);

    // Of hard targets only the labels are kept, and the sources write over the teacher's logits.
    private bool KeepsTeacher => _soft || NeedsLogits;

    private bool NeedsCrossEntropy => _terms.Any(term => term.Kind == VocabularyTermKind.CrossEntropy);

    /// <summary>Computes all terms and attaches their gradients.</summary>
    /// <param name="teacher">The target of every term.</param>
    /// <param name="sources">Each pass that is read now, once.</param>
    /// <param name="terms">All terms in their order, those of passes that other stages read, too.</param>
    /// <param name="target">What cross-entropies compare with.</param>
    /// <param name="options">How the loop is run.</param>
    /// <param name="targets">What earlier stages of the step left of the teacher; null: all passes are read now.</param>
    /// <param name="memory">Where workspaces are kept for the next loop; null: they are freed.</param>
    /// <param name="measurement">Takes what the gradient filter made of the gradients, and what they are; null: nobody asks.</param>
    internal static LogitTermsValue Run(LogitSource teacher, IReadOnlyList<LogitSource> sources, IReadOnlyList<VocabularyTerm> terms, CeTarget target, VocabularyLoopOptions options, TeacherTargets? targets = null, Workspaces? memory = null, GradientErrorMeasurement? measurement = null)
    {
        KnownGradient.ThrowRefusal();
        Check(teacher, sources);
        using var scope = NewDisposeScope();
        var parts = new List<KnownGradient.Part>();
        Tensor value;
        Tensor[] components;
        var grad = is_grad_enabled();
        using (no_grad())
        using (var loop = new VocabularyLoop(teacher, sources, terms, target, options, targets, memory, measurement))
        {
            (value, components) = loop.Compute(grad, parts);
        }

        var loss = KnownGradient.Attach(value, parts);
        return new LogitTermsValue(loss.MoveToOuterDisposeScope(), [.. components.Select(component => component.MoveToOuterDisposeScope())]);
    }

    public void Dispose()
    {
        foreach (var filter in _filters.Values)
        {
            filter.Dispose();
        }

        if (_ownsMemory)
        {
            _memory.Dispose();
        }

        if (_targets is null)
        {
            _order.Dispose();
        }
    }

    private static int RowsOf(long bytes, long vocabulary) =>
        (int)Math.Clamp(bytes / (4 * vocabulary), 128, 1024) / 32 * 32;

    private static void Check(LogitSource teacher, IReadOnlyList<LogitSource> sources)
    {
        KernelArguments.RequireTokens(teacher.Hidden, "teacher.Hidden");
        var device = teacher.Hidden.device;
        foreach (var source in sources.Prepend(teacher))
        {
            KernelArguments.RequireTokens(source.Hidden, "hidden");
            KernelArguments.RequireDevice(device, source.Hidden, "hidden");
            KernelArguments.RequireFloating(source.Head.Weight, "head.Weight");
            KernelArguments.RequireDevice(device, source.Head.Weight, "head.Weight");
            var (hidden, weight) = (source.Hidden.shape, source.Head.Weight.shape);
            if (weight.Length != 2 || weight[1] != hidden[2])
            {
                throw new ArgumentException($"An LM head of shape ({string.Join(", ", weight)}) can't read hidden states of shape ({string.Join(", ", hidden)}); it needs (vocabulary, {hidden[2]}).", nameof(sources));
            }

            if (hidden[0] != teacher.Hidden.shape[0] || hidden[1] != teacher.Hidden.shape[1] || weight[0] != teacher.Head.Weight.shape[0])
            {
                throw new ArgumentException($"Hidden states of shape ({string.Join(", ", hidden)}) with {weight[0]} classes can't be compared with the teacher's ({string.Join(", ", teacher.Hidden.shape)}) with {teacher.Head.Weight.shape[0]}.", nameof(sources));
            }

            if (source.Head.Bias is { } bias)
            {
                KernelArguments.RequireDevice(device, bias, "head.Bias");
            }

            foreach (var term in source.Terms)
            {
                KernelArguments.RequireMask(device, term.Mask, hidden[0], hidden[1], "mask");
            }
        }
    }

    private (Tensor Value, Tensor[] Components) Compute(bool grad, List<KnownGradient.Part> parts)
    {
        var runs = _sources.Select((source, index) => new SourceRun(this, source, _indexes[index], grad)).ToArray();
        for (var start = 0; start < _order.Count; start += _chunkRows)
        {
            RunChunk(runs, start, Math.Min(_chunkRows, _order.Count - start));
        }

        var components = new Tensor[_terms.Count];
        Tensor? value = null;
        for (var i = 0; i < _terms.Count; i++)
        {
            var term = _terms[i];
            if (runs.FirstOrDefault(run => run.Owns(term)) is not { } owner)
            {
                components[i] = zeros([], dtype: _wide, device: _device);
                continue;
            }

            components[i] = owner.Component(term);
            var weighted = components[i] * term.Weight;
            value = value is null ? weighted : value + weighted;
        }

        foreach (var run in runs)
        {
            run.Finish(parts);
        }

        return (value!, components);
    }

    private void RunChunk(SourceRun[] runs, int start, int length)
    {
        using var scope = NewDisposeScope();
        var covers = runs.Select(run => (Run: run, Rows: _order.Cover(run.Index, start, length))).Where(cover => cover.Rows.Length > 0).ToArray();
        if (covers.Length == 0)
        {
            return;
        }

        var teacher = _targets?.Find(start) ?? Teacher(start, length);
        foreach (var (run, (from, count)) in covers)
        {
            run.Add(teacher, from, count);
        }
    }

    /// <summary>What the terms read of a chunk of the teacher's logits.</summary>
    private TeacherChunk Teacher(int start, int length)
    {
        if (!_terms.Any(term => term.ReadsTeacher))
        {
            return new TeacherChunk { Start = start };
        }

        var bytes = (KeepsTeacher ? 1L : 0) * (_soft && NeedsCrossEntropy && NeedsLogits ? 2 : 1) * length * _teacherTable.shape[0] * _wide.ElementSize();
        var keeps = _targets?.Fits(bytes) ?? false;
        var kept = keeps ? $" {start}" : "";
        var logits = Product("teacher" + kept, Chunk(_teacherHidden, _teacherCounts, start, length), _teacherTable, _teacher.Head.Bias);
        var teacher = new TeacherChunk { Start = start };
        teacher.Logits = NeedsLogits ? logits : null;
        teacher.Norms = NeedsDistances ? logits.norm(1, keepdim: true) : null;

        if (NeedsCrossEntropy && !_soft)
        {
            teacher.Labels = logits.max(1, keepdim: true).indexes;
        }
        else if (NeedsCrossEntropy)
        {
            var shares = teacher.Logits is null ? logits : Workspace("teacher shares" + kept, length).copy_(logits);
            teacher.Shares = shares;
            teacher.Sums = empty([length, 1], dtype: _wide, device: _device);
            foreach (var (from, count) in Blocks(length))
            {
                using var block = NewDisposeScope();
                var rows = shares.narrow(0, from, count);
                rows.sub_(rows.amax([1], keepdim: true)).exp_();
                teacher.Sums.narrow(0, from, count).copy_(rows.sum(1, keepdim: true));
            }
        }

        if (keeps)
        {
            _targets!.Keep(teacher);
        }

        return teacher;
    }

    private IEnumerable<(int From, int Count)> Blocks(int rows)
    {
        // A block of a tensor on another device saves nothing and costs launches.
        var size = _device.type == DeviceType.CPU ? _blockRows : Math.Max(rows, 1);
        for (var from = 0; from < rows; from += size)
        {
            yield return (from, Math.Min(size, rows - from));
        }
    }

    /// <summary>A chunk's logits in the wide type, in the workspace of that name.</summary>
    private Tensor Product(string name, Tensor hidden, Tensor table, Tensor? bias)
    {
        var length = (int)hidden.shape[0];
        var rows = hidden.to(_narrow);
        var narrow = _narrow == _wide;
        var logits = narrow ? Workspace(name, length) : Workspace("narrow", length, _narrow);
        using var transposed = table.t();
        if (bias is null)
        {
            logits.addmm_(rows, transposed, beta: 0, alpha: 1);
        }
        else
        {
            logits.copy_(bias.detach());
            logits.addmm_(rows, transposed, beta: 1, alpha: 1);
        }

        return narrow ? logits : Workspace(name, length).copy_(logits);
    }

    /// <summary>A chunk's hidden states.</summary>
    private Tensor Chunk(Tensor hidden, Tensor? counts, int start, int length)
    {
        var rows = _order.Index is { } index ? PackedRows.Gather(hidden, index.narrow(0, start, length)) : hidden.narrow(0, start, length);
        return counts is null ? rows : rows.masked_fill(counts.narrow(0, start, length).eq(false).unsqueeze(1), 0);
    }

    private Tensor Workspace(string name, int rows, ScalarType? type = null)
    {
        using var whole = _memory.Workspace(name, _chunkRows, _teacher.Head.Weight.shape[0], type ?? _wide, _device);
        return whole.narrow(0, 0, rows);
    }

    /// <summary>The filter of all sources with one head, contiguous as checkpoints have it; null for others.</summary>
    private ColumnFilter? FilterOf(Tensor table)
    {
        if (!table.is_contiguous())
        {
            return null;
        }

        if (!_filters.TryGetValue(table, out var filter))
        {
            _filters.Add(table, filter = new ColumnFilter(table, _memory, $"filter {_filters.Count}"));
        }

        return filter;
    }

    // Small tensors that come and go would scatter over the C library's heap, and make it grow.
    private Tensor? Block(int rows) =>
        _device.type == DeviceType.CPU ? _memory.Workspace("block", rows, _teacher.Head.Weight.shape[0], _wide, _device) : null;

    private static Tensor Rows(Tensor hidden) => hidden.reshape(-1, hidden.shape[^1]);

    private Tensor Table(Tensor weight) => weight.detach().to(_narrow);

    /// <summary>A mask in the rows' order, shape (count).</summary>
    private Tensor InOrder(Tensor mask) => _order.Index is { } index ? PackedRows.Gather(mask.reshape(-1), index) : mask.reshape(-1);

    private Tensor Union(IReadOnlyList<RowMask> masks)
    {
        var union = masks[0].Value;
        foreach (var mask in masks.Skip(1).Distinct())
        {
            union = ReferenceEquals(mask, masks[0]) ? union : union | mask.Value;
        }

        return InOrder(union);
    }

    /// <summary>What one kind of term, or one term of one's own, gathers over the rows of one source.</summary>
    private sealed class KindRun
    {
        internal required VocabularyTermKind Kind { get; init; }

        /// <summary>The one term that it gathers; null: all of the kind.</summary>
        internal VocabularyTerm? Own { get; init; }

        /// <summary>The value of each row, shape (rows).</summary>
        internal required Tensor Values { get; init; }

        /// <summary>What the row's gradient is still to be multiplied by, shape (rows, 1).</summary>
        internal required Tensor Scales { get; init; }

        /// <summary>The gradient with respect to the hidden states before that, shape (rows, hidden); null when nobody asks, or when kinds are merged.</summary>
        internal Tensor? Hidden { get; init; }

        /// <summary>The same without a filter, where its error is measured.</summary>
        internal Tensor? Exact { get; init; }

        internal bool Gathers(VocabularyTerm term) => Own is null ? term.Kind == Kind : ReferenceEquals(term, Own);
    }

    /// <summary>What a head that trains gathers: once for all terms without a cap, and for each with one, whose factor is known at the end.</summary>
    private sealed record HeadGradient(IReadOnlyList<VocabularyTerm> Terms, Tensor? Weight, Tensor? Bias);

    private sealed class SourceRun
    {
        private readonly VocabularyLoop _loop;
        private readonly LogitSource _source;
        private readonly Tensor _hidden;
        private readonly Tensor _table;
        private readonly Tensor? _counts;
        private readonly KindRun[] _kinds;
        private readonly Dictionary<VocabularyTerm, (Tensor Component, Tensor? Factor)> _results = [];
        private readonly Tensor? _merged;
        // Of a shared head the difference of logits is one product of the difference of hidden states: nothing cancels, and nothing remains of no difference.
        private readonly bool _differs;
        private readonly bool _wantsHidden;
        private readonly bool _wantsWeight;
        private readonly bool _wantsBias;
        private readonly List<HeadGradient> _headGradients = [];
        private readonly ColumnFilter? _filter;
        private readonly FilterCalibration? _calibration;
        private readonly double _share;
        private readonly bool _calibrates;
        private bool _isFiltered;
        private readonly int _start;
        private readonly int _length;

        internal SourceRun(VocabularyLoop loop, LogitSource source, int index, bool grad)
        {
            _loop = loop;
            _source = source;
            Index = index;
            _hidden = Rows(source.Hidden.detach());
            _table = ReferenceEquals(source.Head.Weight, loop._teacher.Head.Weight) ? loop._teacherTable : loop.Table(source.Head.Weight);
            _wantsHidden = grad && source.Hidden.requires_grad;
            _wantsWeight = grad && source.Head.Weight.requires_grad;
            _wantsBias = grad && source.Head.Bias is { requires_grad: true };
            (_start, _length) = loop._order.Cover(index, 0, loop._order.Count);
            var whole = loop._order.NeedsAll(index, _start, _length);
            _counts = loop._order.IsPacked && whole ? null : loop.Union([.. source.Terms.Select(term => term.Mask)]);
            var kinds = source.Terms.Select(term => (term.Kind, Own: term.Function is null ? null : term)).Distinct().OrderBy(kind => kind.Kind).ToArray();
            _differs = kinds.Any(kind => kind.Kind == VocabularyTermKind.NormalizedL2) && ReferenceEquals(_table, loop._teacherTable) && ReferenceEquals(source.Head.Bias, loop._teacher.Head.Bias);
            var merge = kinds.Length > 1 && source.Terms.All(term => term.MaxLoss is null);
            Tensor Buffer(long columns, ScalarType type) => whole ? empty([_length, columns], dtype: type, device: loop._device) : zeros([_length, columns], dtype: type, device: loop._device);
            Tensor HiddenBuffer() => Buffer(_hidden.shape[1], loop._narrow);
            _merged = merge && _wantsHidden ? HiddenBuffer() : null;
            // A head that trains reads all columns anyway, choosing them would wait for a device, and float16 has its scales applied early.
            _filter = loop._allowedError > 0 && _wantsHidden && !merge && !_wantsWeight && !_wantsBias && loop._device.type == DeviceType.CPU && loop._narrow != ScalarType.Float16
                ? loop.FilterOf(_table)
                : null;
            if (_filter is not null && kinds.Any(kind => kind.Kind == VocabularyTermKind.CrossEntropy))
            {
                _calibration = FilterCalibration.Of(source.Head.Weight, source.Terms[0].Pass, loop._soft ? CeTarget.Soft : CeTarget.Hard, loop._allowedError);
                (_share, _calibrates) = _calibration.Next();
            }

            _filter = _share > 0 ? _filter : null;
            _kinds = [.. kinds.Select(kind => new KindRun
            {
                Kind = kind.Kind,
                Own = kind.Own,
                Values = Buffer(1, loop._wide),
                Scales = Buffer(1, loop._wide),
                Hidden = _wantsHidden && !merge ? HiddenBuffer() : null,
                Exact = _filter is not null && (_calibrates || loop._measurement is not null) && kind.Kind == VocabularyTermKind.CrossEntropy ? HiddenBuffer() : null,
            })];
            if (_wantsWeight || _wantsBias)
            {
                foreach (var terms in source.Terms.GroupBy(term => term.MaxLoss is null ? null : term))
                {
                    _headGradients.Add(new HeadGradient(
                        [.. terms],
                        _wantsWeight ? zeros(_table.shape, dtype: loop._wide, device: loop._device) : null,
                        _wantsBias ? zeros([_table.shape[0]], dtype: loop._wide, device: loop._device) : null));
                }
            }
        }

        internal int Index { get; }

        private bool WantsGradient => _wantsHidden || _wantsWeight || _wantsBias;

        internal bool Owns(VocabularyTerm term) => _source.Terms.Any(own => ReferenceEquals(own, term));

        /// <summary>Adds rows [from, from + count) of the order, which lie in the teacher's chunk.</summary>
        internal void Add(TeacherChunk teacher, int from, int count)
        {
            using var scope = NewDisposeScope();
            var at = from - teacher.Start;
            var hidden = _loop.Chunk(_hidden, _counts, from, count);
            var difference = _differs && teacher.Logits is not null;
            if (difference)
            {
                hidden = hidden.to(_loop._wide) - _loop.Chunk(_loop._teacherHidden, _loop._teacherCounts, from, count).to(_loop._wide);
            }

            var logits = _loop.Product(_loop.KeepsTeacher ? "source" : "teacher", hidden, _table, difference ? null : _source.Head.Bias);
            var gradients = new Tensor?[_kinds.Length];
            Tensor Buffer(string name)
            {
                if (_kinds.Length == 1)
                {
                    return logits;
                }

                var copy = _loop.Workspace(name, count).copy_(logits);
                return difference ? copy.add_(teacher.Logits!.narrow(0, at, count)) : copy;
            }

            for (var i = 0; i < _kinds.Length; i++)
            {
                var kind = _kinds[i];
                var values = kind.Values.narrow(0, from - _start, count);
                var scales = kind.Scales.narrow(0, from - _start, count);
                gradients[i] = kind.Kind switch
                {
                    VocabularyTermKind.CrossEntropy => CrossEntropy(Buffer("cross-entropy"), teacher, at, values, scales, _counts?.narrow(0, from, count)),
                    VocabularyTermKind.CosineDistance => CosineDistance(Buffer("cosine"), teacher, at, values, scales),
                    VocabularyTermKind.OfRows => OfRows(kind.Own!, Buffer($"own {i}"), teacher, at, values, scales, from),
                    _ => NormalizedL2(difference ? logits : Buffer("distance").sub_(teacher.Logits!.narrow(0, at, count)), teacher, at, values, scales),
                };
            }

            if (WantsGradient)
            {
                Propagate(gradients!, from, count);
            }
        }

        /// <summary>The raw value of a term, capped where it has a cap: shape ().</summary>
        internal Tensor Component(VocabularyTerm term)
        {
            var values = _kinds.Single(kind => kind.Gathers(term)).Values.squeeze(1);
            var weights = _loop._weights[term.Mask].narrow(0, _start, _length);
            var counted = values.masked_fill(weights.eq(0), 0).sum();
            var mean = counted / weights.sum().clamp_min(1);
            Tensor? factor = null;
            if (term.MaxLoss is { } maxLoss)
            {
                // 1 − sigmoid(x) is sigmoid(−x), without the cancellation where the cap is reached.
                var scaled = mean * term.ScalingFactor;
                mean = scaled.sigmoid() * maxLoss;
                factor = scaled.sigmoid() * scaled.neg().sigmoid() * (maxLoss * term.ScalingFactor);
            }

            _results[term] = (mean, factor);
            return mean;
        }

        /// <summary>Scales what the loop gathered, and hands it over.</summary>
        internal void Finish(List<KnownGradient.Part> parts)
        {
            if (_wantsHidden)
            {
                _filter?.Finish();
                var gradient = _merged;
                if (gradient is null)
                {
                    foreach (var kind in _kinds)
                    {
                        var factors = RowFactors(kind, 0, _length, capped: true);
                        kind.Hidden!.mul_(factors);
                        if (kind.Exact is { } exact)
                        {
                            Compare(kind.Hidden, exact.mul_(factors));
                        }

                        gradient = gradient is null ? kind.Hidden : gradient.add_(kind.Hidden);
                    }
                }

                var whole = _start == 0 && _length == _loop._order.Count && _loop._order.Index is null;
                parts.Add(new KnownGradient.Part(
                    _source.Hidden,
                    gradient!.DetachFromDisposeScope(),
                    1 / _loop._unit,
                    whole ? null : _loop._order.Index?.narrow(0, _start, _length) ?? arange(_start, _start + _length, dtype: ScalarType.Int64, device: _loop._device)));
            }

            AddHeadGradient(parts, _wantsWeight ? _source.Head.Weight : null, gradients => gradients.Weight);
            AddHeadGradient(parts, _wantsBias ? _source.Head.Bias : null, gradients => gradients.Bias);
        }

        private void AddHeadGradient(List<KnownGradient.Part> parts, Tensor? input, Func<HeadGradient, Tensor?> choose)
        {
            if (input is null)
            {
                return;
            }

            Tensor? sum = null;
            foreach (var head in _headGradients)
            {
                var gradient = choose(head)!;
                if (_results[head.Terms[0]].Factor is { } factor)
                {
                    gradient.mul_(factor);
                }

                sum = sum is null ? gradient : sum.add_(gradient);
            }

            parts.Add(new KnownGradient.Part(input, sum!.DetachFromDisposeScope(), 1 / _loop._unit));
        }

        /// <summary>Takes the gradient with respect to a chunk's logits back to the hidden states, and to a head that trains.</summary>
        private void Propagate(Tensor[] gradients, int from, int count)
        {
            if (_wantsWeight || _wantsBias)
            {
                var hidden = _loop.Chunk(_hidden, _counts, from, count).to(_loop._wide);
                foreach (var head in _headGradients)
                {
                    foreach (var terms in head.Terms.GroupBy(term => Array.FindIndex(_kinds, kind => kind.Gathers(term))))
                    {
                        var factors = _kinds[terms.Key].Scales.narrow(0, from - _start, count) * terms.Select(term => TermFactors(term, from - _start, count)).Aggregate((sum, next) => sum + next);
                        head.Weight?.addmm_(gradients[terms.Key].t(), hidden * factors);
                        head.Bias?.addmv_(gradients[terms.Key].t(), factors.squeeze(1));
                    }
                }
            }

            if (!_wantsHidden)
            {
                return;
            }

            if (_merged is not null)
            {
                var sum = gradients[0].mul_(RowFactors(_kinds[0], from - _start, count, capped: false));
                for (var i = 1; i < gradients.Length; i++)
                {
                    sum.addcmul_(gradients[i], RowFactors(_kinds[i], from - _start, count, capped: false), 1);
                }

                Back(_merged, sum, from, count);
                return;
            }

            for (var i = 0; i < gradients.Length; i++)
            {
                if (_loop._narrow == ScalarType.Float16)
                {
                    // What is left for the end may be as large as the vocabulary, and float16 ends at 65504.
                    var scales = _kinds[i].Scales.narrow(0, from - _start, count);
                    gradients[i].mul_(scales);
                    scales.fill_(1);
                }

                var hidden = _kinds[i].Hidden!;
                if (_filter is null || _kinds[i].Kind != VocabularyTermKind.CrossEntropy)
                {
                    Back(hidden, gradients[i], from, count);
                    continue;
                }

                var exact = _kinds[i].Exact;
                if (exact is not null)
                {
                    Back(exact, gradients[i], from, count);
                }

                var rows = hidden.narrow(0, from - _start, count);
                if (_filter.TryMultiply(gradients[i], !_loop._soft, _share, rows))
                {
                    _isFiltered = true;
                }
                else if (exact is not null)
                {
                    rows.copy_(exact.narrow(0, from - _start, count));
                }
                else
                {
                    Back(hidden, gradients[i], from, count);
                }
            }
        }

        /// <summary>Learns how far the filter is off, and hands the exact gradient out where it was made for that.</summary>
        private void Compare(Tensor gradient, Tensor exact)
        {
            if (_calibrates)
            {
                var own = new GradientErrorMeasurement();
                own.Add(gradient, exact);
                using var relative = own.Relative()!;
                using var error = relative.to(ScalarType.Float64);
                _calibration!.Learn(_share, _isFiltered ? error.item<double>() : null);
                gradient.copy_(exact);
            }

            _loop._measurement?.Add(gradient, exact);
        }

        private void Back(Tensor hidden, Tensor gradient, int from, int count)
        {
            if (_loop._narrow != _loop._wide)
            {
                gradient = _loop.Workspace("narrow", count, _loop._narrow).copy_(gradient);
            }

            hidden.narrow(0, from - _start, count).addmm_(gradient, _table, beta: 0, alpha: 1);
        }

        /// <summary>What each row's gradient of one kind is multiplied by, times the unit: shape (count, 1).</summary>
        private Tensor RowFactors(KindRun kind, int from, int count, bool capped)
        {
            Tensor? sum = null;
            foreach (var term in _source.Terms.Where(kind.Gathers))
            {
                var factors = TermFactors(term, from, count);
                if (capped && _results[term].Factor is { } factor)
                {
                    factors = factors * factor;
                }

                sum = sum is null ? factors : sum + factors;
            }

            var rows = kind.Scales.narrow(0, from, count);
            return rows * sum!;
        }

        private Tensor TermFactors(VocabularyTerm term, int from, int count)
        {
            var weights = _loop._weights[term.Mask].narrow(0, _start, _length);
            return (weights.narrow(0, from, count) * (term.Weight * _loop._unit) / weights.sum().clamp_min(1)).unsqueeze(1);
        }

        /// <summary>Σ p_t·(lse − z), and in place of the logits exp(z − max) − Σ exp(z − max)·p_t, to be divided by the row's sum.</summary>
        private Tensor CrossEntropy(Tensor logits, TeacherChunk teacher, int at, Tensor values, Tensor scales, Tensor? counts)
        {
            _filter?.Begin((int)logits.shape[0], _loop._wide);
            foreach (var (from, count) in _loop.Blocks((int)logits.shape[0]))
            {
                using var scope = NewDisposeScope();
                var rows = logits.narrow(0, from, count);
                rows.sub_(rows.amax([1], keepdim: true));
                if (teacher.Labels is { } allLabels)
                {
                    var labels = allLabels.narrow(0, at + from, count);
                    var target = rows.gather(1, labels);
                    var sums = rows.exp_().sum(1, keepdim: true);
                    values.narrow(0, from, count).copy_(sums.log().sub_(target));
                    if (WantsGradient)
                    {
                        rows.scatter_add_(1, labels, sums.neg());
                        scales.narrow(0, from, count).copy_(sums.reciprocal_());
                    }
                }
                else
                {
                    var shares = teacher.Shares!.narrow(0, at + from, count);
                    var teacherSums = teacher.Sums!.narrow(0, at + from, count);
                    var product = RowProduct.Of(shares, rows, _loop.Block(count));
                    var sums = rows.exp_().sum(1, keepdim: true);
                    values.narrow(0, from, count).copy_(sums.log().sub_(product.div_(teacherSums)));
                    if (WantsGradient)
                    {
                        rows.addcmul_(shares, sums / teacherSums, -1);
                        scales.narrow(0, from, count).copy_(sums.reciprocal_());
                    }
                }

                if (_filter is not null)
                {
                    var weights = scales.narrow(0, from, count);
                    _filter.Observe(rows, counts is null ? weights : weights.masked_fill(counts.narrow(0, from, count).eq(false).unsqueeze(1), 0), teacher.Labels?.narrow(0, at + from, count), from);
                }
            }

            return logits;
        }

        /// <summary>1 − cos, and in place of the logits its gradient.</summary>
        private Tensor CosineDistance(Tensor logits, TeacherChunk teacher, int at, Tensor values, Tensor scales)
        {
            scales.fill_(1);
            foreach (var (from, count) in _loop.Blocks((int)logits.shape[0]))
            {
                using var scope = NewDisposeScope();
                var rows = logits.narrow(0, from, count);
                var targets = teacher.Logits!.narrow(0, at + from, count);
                var norms = rows.norm(1, keepdim: true);
                var clamped = norms.clamp_min(NormEps);
                var product = clamped * teacher.Norms!.narrow(0, at + from, count).clamp_min(NormEps);
                var cosine = RowProduct.Of(targets, rows, _loop.Block(count)).div_(product);
                values.narrow(0, from, count).copy_(1 - cosine);
                if (WantsGradient)
                {
                    var along = (cosine / (clamped * norms)).masked_fill_(norms.lt(NormEps), 0);
                    rows.mul_(along).addcmul_(targets, product.reciprocal_(), -1);
                }
            }

            return logits;
        }

        /// <summary>What a term of one's own says of each row, and in place of the logits its gradient.</summary>
        private Tensor OfRows(VocabularyTerm term, Tensor logits, TeacherChunk teacher, int at, Tensor values, Tensor scales, int start)
        {
            var function = term.Function!;
            foreach (var (from, count) in _loop.Blocks((int)logits.shape[0]))
            {
                using var scope = NewDisposeScope();
                var targets = function.ReadsTeacher ? teacher.Logits!.narrow(0, at + from, count) : null;
                function.Run(logits.narrow(0, from, count), targets, values.narrow(0, from, count), WantsGradient);
            }

            // Of rows that don't count, which may be zeros, its gradient can be anything.
            if (WantsGradient && term.Mask.Count != _length)
            {
                logits.masked_fill_(_loop._weights[term.Mask].narrow(0, start, logits.shape[0]).eq(0).unsqueeze(1), 0);
            }

            scales.fill_(1);
            return logits;
        }

        /// <summary>‖z − t‖ / max(‖t‖, eps); its gradient is z − t, to be divided by both norms.</summary>
        private static Tensor NormalizedL2(Tensor differences, TeacherChunk teacher, int at, Tensor values, Tensor scales)
        {
            var norms = differences.norm(1, keepdim: true);
            var target = teacher.Norms!.narrow(0, at, differences.shape[0]).clamp_min(NormEps);
            values.copy_(norms / target);
            scales.copy_(norms.mul(target).reciprocal_().masked_fill_(norms.eq(0), 0));
            return differences;
        }
    }
}
