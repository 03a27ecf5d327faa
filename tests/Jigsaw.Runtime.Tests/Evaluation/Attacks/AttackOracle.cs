using System.Text.Json;
using Jigsaw.Models;
using Jigsaw.Runtime.Tests.Losses;
using Jigsaw.Transforms;
using static TorchSharp.torch;

namespace Jigsaw.Runtime.Tests.Evaluation.Attacks;

/// <summary>A transform on the small support model, with x̃ of chats and what the exact attack gives for them in float64.</summary>
internal sealed class AttackOracle : IDisposable
{
    private readonly string _name;

    public AttackOracle(string name, ScalarType dtype = ScalarType.Float64, Device? device = null)
    {
        _name = name;
        Model = CausalLM.Load(TestData.Path("models", "support-lm"), device ?? CPU, dtype);
        Transform = StainedGlassTransform.Load(TestData.Path("attacks", name, "transform"), Model.EmbeddingTable);
        using var document = JsonDocument.Parse(File.ReadAllText(TestData.Path("attacks", name, "bayes.json")));
        Chats = [.. document.RootElement.GetProperty("cases").EnumerateArray().Select(chat => chat.GetProperty("chat").GetString()!)];
    }

    public CausalLM Model { get; }

    public StainedGlassTransform Transform { get; }

    public IReadOnlyList<string> Chats { get; }

    public static JsonElement Bound { get; } = JsonDocument.Parse(File.ReadAllText(TestData.Path("attacks", "protected", "bound.json"))).RootElement;

    public (long[] Ids, bool[] Noise, Tensor Noisy) Row(string chat) =>
        (Longs(chat, "ids"), Read(chat, "noise_mask").data<bool>().ToArray(), Read(chat, "x_tilde").to(Transform.Device));

    public long[] Longs(string chat, string key) => Read(chat, key).data<long>().ToArray();

    public double[] Doubles(string chat, string key) => Read(chat, key).data<double>().ToArray();

    public void Dispose()
    {
        Transform.Dispose();
        Model.Dispose();
    }

    private Tensor Read(string chat, string key) => OracleFile.Open(Path.Combine("attacks", _name), "bayes.safetensors").Read($"{chat}/{key}");
}
