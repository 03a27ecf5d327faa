using System.Globalization;
using System.Runtime.InteropServices;
using Jigsaw.Benchmarks;
using TorchSharp;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
if (args is ["compare", var before, var after])
{
    MeasurementComparison.Print(before, after);
    return 0;
}

string? output = null;
var scale = new Scale(1024, 5, Scale.QuickstartModel);
var chosen = new List<string>();
for (var i = 0; i < args.Length; i++)
{
    switch (args[i])
    {
        case "--write" when i + 1 < args.Length:
            output = args[++i];
            break;
        case "--rounds" when i + 1 < args.Length && int.TryParse(args[i + 1], out var rounds) && rounds > 0:
            scale = scale with { Rounds = rounds };
            i++;
            break;
        case "--rows" when i + 1 < args.Length && int.TryParse(args[i + 1], out var rows) && rows >= 64:
            scale = scale with { Rows = rows };
            i++;
            break;
        case "--chats" when i + 1 < args.Length && int.TryParse(args[i + 1], out var chats) && chats > 1:
            scale = scale with { Chats = chats };
            i++;
            break;
        case "--model" when i + 1 < args.Length && Directory.Exists(args[i + 1]):
            scale = scale with { Model = args[++i] };
            break;
        case "--device" when i + 1 < args.Length && args[i + 1] is ("cpu" or "cuda"):
            scale = scale with { Device = torch.device(args[++i]) };
            Timing.WaitsForDevice = scale.Device.type == DeviceType.CUDA;
            break;
        case "--processor-time":
            Timing.ProcessorTime = true;
            break;
        case var name when Sections.All.Any(section => section.Name == name):
            chosen.Add(name);
            break;
        default:
            Console.Error.WriteLine($"'{args[i]}' is not a section or an option; use compare OLD NEW, or any of {string.Join(", ", Sections.All.Select(section => section.Name))} with --rounds N, --rows N, --chats N, --model DIR, --device cpu|cuda, --processor-time, --write FILE.");
            return 1;
    }
}

var sections = Sections.All.Where(section => chosen.Count == 0 ? !Timing.WaitsForDevice || Sections.OnDevice.Contains(section.Name) : chosen.Contains(section.Name)).ToArray();
if (Timing.WaitsForDevice && (!torch.cuda.is_available() || sections.Any(section => !Sections.OnDevice.Contains(section.Name))))
{
    Console.Error.WriteLine($"--device cuda needs a CUDA device (docs/cuda.md), and is for {string.Join(", ", Sections.OnDevice)}.");
    return 1;
}

if (output is not null && !MeasurementFile.Takes(output))
{
    Console.Error.WriteLine($"{output} has no lines '<!-- measured: begin -->' and '<!-- measured: end -->' to write between.");
    return 1;
}

var processor = File.Exists("/proc/cpuinfo") ? File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[1].Trim() : null;
var conditions = $"{DateTime.UtcNow:yyyy-MM-dd}, {RuntimeInformation.OSDescription}, {Environment.ProcessorCount} cores{(processor is null ? "" : $" of {processor}")}{(Timing.WaitsForDevice ? ", on CUDA" : "")}, .NET {Environment.Version}, TorchSharp {typeof(torch).Assembly.GetName().Version!.ToString(3)}; {scale.Rows} rows, {scale.Rounds} rounds, {(Timing.ProcessorTime ? "processor time of one thread" : "wall-clock time")}.";
foreach (var (_, run) in sections)
{
    var table = run(scale).ToString(conditions);
    if (output is not null)
    {
        MeasurementFile.Write(output, [table]);
    }
}

return 0;
