using System.Globalization;

namespace Jigsaw.CommandLine.Sweeps;

/// <summary>How many trials run at a time, and with how many threads each, so that workers times threads are the cores: two teams of threads on the same cores wait for each other.</summary>
/// <param name="Count">Trials at a time.</param>
/// <param name="Threads">Threads of each.</param>
/// <param name="Warning">A sentence where what was told needs more memory than there is; empty otherwise.</param>
internal sealed record SweepWorkers(int Count, int Threads, string Warning)
{
    // The runtime, libtorch, and the activations of a batch.
    private const long Overhead = 1L << 30;

    // The base's weights, a copy while they are read, and the trained numbers with their moments.
    private const int Copies = 3;

    /// <summary>What fits.</summary>
    /// <param name="told">Trials at a time; null for as many as fit.</param>
    /// <param name="cores">Cores of the machine.</param>
    /// <param name="memory">Bytes of memory that the process may use.</param>
    /// <param name="weights">Bytes of the base's weights.</param>
    internal static SweepWorkers Fitting(int? told, int cores, long memory, long weights)
    {
        var need = Overhead + (Copies * weights);
        var fitting = (int)Math.Clamp(memory / need, 1, cores);
        var count = told ?? fitting;
        return new SweepWorkers(count, Math.Max(1, cores / count), count > fitting
            ? string.Create(CultureInfo.InvariantCulture, $"{count} workers of about {need / (double)Overhead:0.0} GiB each may need more than the {memory / (double)Overhead:0.0} GiB of memory or the {cores} cores that are there; --workers {fitting} fits.")
            : "");
    }

    /// <summary>Bytes of the weights in a model's folder.</summary>
    internal static long WeightsOf(string model) =>
        Directory.Exists(model) ? Directory.EnumerateFiles(model, "*.safetensors").Sum(file => new FileInfo(file).Length) : 0;
}
