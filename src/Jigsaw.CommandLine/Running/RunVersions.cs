using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Jigsaw.Checkpoints;
using TorchSharp;

namespace Jigsaw.CommandLine.Running;

/// <summary>What a run was trained with: a file in its folder, for its report.</summary>
internal static class RunVersions
{
    /// <summary>The file in the folder of a run.</summary>
    internal const string Name = "versions.json";

    private static readonly JsonSerializerOptions _indented = new() { WriteIndented = true };

    /// <summary>Writes it.</summary>
    internal static void Write(string folder) => AtomicFile.WriteText(Path.Combine(folder, Name), ToJson().ToJsonString(_indented) + "\n");

    private static JsonObject ToJson() => new()
    {
        ["jigsaw"] = Version(typeof(RunVersions).Assembly),
        ["torchsharp"] = Version(typeof(torch).Assembly),
        ["program"] = Assembly.GetEntryAssembly() is { } program ? $"{program.GetName().Name} {Version(program)}" : null,
        ["runtime"] = RuntimeInformation.FrameworkDescription,
        ["system"] = RuntimeInformation.OSDescription,
        ["processor"] = RuntimeInformation.ProcessArchitecture.ToString(),
        ["threads"] = torch.get_num_threads(),
    };

    private static string? Version(Assembly assembly) =>
        assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? assembly.GetName().Version?.ToString();
}
