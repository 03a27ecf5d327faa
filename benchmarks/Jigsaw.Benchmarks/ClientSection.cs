using System.Numerics.Tensors;
using Jigsaw.Batches;
using Jigsaw.Checkpoints;
using Jigsaw.Client.Embeddings;
using Jigsaw.Transforms;
using static TorchSharp.torch;

namespace Jigsaw.Benchmarks;

/// <summary>The client's μ and σ in managed code against the runtime's on libtorch, and one new token of a conversation against reading the transform's parameters once.</summary>
internal static class ClientSection
{
    private const int Prompt = 512;

    public static Table Run(Scale scale)
    {
        var table = new Table(
            $"The client, in managed code: a prompt of {Prompt} tokens, and the next token behind it",
            "features", "runtime ms", "client ms", "client ÷ runtime", "target", "next token ms", "reading ms", "token ÷ reading", "target of it");
        foreach (var features in (int[])[576, 4096])
        {
            var folder = Directory.CreateTempSubdirectory("jigsaw-client-");
            try
            {
                Measure(scale, table, features, folder.FullName);
            }
            finally
            {
                folder.Delete(recursive: true);
            }
        }

        return table;
    }

    private static void Measure(Scale scale, Table table, int features, string folder)
    {
        using var generator = new Generator(4);
        using var embeddings = randn([Prompt, features], dtype: ScalarType.Float32, generator: generator) * 0.02f;
        using var trained = new StainedGlassTransform(embeddings, new TransformConfig());
        trained.Save(folder);
        SafetensorsWriter.Write(Path.Combine(folder, "model.safetensors"), [KeyValuePair.Create("model.embed_tokens.weight", embeddings)], new Dictionary<string, string> { ["format"] = "pt" });
        var block = TransformBlock.Read(folder, out _);
        using var file = new EmbeddingTable(Path.Combine(folder, "model.safetensors"));
        int[] ids = [.. Enumerable.Range(0, Prompt)];
        var (clean, means, stds) = (new float[Prompt * features], new float[Prompt * features], new float[Prompt * features]);
        file.Read(ids, clean);
        var mask = RowMask.FromHost([.. ids.Select(_ => true)], 1, Prompt, CPU);
        using var batch = embeddings.unsqueeze(0);
        var cache = block.NewCache();
        block.Run(clean, Prompt, cache, means, stds);

        // What no computation of one token gets below: each parameter comes from memory once, on all cores.
        var parameters = new float[Environment.ProcessorCount][];
        var each = (int)(10L * features * features / parameters.Length);
        for (var i = 0; i < parameters.Length; i++)
        {
            parameters[i] = new float[each];
            parameters[i].AsSpan().Fill(1);
        }

        using var noGrad = no_grad();
        var times = Timing.Medians(
            scale.Rounds,
            () =>
            {
                using (NewDisposeScope())
                {
                    trained.Moments(batch, mask);
                }
            },
            () => block.Run(clean, Prompt, block.NewCache(), means, stds),
            () =>
            {
                cache.Truncate(Prompt - 1);
                block.Run(clean.AsMemory(^features..), 1, cache, means.AsMemory(0, features), stds.AsMemory(0, features));
            },
            () => Parallel.For(0, parameters.Length, i => TensorPrimitives.Sum<float>(parameters[i])));
        table.Add($"{features}", $"{times[0]:f1}", $"{times[1]:f1}", $"{times[1] / times[0]:f2}", "≤ 2", $"{times[2]:f2}", $"{times[3]:f2}", $"{times[2] / times[3]:f2}", "≤ 1.2");
    }
}
