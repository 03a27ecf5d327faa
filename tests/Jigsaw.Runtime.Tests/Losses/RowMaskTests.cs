using Jigsaw.Batches;
using static TorchSharp.torch;

namespace Jigsaw.Runtime.Tests.Losses;

public sealed class RowMaskTests
{
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
