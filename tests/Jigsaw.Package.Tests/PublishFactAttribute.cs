namespace Jigsaw.Package.Tests;

/// <summary>A test that publishes a program; skipped, with the reason, where this machine can't.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class PublishFactAttribute : FactAttribute
{
    /// <summary>The linker to name in a native compilation; null where the default, clang, is there.</summary>
    public static string? Linker { get; } = OperatingSystem.IsLinux() && !IsThere("clang") ? "gcc" : null;

    /// <summary>True for a test that compiles to native code.</summary>
    public bool IsNative { get; init; }

    /// <inheritdoc/>
    public override string? Skip
    {
        get => base.Skip ?? (IsNative ? Missing : null);
        set => base.Skip = value;
    }

    private static string? Missing =>
        OperatingSystem.IsLinux() && !IsThere("clang") && !IsThere("gcc") ? "Native compilation needs clang or gcc as the linker, and neither is installed."
        : null;

    private static bool IsThere(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => folder.Length > 0 && File.Exists(Path.Combine(folder, program)));
}
