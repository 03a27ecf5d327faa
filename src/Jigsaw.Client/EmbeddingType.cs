using System.Diagnostics.CodeAnalysis;

namespace Jigsaw.Client;

/// <summary>The floating type that x̃ is sent in, little-endian.</summary>
[SuppressMessage("Naming", "CA1720", Justification = "The field's own names.")]
public enum EmbeddingType
{
    /// <summary>Brain float, 2 bytes: what most checkpoints have, and what to send where the server doesn't ask for another.</summary>
    BFloat16,

    /// <summary>IEEE half, 2 bytes.</summary>
    Float16,

    /// <summary>IEEE single, 4 bytes.</summary>
    Float32,
}
