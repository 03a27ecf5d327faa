namespace Jigsaw.Samples.Tests;

/// <summary>A fact that sends signals; skipped, with the reason, on Windows.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class UnixFactAttribute : FactAttribute
{
    public UnixFactAttribute()
    {
        if (OperatingSystem.IsWindows())
        {
            Skip = "Windows sends no SIGTERM.";
        }
    }
}
