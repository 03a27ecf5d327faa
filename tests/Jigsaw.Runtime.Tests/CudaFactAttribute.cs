using TorchSharp;

namespace Jigsaw.Runtime.Tests;

/// <summary>A fact about a CUDA device; skipped, with the reason, where there is none.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class CudaFactAttribute : FactAttribute
{
    internal const string Reason = "No CUDA device is available; see docs/cuda.md.";

    public CudaFactAttribute()
    {
        if (!torch.cuda.is_available())
        {
            Skip = Reason;
        }
    }
}
