namespace Jigsaw.Gguf;

/// <summary>The kinds of tensors that are written, by ggml's numbers.</summary>
internal enum GgufTensorType
{
    F32 = 0,
    F16 = 1,
    Q8 = 8,
    BF16 = 30,
}
