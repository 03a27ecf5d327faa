using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Jigsaw.Batches;
using Jigsaw.Checkpoints;
using Jigsaw.Client.Arithmetic;
using Jigsaw.Client.Embeddings;
using Jigsaw.Transforms;
using static TorchSharp.torch;

namespace Jigsaw.Benchmarks;

/// <summary>The client's μ and σ in managed code against the runtime's on libtorch, and one new token of a conversation against reading the transform's parameters once, without and with the conversation's keys and values.</summary>
internal static class ClientSection
{
    private const int Prompt = 512;
    private const int TokensOfARound = 10;
    private const int CacheNumbers = 1 << 25;

    public static Table Run(Scale scale)
    {
        var table = new Table(
            $"The client, in managed code: a prompt of {Prompt} tokens, and the next token behind it",
            "features", "runtime ms", "client ms", "client ÷ runtime", "target", "next token ms", "reading ms", "token ÷ reading", "target of it", "reading with keys and values ms", "token ÷ it");
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

        // What no computation of one token gets below: what it needs comes from memory once, on all cores.
        var parameters = Filled(10L * features * features);
        var keysAndValues = Filled(2L * (Prompt - 1) * features);
        var other = Filled(CacheNumbers);
        void Read(params ReadOnlySpan<float[]> all)
        {
            var (arrays, parts) = (all.ToArray(), Environment.ProcessorCount);
            using var team = new CoreTeam(long.MaxValue, parts);
            team.For(parts, part =>
            {
                foreach (var array in arrays)
                {
                    Sum(array.AsSpan((int)((long)array.Length * part / parts)..(int)((long)array.Length * (part + 1) / parts)));
                }
            });
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
            () => block.Run(clean, Prompt, block.NewCache(), means, stds));

        // The caches of the cores are full of something else before each: many a prompt's time has passed since the last token.
        var tokens = Timing.Medians(
            scale.Rounds * TokensOfARound,
            () => Read(other),
            () =>
            {
                cache.Truncate(Prompt - 1);
                block.Run(clean.AsMemory(^features..), 1, cache, means.AsMemory(0, features), stds.AsMemory(0, features));
            },
            () => Read(other),
            () => Read(parameters),
            () => Read(other),
            () => Read(parameters, keysAndValues));
        table.Add($"{features}", $"{times[0]:f1}", $"{times[1]:f1}", $"{times[1] / times[0]:f2}", "≤ 2", $"{tokens[1]:f2}", $"{tokens[3]:f2}", $"{tokens[1] / tokens[3]:f2}", "≤ 1.2", $"{tokens[5]:f2}", $"{tokens[1] / tokens[5]:f2}");
    }

    private static float[] Filled(long count)
    {
        var numbers = new float[count];
        numbers.AsSpan().Fill(1);
        return numbers;
    }

    // Four sums at a time, so that it waits for memory and not for the last addition.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Sum(ReadOnlySpan<float> numbers)
    {
        var vectors = MemoryMarshal.Cast<float, Vector<float>>(numbers);
        var (s0, s1, s2, s3) = (Vector<float>.Zero, Vector<float>.Zero, Vector<float>.Zero, Vector<float>.Zero);
        var i = 0;
        for (; i <= vectors.Length - 4; i += 4)
        {
            s0 += vectors[i];
            s1 += vectors[i + 1];
            s2 += vectors[i + 2];
            s3 += vectors[i + 3];
        }

        for (; i < vectors.Length; i++)
        {
            s0 += vectors[i];
        }

        return Vector.Sum(s0 + s1 + s2 + s3);
    }
}
