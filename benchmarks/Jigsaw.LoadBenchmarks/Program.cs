using System.Globalization;
using System.Runtime.InteropServices;
using Jigsaw.Client;
using Jigsaw.LoadBenchmarks;
using Jigsaw.Proxy;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
var (seconds, rounds, bundle) = (3.0, 3, (string?)null);
for (var i = 0; i < args.Length; i++)
{
    switch (args[i])
    {
        case "--seconds" when i + 1 < args.Length && double.TryParse(args[i + 1], out var told) && told > 0:
            (seconds, i) = (told, i + 1);
            break;
        case "--rounds" when i + 1 < args.Length && int.TryParse(args[i + 1], out var count) && count > 0:
            (rounds, i) = (count, i + 1);
            break;
        case "--bundle" when i + 1 < args.Length && Directory.Exists(args[i + 1]):
            (bundle, i) = (args[i + 1], i + 1);
            break;
        default:
            Console.Error.WriteLine($"'{args[i]}' is not an option; use --seconds N, --rounds N, --bundle DIR.");
            return 1;
    }
}

var folder = Directory.CreateTempSubdirectory("jigsaw-load-").FullName;
try
{
    if (bundle is null)
    {
        bundle = Path.Combine(folder, "bundle");
        ClientBundle.Export(Path.Combine(AppContext.BaseDirectory, "models", "support-lm"), Path.Combine(AppContext.BaseDirectory, "transform"), bundle, NoiseScope.Users);
    }

    await using var upstream = await Servers.UpstreamAsync();
    await using var bare = await Servers.BareAsync(Servers.AddressOf(upstream));
    await using var proxy = ProxyApplication.Build(["--Bundle", bundle, "--Upstream", Servers.AddressOf(upstream), "--UpstreamModel", "support", "--urls", "http://127.0.0.1:0"], builder => builder.Logging.ClearProviders());
    await proxy.StartAsync();
    (string Name, string Address)[] targets = [("the server itself", Servers.AddressOf(upstream)), ("a bare proxy (YARP)", Servers.AddressOf(bare)), ("Jigsaw.Proxy", Servers.AddressOf(proxy))];
    Console.WriteLine($"{DateTime.UtcNow:yyyy-MM-dd}, {RuntimeInformation.OSDescription}, {Environment.ProcessorCount} cores for callers, proxies and server, .NET {Environment.Version}; {rounds} rounds of {seconds} s; the server answers at once.");
    Console.WriteLine("\n| callers | | requests/s | p50, ms | p99, ms |\n|---|---|---|---|---|");
    foreach (var callers in (int[])[1, 16])
    {
        var loads = targets.Select(target => new Load(target.Address, callers)).ToArray();
        foreach (var load in loads)
        {
            // As long as the runtime compiles what is used often once more: a service runs for days.
            await load.RunAsync(TimeSpan.FromSeconds(8), isMeasured: false);
        }

        // In turns, so what else the machine does falls on each.
        for (var round = 0; round < rounds; round++)
        {
            foreach (var load in loads)
            {
                await load.RunAsync(TimeSpan.FromSeconds(seconds), isMeasured: true);
            }
        }

        foreach (var (target, load) in targets.Zip(loads))
        {
            Console.WriteLine($"| {callers} | {target.Name} | {load.PerSecond:F0} | {load.Percentile(0.5):F2} | {load.Percentile(0.99):F2} |");
            load.Dispose();
        }
    }
}
finally
{
    Directory.Delete(folder, recursive: true);
}

return 0;
