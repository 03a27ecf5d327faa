using Jigsaw.Batches;
using TorchSharp;
using static TorchSharp.torch;

namespace Jigsaw.Runtime.Tests.Losses;

public sealed class RowMaskTests
{
    [CudaFact]
    public void Rows_of_a_mask_on_cuda_are_those_on_the_cpu()
    {
        using var scope = NewDisposeScope();
        bool[] left = [true, false, true, true, false, false], right = [true, true, false, true, false, true];
        foreach (var (host, device) in (ReadOnlySpan<(RowMask, RowMask)>)[
            (RowMask.FromHost(left, 2, 3, CPU), RowMask.FromHost(left, 2, 3, CUDA)),
            (RowMask.FromHost(left, 2, 3, CPU) & RowMask.FromHost(right, 2, 3, CPU), RowMask.FromHost(left, 2, 3, CUDA) & RowMask.FromHost(right, 2, 3, CUDA)),
            (RowMask.FromHost(left, 2, 3, CPU) | RowMask.FromHost(right, 2, 3, CPU), RowMask.FromHost(left, 2, 3, CUDA) | RowMask.FromHost(right, 2, 3, CUDA))])
        {
            Assert.Equal(DeviceType.CUDA, device.Device.type);
            Assert.True(host.Value.IsSame(device.Value.cpu()) && host.Rows!.IsSame(device.Rows!.cpu()));
        }
    }

    [Fact]
    public void A_mask_frees_what_it_uploaded_and_leaves_a_tensor_that_it_was_made_of()
    {
        using var value = ones([2, 3], dtype: ScalarType.Bool);
        var of = RowMask.FromTensor(value);
        of.Dispose();
        Assert.False(value.IsInvalid);
        var own = RowMask.FromHost([true, false], 1, 2, CPU);
        own.Dispose();
        Assert.True(own.Value.IsInvalid);
        Assert.True(own.Rows!.IsInvalid);
    }
}
