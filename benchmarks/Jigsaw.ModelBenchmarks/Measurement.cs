using System.Diagnostics;
using Jigsaw.Models;
using static TorchSharp.torch;

namespace Jigsaw.ModelBenchmarks;

/// <summary>What is measured, and what it is held against.</summary>
internal static class Measurement
{
    public const int Repeats = 3;

    /// <summary>Median seconds, after one run that doesn't count.</summary>
    public static double Median(Action run)
    {
        run();
        var seconds = new double[Repeats];
        for (var i = 0; i < Repeats; i++)
        {
            var watch = Stopwatch.StartNew();
            run();
            seconds[i] = watch.Elapsed.TotalSeconds;
        }

        Array.Sort(seconds);
        return seconds[Repeats / 2];
    }

    public static void ReadFiles(IEnumerable<string> files, bool fresh)
    {
        var buffer = GC.AllocateUninitializedArray<byte>(1 << 20);
        foreach (var file in files)
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            if (fresh)
            {
                using var memory = empty(stream.Length, dtype: ScalarType.Byte);
                stream.ReadExactly(memory.bytes);
                continue;
            }

            while (stream.Read(buffer) > 0)
            {
            }
        }
    }

    public static long Bytes(CausalLM model) => Weights(model).Sum(Bytes);

    public static long LargestBytes(CausalLM model) => Weights(model).Max(Bytes);

    /// <summary>Seconds of one step's matrix products alone, with the model's own weights.</summary>
    public static double BareProducts(CausalLM model, int batch)
    {
        using var scope = NewDisposeScope();
        var weights = model.LinearWeights.Append(model.Head.Weight).ToArray();
        var inputs = weights.Select(weight => weight.shape[1]).Distinct().ToDictionary(size => size, size => randn(batch, size).to(model.DType));
        return Median(() =>
        {
            foreach (var weight in weights)
            {
                using var product = nn.functional.linear(inputs[weight.shape[1]], weight);
            }
        });
    }

    private static IEnumerable<Tensor> Weights(CausalLM model) =>
        model.LinearWeights.Append(model.EmbeddingTable).Concat(model.Config.TiedHead ? [] : [model.Head.Weight]);

    private static long Bytes(Tensor tensor) => tensor.numel() * tensor.ElementSize;
}
