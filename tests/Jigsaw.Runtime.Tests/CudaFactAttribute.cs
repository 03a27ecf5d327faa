using TorchSharp;

namespace Jigsaw.Runtime.Tests;

/// <summary>A fact about a CUDA device; skipped, with the reason, where there is none.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class CudaFactAttribute : FactAttribute
{
    public CudaFactAttribute()
    {
        if (!torch.cuda.is_available())
        {
            Skip = "No CUDA device is available; see docs/cuda.md.";
        }
    }
}
