using TorchSharp;

namespace Jigsaw.Runtime.Tests;

/// <summary>A theory about a CUDA device; skipped, with the reason, where there is none.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class CudaTheoryAttribute : TheoryAttribute
{
    public CudaTheoryAttribute()
    {
        if (!torch.cuda.is_available())
        {
            Skip = CudaFactAttribute.Reason;
        }
    }
}
