using System.Runtime.InteropServices;

namespace Jigsaw.Runtime.Tests;

/// <summary>libtorch's own check that nothing waits for a CUDA device (<c>torch.cuda.set_sync_debug_mode("error")</c> of PyTorch), which TorchSharp doesn't offer.</summary>
internal static class DeviceWaits
{
    private const string LibraryName = "libc10_cuda.so";
    private const string WarningState = "_ZN3c104cuda13warning_stateEv";

    private const int Disabled = 0;
    private const int Error = 2;

    // Returns a reference to a struct of one field, the mode.
    private delegate nint Reference();

    /// <summary>Makes what waits for the device throw until the result is disposed.</summary>
    public static IDisposable Forbid()
    {
        var mode = Marshal.GetDelegateForFunctionPointer<Reference>(NativeLibrary.GetExport(NativeLibrary.Load(LibraryName), WarningState))();
        Marshal.WriteInt32(mode, Error);
        return new Forbidden(mode);
    }

    private sealed class Forbidden(nint mode) : IDisposable
    {
        public void Dispose() => Marshal.WriteInt32(mode, Disabled);
    }
}
