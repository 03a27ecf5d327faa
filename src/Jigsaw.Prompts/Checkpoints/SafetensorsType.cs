using System.Diagnostics.CodeAnalysis;

namespace Jigsaw.Checkpoints;

/// <summary>An element type of a safetensors file, under its name there.</summary>
[SuppressMessage("Naming", "CA1707", Justification = "The format's own names.")]
internal enum SafetensorsType
{
    /// <summary>One byte, 0 or 1.</summary>
    BOOL,

    /// <summary>Unsigned, 1 byte.</summary>
    U8,

    /// <summary>Signed, 1 byte.</summary>
    I8,

    /// <summary>Float of 8 bits, 5 of exponent.</summary>
    F8_E5M2,

    /// <summary>Float of 8 bits, 4 of exponent.</summary>
    F8_E4M3,

    /// <summary>Signed, 2 bytes.</summary>
    I16,

    /// <summary>Unsigned, 2 bytes.</summary>
    U16,

    /// <summary>IEEE half.</summary>
    F16,

    /// <summary>Brain float.</summary>
    BF16,

    /// <summary>Signed, 4 bytes.</summary>
    I32,

    /// <summary>Unsigned, 4 bytes.</summary>
    U32,

    /// <summary>IEEE single.</summary>
    F32,

    /// <summary>Two singles, a complex number.</summary>
    C64,

    /// <summary>IEEE double.</summary>
    F64,

    /// <summary>Signed, 8 bytes.</summary>
    I64,

    /// <summary>Unsigned, 8 bytes.</summary>
    U64,
}
