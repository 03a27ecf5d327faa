using System.Runtime.Versioning;
using Jigsaw.Native;

namespace Jigsaw.Runtime.Tests.Native;

[SupportedOSPlatform("linux")]
public sealed class CppRuntimeTests
{
    [LinuxFact]
    public void It_provides_the_version_that_is_written_in_the_file_that_this_process_has_mapped()
    {
        var path = File.ReadLines("/proc/self/maps").Select(line => line.Split(' ')[^1]).First(path => path.Contains("libstdc++.so", StringComparison.Ordinal));
        var written = File.ReadAllBytes(path).AsSpan().IndexOf("GLIBCXX_3.4.32\0"u8) >= 0;

        Assert.Equal(written, CppRuntime.Provides("GLIBCXX_3.4.32"));
    }

    [LinuxFact]
    public void It_does_not_provide_a_version_that_no_library_has()
    {
        Assert.False(CppRuntime.Provides("GLIBCXX_9.9.99"));
    }
}
