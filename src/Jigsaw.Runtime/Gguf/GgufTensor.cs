using static TorchSharp.torch;

namespace Jigsaw.Gguf;

/// <summary>A tensor to write, made when its turn comes, so that only one such tensor is in memory at a time.</summary>
/// <param name="Name">llama.cpp's name.</param>
/// <param name="Shape">Its shape, rows first.</param>
/// <param name="Type">What it is written as.</param>
/// <param name="Make">Makes it, of any floating type; the writer frees it.</param>
internal sealed record GgufTensor(string Name, long[] Shape, GgufTensorType Type, Func<Tensor> Make)
{
    /// <summary>The type of a matrix in a file of a type: rows that don't fill blocks stay float16.</summary>
    public static GgufTensorType TypeOf(GgufType type, long[] shape) => shape.Length < 2 ? GgufTensorType.F32 : type switch
    {
        GgufType.Float32 => GgufTensorType.F32,
        GgufType.Float16 => GgufTensorType.F16,
        GgufType.BFloat16 => GgufTensorType.BF16,
        _ => shape[^1] % GgufBlocks.Size == 0 ? GgufTensorType.Q8 : GgufTensorType.F16,
    };

    /// <summary>Bytes in the file, without padding.</summary>
    public long ByteCount
    {
        get
        {
            var numbers = Shape.Aggregate(1L, (count, size) => checked(count * size));
            return Type switch
            {
                GgufTensorType.F32 => numbers * 4,
                GgufTensorType.Q8 => numbers / GgufBlocks.Size * GgufBlocks.Bytes,
                _ => numbers * 2,
            };
        }
    }
}
