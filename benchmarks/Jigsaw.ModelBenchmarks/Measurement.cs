using System.Diagnostics;
using Jigsaw.Models;
using static TorchSharp.torch;

namespace Jigsaw.ModelBenchmarks;

/// <summary>What is measured, and its baseline.</summary>
internal static class Measurement
{
    public const int Repeats = 5;

    /// <summary>The fewest seconds of each of several runs that take turns. Other programs' load only adds time.</summary>
    public static double[] Best(params Action[] runs)
    {
        var seconds = Enumerable.Repeat(double.PositiveInfinity, runs.Length).ToArray();
        for (var repeat = 0; repeat <= Repeats; repeat++)
        {
            for (var i = 0; i < runs.Length; i++)
            {
                var watch = Stopwatch.StartNew();
                runs[i]();
                seconds[i] = repeat == 0 ? seconds[i] : Math.Min(seconds[i], watch.Elapsed.TotalSeconds);
            }
        }

        return seconds;
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

    /// <summary>Only one step's matrix products, with the model's own weights.</summary>
    public static Action BareProducts(CausalLM model, int batch)
    {
        var weights = model.LinearWeights.Append(model.Head.Weight).ToArray();
        var inputs = weights.Select(weight => weight.shape[1]).Distinct().ToDictionary(size => size, size => randn(batch, size).to(model.DType));
        return () =>
        {
            foreach (var weight in weights)
            {
                using var product = nn.functional.linear(inputs[weight.shape[1]], weight);
            }
        };
    }

    private static IEnumerable<Tensor> Weights(CausalLM model) =>
        model.LinearWeights.Append(model.EmbeddingTable).Concat(model.Config.TiedHead ? [] : [model.Head.Weight]);

    private static long Bytes(Tensor tensor) => tensor.numel() * tensor.ElementSize;
}
