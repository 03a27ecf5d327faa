using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace Jigsaw.Native;

/// <summary>The C++ runtime that this process uses.</summary>
[SupportedOSPlatform("linux")]
internal static partial class CppRuntime
{
    // The one symbol of TorchSharp's library that is bound to the version, and the first that the version defines.
    private const string Marker = "_ZSt21ios_base_library_initv";

    /// <summary>True if the process's libstdc++ has a version. Also true if that can't be determined: then nothing is patched.</summary>
    /// <param name="version">A version of GCC 13's libstdc++, such as <c>GLIBCXX_3.4.32</c>.</param>
    public static bool Provides(string version)
    {
        if (!NativeLibrary.TryLoad(BackendPatching.CppRuntimeName, out var handle))
        {
            return true;
        }

        try
        {
            return VersionedSymbol(handle, Marker, version) != 0;
        }
        catch (EntryPointNotFoundException)
        {
            return true;
        }
        finally
        {
            NativeLibrary.Free(handle);
        }
    }

    [LibraryImport("libc", EntryPoint = "dlvsym", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint VersionedSymbol(nint handle, string symbol, string version);
}
