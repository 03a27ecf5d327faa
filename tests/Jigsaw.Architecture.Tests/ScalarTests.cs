using Jigsaw.Batches;

namespace Jigsaw.Architecture.Tests;

/// <summary>A scalar that nobody holds can be finalized while native code reads it, so <c>Scalars</c> makes them all.</summary>
public sealed class ScalarTests
{
    private const string Seam = "Jigsaw.Tensors.Scalars";

    private static readonly string _runtime = typeof(RowMask).Assembly.Location;
    private static readonly string _torchSharp = Path.Combine(Path.GetDirectoryName(_runtime)!, "TorchSharp.dll");

    [Fact]
    public void Every_scalar_that_native_code_reads_is_held_by_the_seam()
    {
        using var calls = new ScalarCalls(_torchSharp);
        var others = calls.In(_runtime).Where(call => !call.Caller.Contains(Seam + "::", StringComparison.Ordinal))
            .Select(call => $"{call.Caller} calls {call.Called}, which makes a scalar that nobody holds: use {Seam}");
        Assert.Empty(others);
    }

    [Fact]
    public void The_seam_is_there() => Assert.Contains(InRuntime(), call => call.Caller.Contains(Seam + "::", StringComparison.Ordinal));

    [Theory]
    [InlineData("Converted")]
    [InlineData("Times")]
    [InlineData("Sum")]
    [InlineData("Square")]
    [InlineData("Read")]
    [InlineData("Cast")]
    [InlineData("Optimizer")]
    [InlineData("Passed")]
    public void A_number_that_becomes_a_scalar_is_found(string method)
    {
        using var calls = new ScalarCalls(_torchSharp);
        Assert.Contains(calls.In(typeof(UnheldScalars).Assembly.Location), call => call.Caller.Contains($"{nameof(UnheldScalars)}", StringComparison.Ordinal) && call.Caller.Contains(method, StringComparison.Ordinal));
    }

    [Fact]
    public void What_takes_a_scalar_or_makes_none_is_not_found()
    {
        using var calls = new ScalarCalls(_torchSharp);
        Assert.DoesNotContain(calls.In(typeof(UnheldScalars).Assembly.Location), call => call.Caller.Contains(nameof(UnheldScalars.Fine), StringComparison.Ordinal));
    }

    private static List<(string Caller, string Called)> InRuntime()
    {
        using var calls = new ScalarCalls(_torchSharp);
        return [.. calls.In(_runtime)];
    }
}
