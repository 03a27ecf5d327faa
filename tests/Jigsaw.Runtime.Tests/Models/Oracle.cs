using Jigsaw.Batches;
using Jigsaw.Checkpoints;
using TorchSharp;
using static TorchSharp.torch;

namespace Jigsaw.Runtime.Tests.Models;

/// <summary>What Hugging Face's libraries computed on a small checkpoint.</summary>
internal sealed class Oracle : IDisposable
{
    /// <summary>Share of the largest value by which logits may differ.</summary>
    public const double LogitTolerance = 1e-5;

    /// <summary>Share of the largest value by which gradients may differ.</summary>
    public const double GradientTolerance = 1e-4;

    private readonly SafetensorsFile _file;
    private readonly DisposeScope _scope = NewDisposeScope();

    private Oracle(string folder) => _file = SafetensorsFile.Open(TestData.Path("models", folder, "expected.safetensors"));

    public IEnumerable<string> Keys => _file.Entries.Keys;

    public static Oracle Open(string folder) => new(folder);

    public static string Directory(string folder) => TestData.Path("models", folder);

    public bool Has(string key) => _file.Entries.ContainsKey(key);

    public Tensor Read(string key)
    {
        var tensor = _file.Read(key);
        _scope.Attach(tensor);
        return tensor;
    }

    public RowMask Mask(string key, Device? device = null) => RowMask.FromHost(
        [.. Read(key).data<long>().Select(value => value != 0)], (int)Read(key).shape[0], (int)Read(key).shape[1], device ?? CPU);

    /// <summary>Compares where the mask is set: the largest difference as a share of the largest value.</summary>
    public static double Difference(Tensor actual, Tensor expected, Tensor? mask = null)
    {
        Assert.Equal(expected.shape, actual.shape);
        using var scope = NewDisposeScope();
        var (left, right) = (actual.detach().to(ScalarType.Float64), expected.to(ScalarType.Float64));
        if (mask is not null)
        {
            var rows = mask.to(ScalarType.Bool);
            (left, right) = (left[rows], right[rows]);
        }

        return (left - right).abs().max().item<double>() / right.abs().max().item<double>();
    }

    public static void AssertClose(Tensor actual, Tensor expected, double tolerance, Tensor? mask = null) =>
        Assert.InRange(Difference(actual, expected, mask), 0, tolerance);

    public void Dispose()
    {
        _scope.Dispose();
        _file.Dispose();
    }
}
