using System.Runtime.CompilerServices;
using LLama.Native;

namespace Jigsaw.LLamaSharp.Tests;

/// <summary>llama.cpp's native library: there or not, and silent.</summary>
internal static class LLamaLibrary
{
    private static readonly Lazy<string?> _missing = new(() =>
    {
        try
        {
            NativeApi.llama_empty_call();
            return null;
        }
        catch (Exception exception) when (exception is TypeInitializationException or DllNotFoundException or LLama.Exceptions.RuntimeError)
        {
            return $"llama.cpp's native library can't be loaded here: {(exception.InnerException ?? exception).Message}";
        }
    });

    /// <summary>Why tests are skipped; null if the library is there.</summary>
    public static string? Missing => _missing.Value;

    [ModuleInitializer]
    internal static void Silence() => NativeLibraryConfig.All.WithLogCallback((_, _) => { });
}
