using Jigsaw.Tensors;
using static TorchSharp.torch;

namespace Jigsaw.Losses.Logits;

/// <summary>
/// What the loop over the vocabulary made of the teacher's logits, kept for the later stages of a step: they are the same, and a product each.
/// Labels are always kept; distributions and logits, (rows · vocabulary) each, as long as they fit.
/// </summary>
/// <param name="bytes">How many bytes may be kept.</param>
internal sealed class TeacherTargets(long bytes) : IDisposable
{
    private readonly Dictionary<int, TeacherChunk> _chunks = [];
    private long _left = bytes;

    /// <summary>The rows of all stages, in one order.</summary>
    public RowOrder? Order { get; set; }

    /// <summary>Whether a later stage will ask.</summary>
    public bool Keeps { get; set; } = true;

    public TeacherChunk? Find(int start) => _chunks.GetValueOrDefault(start);

    /// <summary>Whether so many bytes more may be kept; if so, they are counted.</summary>
    public bool Fits(long more)
    {
        if (!Keeps || more > _left)
        {
            return false;
        }

        _left -= more;
        return true;
    }

    /// <summary>Takes a chunk over.</summary>
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
