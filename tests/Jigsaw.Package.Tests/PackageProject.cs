using System.Security;

namespace Jigsaw.Package.Tests;

/// <summary>A user's project of any kind in a folder of its own.</summary>
internal sealed class PackageProject
{
    private readonly string _name;

    /// <param name="package">The package.</param>
    /// <param name="name">The project's name, and its folder's.</param>
    /// <param name="properties">Lines of its property group.</param>
    /// <param name="items">Lines of its item group, beside the package itself.</param>
    /// <param name="framework">Its target framework.</param>
    /// <param name="isProgram">True for a program.</param>
    /// <param name="reference">Which package it uses.</param>
    public PackageProject(PackedJigsaw package, string name, string properties = "", string items = "", string framework = "net10.0", bool isProgram = true, string reference = "Jigsaw")
    {
        _name = name;
        Folder = package.NewFolder(name);
        Write("nuget.config", Source(package));
        Write($"{name}.csproj", $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>{(isProgram ? "Exe" : "Library")}</OutputType>
                <TargetFramework>{framework}</TargetFramework>
                <Nullable>enable</Nullable>
                <ImplicitUsings>enable</ImplicitUsings>
                <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
                <CreateHardLinksForCopyLocalIfPossible>true</CreateHardLinksForCopyLocalIfPossible>
                {properties}
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="{reference}" Version="{package.Version}" />
                {items}
              </ItemGroup>
            </Project>
            """);
    }

    /// <summary>The reference to the native libraries of this platform.</summary>
    public static string LibTorch { get; } = $"<PackageReference Include=\"libtorch-cpu-{Platform}\" Version=\"{PackedJigsaw.LibTorchVersion}\" />";

    /// <summary>The property of a program that is built but never run, so it needs no native libraries.</summary>
    public const string NeverRuns = "<JigsawNativeCheck>false</JigsawNativeCheck>";

    public static string Platform => OperatingSystem.IsWindows() ? "win-x64" : OperatingSystem.IsMacOS() ? "osx-arm64" : "linux-x64";

    public string Folder { get; }

    public static string Source(PackedJigsaw package) => $"""
        <configuration>
          <packageSources>
            <add key="local" value="{SecurityElement.Escape(package.Feed)}" />
          </packageSources>
        </configuration>
        """;

    /// <summary>Lets programs of a folder have links to the libraries of the cache, not half a gigabyte of copies.</summary>
    public static void LinksLibraries(string folder) =>
        File.WriteAllText(Path.Combine(folder, "Directory.Build.props"), "<Project><PropertyGroup><CreateHardLinksForCopyLocalIfPossible>true</CreateHardLinksForCopyLocalIfPossible></PropertyGroup></Project>");

    public void Write(string file, string text) => File.WriteAllText(Path.Combine(Folder, file), text);

    public Task<(int ExitCode, string Output)> Build(params string[] arguments) => DotnetCommand.Run(Folder, ["build", .. arguments]);

    /// <summary>Builds, and fails the test with the log if that fails.</summary>
    public async Task<string> Builds(params string[] arguments)
    {
        var (code, log) = await Build(arguments);
        Assert.True(code == 0, log);
        Assert.Contains("0 Warning(s)", log, StringComparison.Ordinal);
        return log;
    }

    public Task<(int ExitCode, string Output)> Run() => DotnetCommand.Run(Folder, Path.Combine("bin", "Debug", "net10.0", _name + ".dll"));
}
