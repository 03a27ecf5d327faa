using System.Runtime.Versioning;
using Jigsaw.Native;
using TorchSharp;

namespace Jigsaw.Runtime.Tests.Native;

public sealed class NativeBackendTests
{
    [Fact]
    public void A_tensor_sums_right()
    {
        using var tensor = torch.arange(10, dtype: torch.float32);
        using var sum = tensor.sum();

        Assert.Equal(45f, sum.item<float>());
    }

    [Fact]
    public void Asking_again_gives_the_same_answer()
    {
        Assert.Equal(NativeBackend.EnsureLoadable(), NativeBackend.EnsureLoadable());
    }

    [LinuxFact]
    [SupportedOSPlatform("linux")]
    public void A_copy_is_loaded_exactly_where_the_version_is_missing()
    {
        Assert.Equal(!CppRuntime.Provides(BackendPatching.MissingVersion), NativeBackend.EnsureLoadable());
    }
}
