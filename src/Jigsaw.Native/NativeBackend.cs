using System.Runtime.InteropServices;

namespace Jigsaw.Native;

/// <summary>
/// Makes TorchSharp's native library loadable where the system's C++ runtime is older than the one it was built with.
/// </summary>
/// <remarks>
/// <c>libLibTorchSharp.so</c> of TorchSharp 0.107 requires version GLIBCXX_3.4.32 of <c>libstdc++.so.6</c> (GCC 13), which Debian 12 and
/// Ubuntu 22.04 don't have. The only symbol bound to that version is a marker that is never called. So a patched copy of the file, in which that
/// version is marked as weak, is loaded before TorchSharp loads it by name. The original is only read.
/// </remarks>
public static class NativeBackend
{
    private static readonly Lazy<bool> _once = new(Patch, LazyThreadSafetyMode.ExecutionAndPublication);

    /// <summary>
    /// Loads a patched copy of TorchSharp's native library on Linux x64 if loading the original would fail because of the missing
    /// version; does nothing otherwise. Call it before the first use of TorchSharp. Programs that use the package don't need to: a module
    /// initializer that is compiled into them calls it. It acts once per process and may be called from several threads.
    /// </summary>
    /// <returns>True if a patched copy was loaded.</returns>
    /// <exception cref="NativeLoadException">A patched copy is needed, but can't be created or loaded.</exception>
    public static bool EnsureLoadable() => _once.Value;

    private static bool Patch() =>
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
