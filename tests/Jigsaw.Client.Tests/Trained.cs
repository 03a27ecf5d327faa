using Jigsaw.Checkpoints;
using Jigsaw.Runtime.Tests;
using Jigsaw.Transforms;
using static TorchSharp.torch;

namespace Jigsaw.Client.Tests;

/// <summary>A model's table and a transform of it that is not what it was made as, both on disk.</summary>
internal sealed class Trained : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public Trained(int vocabulary, int features, TransformConfig config, ScalarType tableType = ScalarType.Float32, long seed = 7)
    {
        using var generator = new Generator((ulong)seed, CPU);
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        Table = (randn([vocabulary, features], dtype: ScalarType.Float32, generator: generator) * 0.05f).to(tableType).DetachFromDisposeScope();
        Transform = new StainedGlassTransform(Table, config, seed);
        foreach (var parameter in Transform.Parameters)
        {
            parameter.Value.add_(randn(parameter.Value.shape, dtype: ScalarType.Float32, generator: generator) * (float)(0.5 / Math.Sqrt(parameter.Value.shape[^1])));
        }

        Transform.Save(TransformDirectory);
        Directory.CreateDirectory(ModelDirectory);
        SafetensorsWriter.Write(Path.Combine(ModelDirectory, "model.safetensors"), [KeyValuePair.Create("model.embed_tokens.weight", Table)], new Dictionary<string, string> { ["format"] = "pt" });
        foreach (var path in Directory.EnumerateFiles(SupportModel).Where(path => Path.GetFileName(path).Contains("token", StringComparison.Ordinal) || path.EndsWith(".jinja", StringComparison.Ordinal)))
        {
            File.Copy(path, Path.Combine(ModelDirectory, Path.GetFileName(path)));
        }
    }

    public static string SupportModel => Path.Combine(AppContext.BaseDirectory, "Data", "models", "support-lm");

    public Tensor Table { get; }

    public StainedGlassTransform Transform { get; }

    public string ModelDirectory => _folder["model"];

    public string TransformDirectory => _folder["transform"];

    public string this[string name] => _folder[name];

    public PromptTransform Client(EmbeddingType? type = null) => PromptTransform.Load(ModelDirectory, TransformDirectory, NoiseScope.Users, type);

    public void Dispose()
    {
        Transform.Dispose();
        Table.Dispose();
        _folder.Dispose();
    }
}
