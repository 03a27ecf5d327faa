namespace Jigsaw.Samples.Tests;

/// <summary>A fact of signals and permissions of files; skipped, with the reason, on Windows.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class UnixFactAttribute : FactAttribute
{
    public UnixFactAttribute()
    {
        if (OperatingSystem.IsWindows())
        {
            Skip = "Windows has other signals and permissions.";
        }
    }
}
