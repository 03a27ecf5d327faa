using System.Diagnostics;
using System.Globalization;
using Jigsaw.Training;
using static TorchSharp.torch;

namespace Jigsaw.Runtime.Tests.Training;

public sealed class StepMemoryTests
{
    /// <summary>What the kernel counts for a process of its own, beyond what a training of a tiny model takes: tensors, and the holes between them in the C library's heap, which grows for some steps.</summary>
    [LinuxTheory]
    [InlineData("hard", 16, 128)]
    [InlineData("trajectory", 32, 64)]
    [InlineData("performance", 4, 512)]
    public async Task The_estimate_is_six_to_nine_tenths_of_what_a_training_takes(string recipe, int rows, int length)
        => await AssertRatioAsync(recipe, rows, length, mapFrom: null, 0.55, 0.9);

    /// <summary>Where the C library maps each tensor and gives it back, there are no holes.</summary>
    [LinuxTheory]
    [InlineData("hard", 16, 128)]
    [InlineData("trajectory", 32, 64)]
    [InlineData("performance", 4, 512)]
    public async Task Without_the_holes_of_a_heap_the_estimate_is_what_a_training_takes(string recipe, int rows, int length)
        => await AssertRatioAsync(recipe, rows, length, mapFrom: 65536, 0.87, 1.1);

    /// <summary>On the CPU the backward passes of attention and of the feed-forward block are computed in float32 whatever the model's type.</summary>
    [Theory]
    [InlineData(4, 512)]
    [InlineData(64, 512)]
    [InlineData(2, 64)]
    public void What_is_there_for_a_moment_in_bfloat16_is_about_what_is_there_in_float32(int rows, int length)
    {
        var owned = new List<IDisposable>();
        double Passing(ScalarType type)
        {
            var step = new BoundStep(owned, "llama-gqa", type: type);
            return StepMemory.Of(EverythingRecipe.Bind(step.Teacher, step.Student), step.Transform, rows, length).Passing;
        }

        var single = Passing(ScalarType.Float32);
        Assert.InRange(Passing(ScalarType.BFloat16), 0.8 * single, single);
        owned.ForEach(one => one.Dispose());
    }

    private static async Task AssertRatioAsync(string recipe, int rows, int length, int? mapFrom, double low, double high)
    {
        var start = new ProcessStartInfo("dotnet", ["exec", typeof(StepMemoryTests).Assembly.Location, "--step-memory", recipe, rows.ToString(CultureInfo.InvariantCulture), length.ToString(CultureInfo.InvariantCulture)]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["OMP_NUM_THREADS"] = "1";
        start.Environment["MALLOC_MMAP_THRESHOLD_"] = mapFrom?.ToString(CultureInfo.InvariantCulture);
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, output + await error);
        var numbers = output.Split(' ');
        var (measured, estimated) = (double.Parse(numbers[0], CultureInfo.InvariantCulture), double.Parse(numbers[1], CultureInfo.InvariantCulture));
        Assert.True(estimated / measured >= low && estimated / measured <= high, $"estimated / measured is {estimated / measured:f3}: {output}");
    }
}
