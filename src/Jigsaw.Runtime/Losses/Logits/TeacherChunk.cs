using static TorchSharp.torch;

namespace Jigsaw.Losses.Logits;

/// <summary>What the terms read from the teacher's logits for one chunk of rows.</summary>
internal sealed class TeacherChunk
{
    /// <summary>Its first row.</summary>
    internal required int Start { get; init; }

    /// <summary>The logits, shape (rows, vocabulary); null if no distance reads them.</summary>
    internal Tensor? Logits { get; set; }

    /// <summary>Their norms, shape (rows, 1).</summary>
    internal Tensor? Norms { get; set; }

    /// <summary>Hard targets, shape (rows, 1), int64.</summary>
    internal Tensor? Labels { get; set; }

    /// <summary>Soft targets times their sums, shape (rows, vocabulary).</summary>
    internal Tensor? Shares { get; set; }

    /// <summary>Sums of the shares, shape (rows, 1).</summary>
    internal Tensor? Sums { get; set; }

    internal IEnumerable<Tensor> Tensors => new[] { Logits, Norms, Labels, Shares, Sums }.OfType<Tensor>();
}
