namespace Jigsaw.Models;

/// <summary>Low-rank adapters for a frozen base.</summary>
public sealed class LoraAdapters : IDisposable
{
    /// <summary>Makes fresh adapters: A random, B zero.</summary>
    public static LoraAdapters Create(CausalLM model, LoraConfig lora, long seed) => throw new NotSupportedException();

    /// <summary>Frees the adapters.</summary>
    public void Dispose()
    {
    }
}
