using Jigsaw.Losses.Filtering;
using Jigsaw.Tensors;

namespace Jigsaw.Losses.Logits;

/// <summary>The buffers of the loop over the vocabulary, kept for the next loop.</summary>
internal sealed class LogitWorkspaces : IDisposable
{
    private readonly List<Workspace> _copies = [];
    private readonly List<FilterWorkspaces> _filters = [];
    private readonly Dictionary<int, (Workspace Logits, Workspace Shares)> _kept = [];

    /// <summary>A chunk of the teacher's logits, or of a source's logits if those overwrite them.</summary>
    public Workspace Teacher { get; } = new();

    /// <summary>A chunk of the teacher's distribution, if its logits are read too.</summary>
    public Workspace TeacherShares { get; } = new();

    /// <summary>A chunk of a source's logits.</summary>
    public Workspace Source { get; } = new();

    /// <summary>A chunk in the type of the products, if that is narrower.</summary>
    public Workspace Narrow { get; } = new();

    /// <summary>A block of rows.</summary>
    public Workspace Block { get; } = new();

    /// <summary>A copy of a source's logits for one of several computations.</summary>
    /// <param name="index">The computation's index among them.</param>
    public Workspace Copy(int index) => At(_copies, index);

    /// <summary>The buffers of a filter.</summary>
    /// <param name="index">The index of its head among those that are filtered.</param>
    public FilterWorkspaces Filter(int index) => At(_filters, index);

    /// <summary>A teacher's chunk that later stages of the step read.</summary>
    /// <param name="start">The chunk's first row.</param>
    public (Workspace Logits, Workspace Shares) Kept(int start)
    {
        if (!_kept.TryGetValue(start, out var kept))
        {
            _kept.Add(start, kept = (new Workspace(), new Workspace()));
        }

        return kept;
    }

    /// <summary>Frees all memory; the next loop allocates it again.</summary>
    public void Dispose()
    {
        foreach (var workspace in (IEnumerable<Workspace>)[Teacher, TeacherShares, Source, Narrow, Block, .. _copies, .. _kept.Values.SelectMany(kept => (Workspace[])[kept.Logits, kept.Shares])])
        {
            workspace.Dispose();
        }

        _filters.ForEach(filter => filter.Dispose());
        _kept.Clear();
    }

    private static T At<T>(List<T> all, int index)
        where T : new()
    {
        while (all.Count <= index)
        {
            all.Add(new T());
        }

        return all[index];
    }
}
