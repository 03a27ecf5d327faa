using System.Runtime.InteropServices;

namespace Jigsaw.Native;

/// <summary>
/// Makes TorchSharp's native library loadable where the system's C++ runtime is older than the one it was built with.
/// </summary>
/// <remarks>
/// <c>libLibTorchSharp.so</c> of TorchSharp 0.107 asks for the version GLIBCXX_3.4.32 of <c>libstdc++.so.6</c> (GCC 13), which Debian 12 and
/// Ubuntu 22.04 don't have. All that is bound to that version is a marker which is never called. So a copy of the file, in which that
/// version is marked as weak, is loaded before TorchSharp asks for it by name. The original is only read.
/// </remarks>
public static class NativeBackend
{
    private static readonly Lazy<bool> _once = new(Mend, LazyThreadSafetyMode.ExecutionAndPublication);

    /// <summary>
    /// Loads a mended copy of TorchSharp's native library when this is Linux on x64 and the load of the original would fail for the missing
    /// version; does nothing anywhere else. Call it before the first use of TorchSharp. Programs that use the package need not: it is called by a
    /// module initializer that is compiled into them. It acts once a process and may be called from several threads.
    /// </summary>
    /// <returns>Whether a mended copy was loaded.</returns>
    /// <exception cref="NativeLoadException">A mended copy is needed, and can't be made or loaded.</exception>
    public static bool EnsureLoadable() => _once.Value;

    private static bool Mend() =>
        OperatingSystem.IsLinux()
        && RuntimeInformation.ProcessArchitecture == Architecture.X64
        && new BackendPatching
        {
            RuntimeProvides = CppRuntime.Provides,
            SearchFolders = NativeSearch.Folders(),
            CacheFolders = PrivateFolder.Candidates(),
            Load = path => NativeLibrary.Load(path),
        }.Run();
}
