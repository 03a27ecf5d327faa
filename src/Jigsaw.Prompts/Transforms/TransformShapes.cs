using Jigsaw.Checkpoints;

namespace Jigsaw.Transforms;

/// <summary>The parameters of a transform, by name and shape: one pre-norm block, and the heads of μ and ρ.</summary>
internal static class TransformShapes
{
    /// <summary>All of them, in the order of the file.</summary>
    public static IEnumerable<(string Name, long[] Shape)> Of(long features, TransformConfig config)
    {
        var (inner, outputs) = (features * config.FeedForwardRatio, config.Outputs(features));
        (string Name, long[] Weight)[] layers =
        [
            ("block.norm1", [features]),
            ("block.attention.qkv", [3 * features, features]),
            ("block.attention.out", [features, features]),
            ("block.norm2", [features]),
            ("block.feed_forward.up", [inner, features]),
            ("block.feed_forward.down", [features, inner]),
            ("mean", [outputs, features]),
            ("std", [outputs, features]),
        ];
        return layers.SelectMany(layer => new[] { ($"{layer.Name}.weight", layer.Weight), ($"{layer.Name}.bias", [layer.Weight[0]]) });
    }

    /// <summary>Checks the header of a transform's weights before anything is made of its size.</summary>
    /// <exception cref="CheckpointException">A tensor is missing or has another shape.</exception>
    public static void Check(string path, IReadOnlyDictionary<string, SafetensorsEntry> entries, long features, TransformConfig config)
    {
        foreach (var (name, shape) in Of(features, config))
        {
            if (!entries.TryGetValue(name, out var entry))
            {
                throw new CheckpointException(path, $"the tensor '{name}' is missing; the file is not a transform of this version.");
            }

            if (!entry.Shape.SequenceEqual(shape))
            {
                throw new CheckpointException(path, $"the tensor '{name}' has the shape ({string.Join(", ", entry.Shape)}), the transform needs ({string.Join(", ", shape)}).");
            }
        }
    }
}
