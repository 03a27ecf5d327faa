using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using static TorchSharp.torch;

namespace Jigsaw.Models;

public sealed partial class CausalLM
{
    private const long HashedElements = 1 << 22;

    /// <summary>The SHA-256 of all that a run without adapters depends on: every weight, and the numbers of the configuration.</summary>
    internal byte[] ContentHash()
    {
        using var scope = NewDisposeScope();
        using var grad = no_grad();
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Add($"{Config.NormEps:R} {Config.HeadCount} {Config.KeyValueHeadCount} {Config.HeadDim} {Config.Rope.AttentionFactor:R} {string.Join(' ', Config.Windows.Select(window => window ?? 0))} {Config.TiedHead}");
        hash.AppendData(MemoryMarshal.AsBytes<float>(Config.Rope.Frequencies(Config.HeadDim)));
        foreach (var weight in NamedWeights(adapters: null))
        {
            using var tensor = weight.Make();
            Add($"{weight.Name} {weight.DType} {string.Join(' ', weight.Shape)}");
            using var flat = tensor.detach().contiguous().view(-1);
            for (var start = 0L; start < flat.shape[0]; start += HashedElements)
            {
                using var chunk = flat.narrow(0, start, Math.Min(HashedElements, flat.shape[0] - start)).cpu().contiguous();
                hash.AppendData(chunk.bytes);
            }
        }

        return hash.GetHashAndReset();

        void Add(FormattableString text) => hash.AppendData(Encoding.UTF8.GetBytes(text.ToString(CultureInfo.InvariantCulture)));
    }
}
