using System.Text.Json;
using Jigsaw.Checkpoints;
using Jigsaw.Transforms.Noise;
using TorchSharp;
using static TorchSharp.torch;

namespace Jigsaw.Runtime.Tests.Transforms;

/// <summary>The transform's formulas against float64 truth computed elsewhere: value = Σ probe · output.</summary>
public sealed class TransformFunctionsTests
{
    private static readonly JsonElement _cases = JsonDocument.Parse(File.ReadAllText(TestData.Path("transforms", "cases.json"))).RootElement;

    public static TheoryData<string, string> Transform_cases()
    {
        var data = new TheoryData<string, string>();
        foreach (var one in _cases.EnumerateArray())
        {
            data.Add(one.GetProperty("term").GetString()!, one.GetProperty("case").GetString()!);
        }

        return data;
    }

    [Fact]
    public void Sixteen_bits_are_rounded_once_where_two_roundings_end_elsewhere()
    {
        using var scope = NewDisposeScope();

        // Just above the middle of two numbers: float32 ends in the middle, and the next rounding on the even side.
        var tie = 1 + Math.ScaleB(1, -8) + Math.ScaleB(1, -40);
        AssertRounded(ScalarType.BFloat16, tie, 1 + Math.ScaleB(1, -7));
        AssertRounded(ScalarType.BFloat16, -tie, -1 - Math.ScaleB(1, -7));
        AssertRounded(ScalarType.BFloat16, 0, 0);
        AssertRounded(ScalarType.Float16, 1 + Math.ScaleB(1, -11) + Math.ScaleB(1, -40), 1 + Math.ScaleB(1, -10));

        // The same among the subnormal ones, multiples of 2⁻²⁴.
        AssertRounded(ScalarType.Float16, Math.ScaleB(4.5, -24) + Math.ScaleB(1, -60), Math.ScaleB(5, -24));

        static void AssertRounded(ScalarType type, double value, double expected)
        {
            var rounded = TransformFunctions.Round(tensor(value, dtype: ScalarType.Float64), type);
            Assert.Equal(type, rounded.dtype);
            Assert.Equal(expected, rounded.to(ScalarType.Float64).ToDouble());
        }
    }

    [Theory]
    [MemberData(nameof(Transform_cases))]
    public void A_formula_gives_the_value_and_the_gradients_of_float64_truth(string term, string name)
    {
        using var scope = NewDisposeScope();
        var one = _cases.EnumerateArray().Single(c => c.GetProperty("term").GetString() == term && c.GetProperty("case").GetString() == name);
        var parameters = one.GetProperty("params");
        double Number(string key) => parameters.GetProperty(key).GetDouble();
        using var file = SafetensorsFile.Open(TestData.Path("transforms", term + ".safetensors"));
        var differentiable = one.GetProperty("differentiable").EnumerateArray().Select(value => value.GetString()!).ToArray();
        var inputs = differentiable.ToDictionary(key => key, key => file.Read($"{name}/in.{key}").requires_grad_());
        var (key, found) = term switch
        {
            "transform_tanh_std" => ("sigma", TransformFunctions.TanhStd(inputs["rho"], Number("sigma_min"), Number("sigma_max"), Number("shallow"))),
            "transform_direct_std" => ("sigma", TransformFunctions.DirectStd(inputs["rho"], Number("sigma_min"), Number("sigma_max"))),
            "transform_bounded_mean" => ("mu", TransformFunctions.BoundedMean(inputs["rho"], Number("bound"), Number("shift"))),
            _ => ("x_tilde", TransformFunctions.Sample(inputs["x"], inputs["mu"], inputs["sigma"], inputs["epsilon"], file.Read($"{name}/in.noise_mask"))),
        };

        var exact = one.GetProperty("gradients").GetString() == "exact";
        Assert.True(found.allclose(file.Read($"{name}/out.{key}"), rtol: 1e-12, atol: 1e-14, equal_nan: true), $"{key} of {term}/{name}");
        (found * file.Read($"{name}/in.probe")).sum().backward();
        foreach (var (input, value) in inputs)
        {
            var gradient = value.grad!;
            Assert.True(gradient.isfinite().all().ToBoolean(), $"the gradient of {input} in {term}/{name} is not finite");
            if (exact)
            {
                Assert.True(gradient.allclose(file.Read($"{name}/grad.{input}"), rtol: 1e-11, atol: 1e-13), $"the gradient of {input} in {term}/{name}");
            }
        }
    }
}
