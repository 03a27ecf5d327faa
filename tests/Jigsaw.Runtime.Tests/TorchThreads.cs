using System.Runtime.CompilerServices;
using Jigsaw.Native;
using TorchSharp;

namespace Jigsaw.Runtime.Tests;

/// <summary>Tests run side by side, each on one thread: teams of threads that wait for each other's cores spin, and take many times as long.</summary>
internal static class TorchThreads
{
    [ModuleInitializer]
    internal static void UseOne()
    {
        try
        {
            NativeBackend.EnsureLoadable();
        }
        catch (NativeLoadException)
        {
            // The assembly's own initializer says so.
            return;
        }

        torch.set_num_threads(1);
    }
}
