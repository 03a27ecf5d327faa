namespace Jigsaw.Package.Tests;

/// <summary>A user's console project in an empty folder.</summary>
internal sealed class ConsoleProgram
{
    private readonly string _folder;

    public ConsoleProgram(PackedJigsaw package, string name)
    {
        _folder = package.NewFolder(name);
        var platform = OperatingSystem.IsWindows() ? "win-x64" : OperatingSystem.IsMacOS() ? "osx-arm64" : "linux-x64";
        Write("nuget.config", package.Sources);

        // Links to the libraries of the cache, not half a gigabyte of copies.
        Write("Program.csproj", $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <Nullable>enable</Nullable>
                <ImplicitUsings>enable</ImplicitUsings>
                <CreateHardLinksForCopyLocalIfPossible>true</CreateHardLinksForCopyLocalIfPossible>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="Jigsaw" Version="{package.Version}" />
                <PackageReference Include="libtorch-cpu-{platform}" Version="{PackedJigsaw.LibTorchVersion}" />
              </ItemGroup>
            </Project>
            """);
    }

    public void Write(string file, string text) => File.WriteAllText(Path.Combine(_folder, file), text);

    public void Replace(string file, string old, string @new) =>
        Write(file, File.ReadAllText(Path.Combine(_folder, file)).Replace(old, @new, StringComparison.Ordinal));

    public Task<(int ExitCode, string Output)> Build() => DotnetCommand.Run(_folder, "build");

    public Task<(int ExitCode, string Output)> Run() => DotnetCommand.Run(_folder, Path.Combine("bin", "Debug", "net10.0", "Program.dll"));
}
