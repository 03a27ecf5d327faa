using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Jigsaw.Architecture.Tests;

/// <summary>Calls that the runtime may not make, for the test that finds them; none is run.</summary>
internal static class UnheldScalars
{
    public static Tensor Converted(Tensor tensor) => tensor.clamp(0);

    public static Tensor Times(Tensor tensor) => tensor * 2.0;

    public static Tensor Sum(Tensor tensor) => tensor + tensor;

    public static Tensor Square(Tensor tensor) => tensor.square();

    public static double Read(Tensor tensor) => tensor.ToDouble();

    public static float Cast(Tensor tensor) => (float)tensor;

    public static optim.Optimizer Optimizer(IEnumerable<Parameter> parameters) => optim.SGD(parameters, 0.1);

    public static IEnumerable<Tensor> Passed(IEnumerable<Tensor> tensors) => tensors.Select(square);

    public static Tensor Fine(Tensor tensor, Scalar held) => (tensor * held).clamp(held) - tensor;
}
