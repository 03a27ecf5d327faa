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
}
