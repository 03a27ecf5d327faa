using Jigsaw.Batches;
using Jigsaw.CompilerServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Jigsaw.Runtime.Tests.Losses;

[Collection(nameof(RunsAlone))]
public sealed class MemoryTests
{
    [Fact]
    public void Hundreds_of_steps_leave_no_tensor_and_no_memory_behind()
    {
        using var step = new ClosureSafetyTests.Step(CPU, packed: true);
        var program = ClosureSafetyTests.Everything(CeTarget.Soft, true);
        void Run()
        {
            using var scope = NewDisposeScope();
            program.Compute(step.Activations, step.LossMask, out var components).backward();
            components.Dispose();
            foreach (var input in step.Inputs)
            {
                input.grad!.Dispose();
                input.grad = null;
            }
        }

        for (var i = 0; i < 100; i++)
        {
            Run();
        }

        // Two collections: what the first finalizes, the second forgets.
        static long Live()
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            GC.Collect();
            using var process = System.Diagnostics.Process.GetCurrentProcess();
            return process.WorkingSet64;
        }

        var memory = Live();
        var tensors = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        for (var i = 0; i < 400; i++)
        {
            Run();
        }

        Assert.Equal(tensors, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
        Assert.InRange(Live() - memory, long.MinValue, 20L << 20);
    }

    [Fact]
    public void Many_terms_on_one_pair_keep_nothing_of_the_rows_size_and_make_one_gradient()
    {
        const int Megabytes = 48;
        using var scope = NewDisposeScope();
        var numbers = new Generator(3);
        var (e, t) = (randn([24, 256, 2048], generator: numbers).requires_grad_(), randn([24, 256, 2048], generator: numbers));
        var mask = RowMask.FromHost([.. Enumerable.Repeat(true, 24 * 256)], 24, 256, CPU);
        Tensor Loss()
        {
            var pair = PairLoss.Begin(e, t);
            pair.NormalizedL2(mask);
            pair.CosineDistance(mask);
            pair.InverseL2PowerLaw(1, 1, mask);
            pair.AbsoluteCosineSimilarity(mask);
            var (first, second, third, fourth) = pair.Values();
            return first + second + third + fourth;
        }

        void Run()
        {
            Loss().backward();
            e.grad!.Dispose();
            e.grad = null;
        }

        Run();
        Tensor? loss = null;
        var forward = Growth(() => loss = Loss());
        Assert.True(forward < 0.5 * Megabytes, $"The forward took {forward:f0} MB.");

        // The engine copies the gradient into the input's.
        var backward = Growth(() => loss!.backward());
        Assert.True(backward < 2.5 * Megabytes, $"The backward took {backward:f0} MB.");
    }

    /// <summary>Megabytes that the process grew by at most; 0 where the kernel doesn't tell.</summary>
    private static double Growth(Action action)
    {
        static double Kilobytes(string name) =>
            double.Parse(File.ReadLines("/proc/self/status").First(line => line.StartsWith(name + ":", StringComparison.Ordinal)).Split(':')[1].Replace("kB", "", StringComparison.Ordinal), System.Globalization.CultureInfo.InvariantCulture);
        if (!File.Exists("/proc/self/clear_refs"))
        {
            action();
            return 0;
        }

        GC.Collect();
        GC.WaitForPendingFinalizers();
        var before = Kilobytes("VmRSS");
        File.WriteAllText("/proc/self/clear_refs", "5");
        action();
        return (Kilobytes("VmHWM") - before) / 1024;
    }
}
