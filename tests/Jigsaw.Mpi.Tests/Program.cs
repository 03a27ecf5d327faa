using System.Diagnostics;
using Jigsaw.CommandLine;

namespace Jigsaw.Mpi.Tests;

/// <summary>The program that the tests start by mpiexec.</summary>
internal static class Program
{
    private static readonly string _model = Path.Combine(AppContext.BaseDirectory, "models", "support-lm");

    public static async Task<int> Main(string[] arguments)
    {
        switch (arguments)
        {
            case []:
                return 0;
            case ["--exchange"]:
                using (var group = MpiProcessGroup.Start())
                {
                    Console.WriteLine(Exchange(group));
                    return 0;
                }

            case ["--time", var count]:
                using (var group = MpiProcessGroup.Start())
                {
                    Time(group, new float[int.Parse(count, System.Globalization.CultureInfo.InvariantCulture)]);
                    return 0;
                }

            case ["train", "--second-data", var data, .. var rest]:
                return await Main(Environment.GetEnvironmentVariable("PMI_RANK") == "1" ? ["train", "--data", data, .. rest] : ["train", .. rest]).ConfigureAwait(false);

            default:
                var chats = Path.Combine(_model, "data", "eval.jsonl");
                var program = new JigsawProgram { Name = "ranks", Model = _model, Data = chats, EvaluationData = chats };
                return await program.Add<ExchangedRecipe>().RunAsync(arguments).ConfigureAwait(false);
        }
    }

    /// <summary>What each process has after it has exchanged numbers and bytes with the others: the same in all.</summary>
    private static string Exchange(MpiProcessGroup group)
    {
        var floats = Enumerable.Range(0, 1000).Select(i => (float)(i + group.Rank)).ToArray();
        double[] doubles = [0.1 * (group.Rank + 1)];
        group.Sum(floats.AsSpan());
        group.Sum(doubles.AsSpan());
        group.Sum(Array.Empty<float>().AsSpan());
        var bytes = group.Gather(new byte[group.Rank]);
        return $"{floats[0]} {floats[999]} {doubles[0]:0.0} {string.Join(',', bytes.Select(part => part.Length))}";
    }

    private static void Time(MpiProcessGroup group, float[] values)
    {
        group.Sum(values.AsSpan());
        var clock = Stopwatch.StartNew();
        for (var i = 0; i < 10; i++)
        {
            group.Sum(values.AsSpan());
        }

        if (group.Rank == 0)
        {
            Console.WriteLine($"{clock.Elapsed.TotalMilliseconds / 10:0.00} ms for the sum of {values.Length} numbers over {group.Size} processes");
        }
    }
}
