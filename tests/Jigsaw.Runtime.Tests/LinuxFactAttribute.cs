namespace Jigsaw.Runtime.Tests;

/// <summary>A fact about Linux; skipped, with the reason, elsewhere.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class LinuxFactAttribute : FactAttribute
{
    public LinuxFactAttribute()
    {
        if (!OperatingSystem.IsLinux())
        {
            Skip = "Only Linux loads ELF libraries.";
        }
    }
}
