using System.Globalization;
using Jigsaw;
using Jigsaw.Benchmarks;
using TorchSharp;
using static TorchSharp.torch;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
Timing.ProcessorTime = args.Contains("--processor-time");
var rows = args.Contains("--small") ? 256 : 1024;
var sections = args.Where(arg => !arg.StartsWith('-')).DefaultIfEmpty("head");
foreach (var section in sections)
{
    switch (section)
    {
        case "head":
            foreach (var type in (ScalarType[])[ScalarType.Float32, ScalarType.BFloat16])
            {
                using var work = new HeadWork(rows, 576, 49152, type);
                foreach (var target in (CeTarget[])[CeTarget.Hard, CeTarget.Soft])
                {
                    var times = Timing.Medians(5, () => work.Bare(), () => work.Jigsaw(target));
                    Console.WriteLine($"{type} {target}: bare {times[0]:f0} ms, jigsaw {times[1]:f0} ms, ratio {times[1] / times[0]:f3}, peak {PeakMemory.Of(() => work.Jigsaw(target)):f0} MB");
                }
            }

            break;
    }
}
