using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Jigsaw.Benchmarks;
using TorchSharp;

const string Start = "<!-- measured: begin -->";
const string End = "<!-- measured: end -->";

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
        case "--model" when i + 1 < args.Length && Directory.Exists(args[i + 1]):
            scale = scale with { Model = args[++i] };
            break;
        case "--processor-time":
            Timing.ProcessorTime = true;
            break;
        case var name when Sections.All.Any(section => section.Name == name):
            chosen.Add(name);
            break;
        default:
            Console.Error.WriteLine($"'{args[i]}' is no section or option; use compare OLD NEW, or any of {string.Join(", ", Sections.All.Select(section => section.Name))} with --rounds N, --rows N, --model DIR, --processor-time, --write FILE.");
            return 1;
    }
}

var text = new StringBuilder();
text.Append(CultureInfo.InvariantCulture, $"Measured {DateTime.UtcNow:yyyy-MM-dd} on {RuntimeInformation.OSDescription}, {Environment.ProcessorCount} cores, .NET {Environment.Version}, TorchSharp {typeof(torch).Assembly.GetName().Version!.ToString(3)}; {scale.Rows} rows, median of {scale.Rounds} rounds in which the cases take turns; {(Timing.ProcessorTime ? "processor time of one thread" : "time of the clock, all cores")}.\n\n");
foreach (var (name, run) in Sections.All.Where(section => chosen.Count == 0 || chosen.Contains(section.Name)))
{
    text.Append(run(scale));
}

if (output is not null)
{
    var existing = File.Exists(output) ? File.ReadAllText(output) : $"{Start}\n{End}\n";
    var (from, to) = (existing.IndexOf(Start, StringComparison.Ordinal), existing.IndexOf(End, StringComparison.Ordinal));
    if (from < 0 || to < from)
    {
        Console.Error.WriteLine($"{output} has no lines '{Start}' and '{End}' to write between.");
        return 1;
    }

    File.WriteAllText(output, $"{existing[..(from + Start.Length)]}\n{text}{existing[to..]}");
}

return 0;
