using System.Globalization;
using System.Runtime.InteropServices;
using Jigsaw.Models;
using Jigsaw.Models.Lora;
using Jigsaw.Steps;
using Jigsaw.Training;
using Jigsaw.Transforms;
using Jigsaw.Transforms.Noise;
using static TorchSharp.torch;

namespace Jigsaw.Runtime.Tests.Training;

/// <summary>What a process takes for a model and some training steps, as the kernel counts it, beside the estimate.</summary>
internal static class MeasuredStep
{
    private const int Steps = 3;

    private delegate int Trim(nuint pad);

    /// <summary>Trains in this process.</summary>
    /// <returns>Bytes above what the process has after it has trained a tiny model, and the estimate.</returns>
    public static (long Measured, StepMemory Estimated) Run(string recipe, int rows, int length)
    {
        // Compiled code, and what libtorch and its products keep.
        Train("llama-gqa", recipe, 2, 8);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        _ = Marshal.GetDelegateForFunctionPointer<Trim>(NativeLibrary.GetExport(NativeLibrary.Load("libc.so.6"), "malloc_trim"))(0);
        var before = Kibibytes("VmRSS");
        File.WriteAllText("/proc/self/clear_refs", "5");
        var estimated = Train("support-lm", recipe, rows, length);
        return (1024 * (Kibibytes("VmHWM") - before), estimated);
    }

    private static StepMemory Train(string name, string recipe, int rows, int length)
    {
        using var model = CausalLM.Load(TestData.Path("models", name), CPU, ScalarType.Float32);
        using var teacher = new NoisyTeacher(model);
        using var student = new NoisyStudent(model, new LoraConfig { Rank = 8 });
        using var transform = new StainedGlassTransform(model.EmbeddingTable, new TransformConfig { Std = new TanhStd { InitialRho = -1 } });
        BoundLoss loss = recipe switch
        {
            "trajectory" => TrajectoryRecipe.Bind(teacher, student),
            "hard" => HardRecipe.Bind(teacher, student),
            "performance" => PerformanceAloneRecipe.Bind(teacher, student),
            _ => throw new ArgumentException($"There is no recipe {recipe} here.", nameof(recipe)),
        };
        using var trainer = new Trainer(loss, transform, new RandomBatches((int)model.EmbeddingTable.shape[0], different: 1, rows, length), new TrainingOptions { Steps = Steps });
        trainer.Run((TrainingStep _) => { });
        return StepMemory.Of(loss, transform, rows, length);
    }

    private static long Kibibytes(string name) =>
        long.Parse(File.ReadLines("/proc/self/status").First(line => line.StartsWith(name + ":", StringComparison.Ordinal)).Split(':')[1].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture);
}
