namespace Jigsaw.Runtime.Tests;

/// <summary>A theory that runs on Linux on x64 alone, for which its native library is there.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class LinuxTheoryAttribute : TheoryAttribute
{
    public LinuxTheoryAttribute()
    {
        if (!OperatingSystem.IsLinux() || System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture != System.Runtime.InteropServices.Architecture.X64)
        {
            Skip = "what it needs, an oracle's native library or the kernel's count of memory, is for Linux on x64";
        }
    }
}
