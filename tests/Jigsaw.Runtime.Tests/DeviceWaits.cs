using System.Runtime.InteropServices;

namespace Jigsaw.Runtime.Tests;

/// <summary>libtorch's own check that nothing waits for a CUDA device (<c>torch.cuda.set_sync_debug_mode("error")</c> of PyTorch), which TorchSharp doesn't offer.</summary>
internal static class DeviceWaits
{
    // The static variable of c10::cuda::warning_state(): a struct whose one field is the mode.
    private const string WarningState = "_ZZN3c104cuda13warning_stateEvE14warning_state_";
    private const int Disabled = 0;
    private const int Error = 2;

    private static readonly string[] _libraries = ["libc10_cuda.so", "libtorch_cuda.so"];

    /// <summary>Makes what waits for the device throw until the result is disposed.</summary>
    public static IDisposable Forbid()
    {
        nint[] modes = [.. _libraries.Select(library => NativeLibrary.TryGetExport(NativeLibrary.Load(library), WarningState, out var mode) ? mode : 0).Where(mode => mode != 0).Distinct()];
        Assert.NotEmpty(modes);
        var forbidden = new Forbidden(modes);
        forbidden.Set(Error);
        return forbidden;
    }

    private sealed class Forbidden(nint[] modes) : IDisposable
    {
        public void Set(int value) => Array.ForEach(modes, mode => Marshal.WriteInt32(mode, value));

        public void Dispose() => Set(Disabled);
    }
}
