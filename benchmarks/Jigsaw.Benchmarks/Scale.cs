using TorchSharp;

namespace Jigsaw.Benchmarks;

/// <summary>The scale of the measurements.</summary>
/// <param name="Rows">Tokens of the head's cases.</param>
/// <param name="Rounds">Rounds that the median is taken over.</param>
/// <param name="Model">Directory of the checkpoint that whole steps use.</param>
internal sealed record Scale(int Rows, int Rounds, string Model)
{
    /// <summary>Chats of 128 tokens in a step.</summary>
    public int Chats { get; init; } = 4;

    /// <summary>Where models and tensors are.</summary>
    public torch.Device Device { get; init; } = torch.CPU;

    /// <summary>Directory of the quick start's model, with its chats.</summary>
    public static string QuickstartModel { get; } = Path.Combine(AppContext.BaseDirectory, "models", "support-lm");
}
