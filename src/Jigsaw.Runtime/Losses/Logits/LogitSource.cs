using Jigsaw.Passes;
using Jigsaw.Tensors;
using static TorchSharp.torch;

namespace Jigsaw.Losses.Logits;

/// <summary>The hidden states and the LM head that produce one pass's logits, and the terms that read them.</summary>
internal sealed record LogitSource(Tensor Hidden, LanguageModelHead Head, params IReadOnlyList<WeightedLogitTerm> Terms)
{
    /// <summary>Checks the teacher's and all sources before the first operation.</summary>
    /// <exception cref="ArgumentException">A shape, dtype or device does not match.</exception>
    internal static void Check(LogitSource teacher, IReadOnlyList<LogitSource> sources)
    {
        KernelArguments.RequireTokens(teacher.Hidden, "teacher.Hidden");
        var device = teacher.Hidden.device;
        foreach (var source in sources.Prepend(teacher))
        {
            KernelArguments.RequireTokens(source.Hidden, "hidden");
            KernelArguments.RequireDevice(device, source.Hidden, "hidden");
            KernelArguments.RequireFloating(source.Head.Weight, "head.Weight");
            KernelArguments.RequireDevice(device, source.Head.Weight, "head.Weight");
            var (hidden, weight) = (source.Hidden.shape, source.Head.Weight.shape);
            if (weight.Length != 2 || weight[1] != hidden[2])
            {
                throw new ArgumentException($"An LM head of shape ({string.Join(", ", weight)}) can't read hidden states of shape ({string.Join(", ", hidden)}); it needs (vocabulary, {hidden[2]}).", nameof(sources));
            }

            if (hidden[0] != teacher.Hidden.shape[0] || hidden[1] != teacher.Hidden.shape[1] || weight[0] != teacher.Head.Weight.shape[0])
            {
                throw new ArgumentException($"Hidden states of shape ({string.Join(", ", hidden)}) with {weight[0]} classes can't be compared with the teacher's ({string.Join(", ", teacher.Hidden.shape)}) with {teacher.Head.Weight.shape[0]}.", nameof(sources));
            }

            if (source.Head.Bias is { } bias)
            {
                KernelArguments.RequireDevice(device, bias, "head.Bias");
            }

            foreach (var term in source.Terms)
            {
                KernelArguments.RequireMask(device, term.Mask, hidden[0], hidden[1], "mask");
            }
        }
    }
}
