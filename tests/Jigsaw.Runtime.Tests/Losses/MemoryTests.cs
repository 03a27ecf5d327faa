using Jigsaw.Losses;
using TorchSharp;
using static TorchSharp.torch;

namespace Jigsaw.Runtime.Tests.Losses;

[Collection(nameof(RunsAlone))]
public sealed class MemoryTests
{
    [Fact]
    public void A_thousand_steps_leave_no_tensor_and_no_memory_behind()
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

        for (var i = 0; i < 50; i++)
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
        for (var i = 0; i < 1000; i++)
        {
            Run();
        }

        Assert.Equal(tensors, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
        Assert.InRange(Live() - memory, long.MinValue, 30L << 20);
    }
}
