using Jigsaw.Tensors;

namespace Jigsaw.Losses.Logits;

/// <summary>
/// What the loop over the vocabulary computed from the teacher's logits, kept for the later stages of a step: the results are the same, and each costs a product.
/// Labels are always kept; distributions and logits, (rows · vocabulary) each, as long as they fit.
/// </summary>
/// <param name="bytes">How many bytes may be kept.</param>
internal sealed class TeacherTargets(long bytes) : IDisposable
{
    /// <summary>What a step keeps. If memory is scarce, the teacher's product is computed again for each pass that reads it.</summary>
    public const long StepBytes = 128L << 20;

    private readonly Dictionary<int, TeacherChunk> _chunks = [];
    private long _left = bytes;

    /// <summary>The rows of all stages, in one order.</summary>
    public RowOrder? Order { get; set; }

    /// <summary>True if a later stage will read them.</summary>
    public bool Keeps { get; set; } = true;

    public TeacherChunk? Find(int start) => _chunks.GetValueOrDefault(start);

    /// <summary>True if that many more bytes may be kept; if so, they are counted.</summary>
    public bool Fits(long more)
    {
        if (!Keeps || more > _left)
        {
            return false;
        }

        _left -= more;
        return true;
    }

    /// <summary>Takes ownership of a chunk.</summary>
    public void Keep(TeacherChunk chunk)
    {
        foreach (var tensor in chunk.Tensors)
        {
            tensor.DetachFromDisposeScope();
        }

        _chunks.Add(chunk.Start, chunk);
    }

    public void Dispose()
    {
        Order?.Dispose();
        foreach (var tensor in _chunks.Values.SelectMany(chunk => chunk.Tensors))
        {
            tensor.Dispose();
        }
    }
}
