using System.Diagnostics.CodeAnalysis;

namespace Jigsaw.Gguf;

/// <summary>What a GGUF file holds its matrices as. Norms and biases are float32 in each.</summary>
[SuppressMessage("Naming", "CA1720", Justification = "The field's own names.")]
public enum GgufType
{
    /// <summary>IEEE single, 4 bytes per number.</summary>
    Float32,

    /// <summary>IEEE half, 2 bytes per number.</summary>
    Float16,

    /// <summary>Brain float, 2 bytes per number.</summary>
    BFloat16,

    /// <summary>llama.cpp's Q8_0: blocks of 32 whole numbers of 8 bits and a scale, 34 bytes per 32 numbers. Rows that are no multiple of 32 stay <see cref="Float16"/>.</summary>
    Q8,
}
