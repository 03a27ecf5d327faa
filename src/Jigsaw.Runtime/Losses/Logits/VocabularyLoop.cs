using Jigsaw.Losses.Filtering;
using Jigsaw.Losses.Gradients;
using Jigsaw.Tensors;
using static TorchSharp.torch;

namespace Jigsaw.Losses.Logits;

/// <summary>
/// The loop behind <c>LogitTerms</c>. Per chunk: one product for the teacher's logits, then for each source one product for its
/// logits, each term's values per row, and one product that propagates the logits' gradient back to the hidden states. The factors of a row's
/// gradient (weights, masks, caps, what a term leaves to the end) are applied to the hidden gradient after the loop, when the caps are known.
/// </summary>
internal sealed class VocabularyLoop : IDisposable
{
    private readonly LoopRows _rows;
    private readonly TeacherLogits _teacher;
    private readonly IReadOnlyList<WeightedLogitTerm> _terms;
    private readonly LoopFilters? _filters;
    private readonly SourceLogits[] _sources;

    private VocabularyLoop(LogitSource teacher, IReadOnlyList<LogitSource> sources, IReadOnlyList<WeightedLogitTerm> terms, CeTarget target, VocabularyLoopOptions options, Services services, bool grad)
    {
        _terms = terms;
        _rows = new LoopRows(teacher, sources, terms, options, services);
        _teacher = new TeacherLogits(_rows, teacher, terms, target, services.Targets);
        _filters = options.GradientFilter > 0 ? new LoopFilters(_rows, target, options.GradientFilter, services) : null;
        _sources = [.. sources.Select(source => new SourceLogits(_rows, _teacher, _filters, source, grad))];
    }

    /// <summary>Computes all terms and attaches their gradients.</summary>
    /// <param name="teacher">The target of every term.</param>
    /// <param name="sources">Each pass that is read now, once.</param>
    /// <param name="terms">All terms in order, including those of passes that other stages read.</param>
    /// <param name="target">What cross-entropies compare with.</param>
    /// <param name="options">How the loop is run.</param>
    /// <param name="services">The state that outlives the loop.</param>
    internal static (Tensor Loss, IReadOnlyList<Tensor> Components) Run(LogitSource teacher, IReadOnlyList<LogitSource> sources, IReadOnlyList<WeightedLogitTerm> terms, CeTarget target, VocabularyLoopOptions options, Services services)
    {
        KnownGradient.ThrowRefusal();
        LogitSource.Check(teacher, sources);
        using var scope = NewDisposeScope();
        var parts = new List<KnownGradient.Part>();
        Tensor value;
        Tensor[] components;
        var grad = is_grad_enabled();
        using (no_grad())
        using (var loop = new VocabularyLoop(teacher, sources, terms, target, options, services, grad))
        {
            (value, components) = loop.Compute(parts);
        }

        var loss = KnownGradient.Attach(value, parts);
        return (loss.MoveToOuterDisposeScope(), [.. components.Select(component => component.MoveToOuterDisposeScope())]);
    }

    /// <summary>Frees what is not kept for the next loop.</summary>
    public void Dispose()
    {
        _filters?.Dispose();
        _rows.Dispose();
    }

    private (Tensor Value, Tensor[] Components) Compute(List<KnownGradient.Part> parts)
    {
        for (var start = 0; start < _rows.Order.Count; start += _rows.ChunkRows)
        {
            RunChunk(start, Math.Min(_rows.ChunkRows, _rows.Order.Count - start));
        }

        var components = new Tensor[_terms.Count];
        Tensor? value = null;
        for (var i = 0; i < _terms.Count; i++)
        {
            var term = _terms[i];
            if (_sources.FirstOrDefault(source => source.Owns(term)) is not { } owner)
            {
                components[i] = zeros([], dtype: _rows.Wide, device: _rows.Device);
                continue;
            }

            components[i] = owner.Component(term);
            var weighted = components[i] * Scalars.Of(term.Weight);
            value = value is null ? weighted : value.Plus(weighted);
        }

        foreach (var source in _sources)
        {
            source.Finish(parts);
        }

        return (value!, components);
    }

    private void RunChunk(int start, int length)
    {
        using var scope = NewDisposeScope();
        var covers = _sources.Select(source => (Source: source, Rows: _rows.Order.Cover(source.Index, start, length))).Where(cover => cover.Rows.Length > 0).ToArray();
        if (covers.Length == 0)
        {
            return;
        }

        var teacher = _teacher.Chunk(start, length);
        foreach (var (source, (from, count)) in covers)
        {
            source.Add(teacher, from, count);
        }
    }

    /// <summary>The state that outlives one loop.</summary>
    /// <param name="Targets">What earlier stages of the step computed for the teacher; null if all passes are read now.</param>
    /// <param name="Workspaces">The buffers that are kept for the next loop; null if they are freed.</param>
    /// <param name="Measurement">Takes the filtered and the exact gradients; null if not needed.</param>
    /// <param name="Calibrations">What the bound loss knows about its filter; null if nothing is.</param>
    internal sealed record Services(TeacherTargets? Targets = null, LogitWorkspaces? Workspaces = null, GradientErrorMeasurement? Measurement = null, FilterCalibrations? Calibrations = null);
}
