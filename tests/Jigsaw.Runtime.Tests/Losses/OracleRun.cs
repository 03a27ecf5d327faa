using System.Globalization;
using System.Text.Json;
using Jigsaw.Batches;
using static TorchSharp.torch;

namespace Jigsaw.Runtime.Tests.Losses;

/// <summary>The inputs of one case in one dtype on one device, and the comparison with the truth.</summary>
internal sealed class OracleRun
{
    private readonly OracleCase _case;
    private readonly OracleFile _file;
    private readonly string _name;
    private readonly JsonElement _json;
    private readonly Dictionary<string, Tensor> _inputs = [];
    private readonly Dictionary<string, RowMask> _masks = [];

    internal OracleRun(OracleCase of, Device? device = null)
    {
        _case = of;
        Device = device ?? CPU;
        _json = of.Json;
        _name = _json.GetProperty("case").GetString()!;
        _file = OracleFile.Open(of.Set, _json.GetProperty("file").GetString()!);
    }

    internal JsonElement Params => _json.GetProperty("params");

    internal Device Device { get; }

    internal string Term => _json.GetProperty("term").GetString()!;

    internal ScalarType Type => _case.Type switch
    {
        "float64" => ScalarType.Float64,
        "float32" => ScalarType.Float32,
        _ => ScalarType.BFloat16,
    };

    private string[] Differentiable => [.. _json.GetProperty("differentiable").EnumerateArray().Select(name => name.GetString()!)];

    internal bool Has(string name) => _file.Has($"{_name}/in.{name}");

    internal Tensor Input(string name)
    {
        if (!_inputs.TryGetValue(name, out var value))
        {
            value = _file.Read($"{_name}/in.{name}").to(Device);
            if (value.is_floating_point())
            {
                value = value.to(Type);
            }

            if (Differentiable.Contains(name))
            {
                value = value.detach().requires_grad_();
            }

            _inputs.Add(name, value);
        }

        return value;
    }

    internal RowMask Mask(string name)
    {
        if (!_masks.TryGetValue(name, out var mask))
        {
            var value = _file.Read($"{_name}/in.{name}");
            mask = _case.Packed ? RowMask.FromHost(value.data<bool>().ToArray(), (int)value.shape[0], (int)value.shape[1], Device) : RowMask.FromTensor(value.to(Device));
            _masks.Add(name, mask);
        }

        return mask;
    }

    internal double Number(string name) => Params.GetProperty(name).GetDouble();

    internal double? Optional(string name) => Params.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : null;

    internal bool Flag(string name) => Params.GetProperty(name).GetBoolean();

    internal string? Text(string name) => Params.TryGetProperty(name, out var value) ? value.GetString() : null;

    internal void Compare(Tensor value, IReadOnlyDictionary<string, Tensor>? outputs = null)
    {
        var truth = _case.Type == "bfloat16" ? $"{_name}/bf16.exact." : $"{_name}/";
        Assert.Equal(Type == ScalarType.Float64 ? ScalarType.Float64 : ScalarType.Float32, value.dtype);
        Near(value, _file.Read(truth + "value"), Tolerance("value"), "value");
        foreach (var (key, output) in outputs ?? new Dictionary<string, Tensor>())
        {
            if (_file.Has($"{truth}out.{key}"))
            {
                Near(output, _file.Read($"{truth}out.{key}"), Tolerance("out", key), key);
            }
        }

        value.backward();
        foreach (var name in Differentiable)
        {
            // Inputs that no term reads have no gradient, and the truth is 0.
            var gradient = Input(name).grad ?? zeros_like(Input(name));
            Assert.Equal(Type, gradient.dtype);
            if (_json.GetProperty("gradients").GetString() == "finite_only")
            {
                Assert.True(gradient.isfinite().all().item<bool>(), $"{_case}: the gradient of {name} is not finite.");
                continue;
            }

            Near(gradient, _file.Read($"{truth}grad.{name}"), Tolerance("grad", name), $"gradient of {name}");
        }
    }

    private double? Tolerance(string kind, string? name = null)
    {
        if (_case.Type == "float64")
        {
            return null;
        }

        var tolerance = _json.GetProperty("tolerance").GetProperty(_case.Type).GetProperty(kind);
        return (name is null ? tolerance : tolerance.GetProperty(name)).GetDouble();
    }

    private void Near(Tensor actual, Tensor expected, double? tolerance, string what)
    {
        actual = actual.detach().cpu().to(ScalarType.Float64);
        Assert.Equal(expected.shape, actual.shape);
        if (expected.numel() == 0)
        {
            return;
        }

        // Float64 is the truth's own type: only the order of summation differs.
        var allowed = tolerance ?? 1e-11 * Math.Max(1e-3, expected.abs().max().item<double>());
        var error = (actual - expected).abs().max().item<double>();
        Assert.True(error <= allowed, string.Create(CultureInfo.InvariantCulture, $"{_case}: {what} is off by {error:g3}, allowed is {allowed:g3} of {expected.abs().max().item<double>():g3}."));
    }
}
