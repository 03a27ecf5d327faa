using TorchSharp;
using static TorchSharp.torch;

namespace Jigsaw.Batches;

/// <summary>Copies of what was made on the host.</summary>
internal static class DeviceCopy
{
    /// <summary>
    /// A copy on a device, in the caller's dispose scope. On its way to CUDA it goes through pinned memory: from other memory the host would wait until the device has done
    /// everything that was queued before.
    /// </summary>
    public static Tensor Of(Tensor host, Device device)
    {
        if (device.type != DeviceType.CUDA)
        {
            return host.to(device, copy: true);
        }

        // Freed at once: libtorch reuses pinned memory only when the copies from it are done.
        using var pinned = host.pin_memory();
        return pinned.to(device, non_blocking: true);
    }
}
