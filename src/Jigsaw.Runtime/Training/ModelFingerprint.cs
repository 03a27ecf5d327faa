using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Jigsaw.Models;
using static TorchSharp.torch;

namespace Jigsaw.Training;

/// <summary>What tells a frozen model from another one: a hash over shape, dtype and evenly spaced elements of its weights, cheap for a large model, too.</summary>
internal static class ModelFingerprint
{
    private const int Elements = 256;

    /// <summary>The first characters of the SHA-256. Of a model that is not a <see cref="CausalLM"/> it covers the embedding table and the head.</summary>
    /// <param name="model">The model.</param>
    public static string Of(ICausalLM model)
    {
        using var scope = NewDisposeScope();
        using var grad = no_grad();
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var weights = model is CausalLM causal ? causal.Linears.Select(linear => linear.Weight) : [];
        foreach (var weight in weights.Prepend(model.Head.Weight).Prepend(model.EmbeddingTable))
        {
            var flat = weight.detach().reshape(-1);
            var places = linspace(0, flat.shape[0] - 1, Math.Min(Elements, flat.shape[0]), dtype: ScalarType.Float64, device: flat.device).to(ScalarType.Int64);
            hash.AppendData(System.Text.Encoding.ASCII.GetBytes($"{weight.dtype} {string.Join(' ', weight.shape)}"));
            hash.AppendData(MemoryMarshal.AsBytes(flat.index_select(0, places).to(ScalarType.Float64).cpu().data<double>().ToArray().AsSpan()));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset())[..16];
    }
}
