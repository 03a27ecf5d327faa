namespace Jigsaw.LLamaSharp.Tests;

/// <summary>A theory about llama.cpp; skipped, with the reason, where its native library can't be loaded.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class LLamaTheoryAttribute : TheoryAttribute
{
    public LLamaTheoryAttribute() => Skip = LLamaLibrary.Missing;
}
