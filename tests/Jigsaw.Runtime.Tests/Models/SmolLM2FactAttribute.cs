namespace Jigsaw.Runtime.Tests.Models;

/// <summary>A fact about the real SmolLM2-135M-Instruct; skipped, with the reason, where its directory is not named.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SmolLM2FactAttribute : FactAttribute
{
    public SmolLM2FactAttribute()
    {
        if (Folder is null)
        {
            Skip = "JIGSAW_SMOLLM2 does not name the directory of SmolLM2-135M-Instruct; see docs/models.md.";
        }
    }

    public static string? Folder => Environment.GetEnvironmentVariable("JIGSAW_SMOLLM2") is { Length: > 0 } folder ? folder : null;
}
