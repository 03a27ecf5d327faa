namespace Jigsaw.LLamaSharp.Tests;

/// <summary>A fact about llama.cpp; skipped, with the reason, where its native library can't be loaded.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class LLamaFactAttribute : FactAttribute
{
    public LLamaFactAttribute() => Skip = LLamaLibrary.Missing;
}
