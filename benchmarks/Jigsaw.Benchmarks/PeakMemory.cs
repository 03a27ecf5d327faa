using System.Globalization;
using System.Runtime.InteropServices;

namespace Jigsaw.Benchmarks;

/// <summary>The kernel's own high-water mark of this process's resident memory (Linux).</summary>
internal static partial class PeakMemory
{
    /// <summary>Peak growth of the process in megabytes while the action ran; NaN if the kernel doesn't report it, or if the memory is a device's, which TorchSharp doesn't report.</summary>
    public static double Of(Action action)
    {
        if (Timing.WaitsForDevice || !File.Exists("/proc/self/clear_refs"))
        {
            action();
            return double.NaN;
        }

        GC.Collect();
        GC.WaitForPendingFinalizers();
        _ = Trim(0);
        var before = Kilobytes("VmRSS");
        File.WriteAllText("/proc/self/clear_refs", "5");
        action();
        return (Kilobytes("VmHWM") - before) / 1024;
    }

    // Memory that the allocator kept from earlier runs would hide what this one needs.
    [LibraryImport("libc", EntryPoint = "malloc_trim")]
    private static partial int Trim(nuint pad);

    private static double Kilobytes(string name) =>
        double.Parse(File.ReadLines("/proc/self/status").First(line => line.StartsWith(name + ":", StringComparison.Ordinal)).Split(':')[1].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture);
}
