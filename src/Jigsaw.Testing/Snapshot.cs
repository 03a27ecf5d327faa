using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Jigsaw.Losses.Hyperparameters;
using Jigsaw.Passes;

namespace Jigsaw.Testing;

/// <summary>
/// Compares what a recipe is with a file that was reviewed, next to the test. The test fails with a <see cref="SnapshotException"/>, whatever its framework, and writes what it
/// received beside the verified file; the difference is accepted by renaming the received file, or by running the test with <c>JIGSAW_ACCEPT_SNAPSHOTS=1</c>, which build servers refuse.
/// Line ends and the culture make no difference.
/// </summary>
public static partial class Snapshot
{
    /// <summary>Compares a recipe's plan and numbers with <c>Class.Method.verified.txt</c>.</summary>
    /// <param name="plan">The recipe's <c>Plan</c>.</param>
    /// <param name="numbers">Its <c>Defaults</c>, or other numbers that are to stay.</param>
    /// <param name="file">The test's file, which the compiler fills in.</param>
    /// <param name="method">The test's method, which the compiler fills in.</param>
    /// <exception cref="SnapshotException">They differ from what was verified.</exception>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Verify(LossPlan plan, RecipeHyperparameters numbers, [CallerFilePath] string file = "", [CallerMemberName] string method = "")
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(numbers);
        var lines = numbers.ToDictionary().Select(number => string.Create(CultureInfo.InvariantCulture, $"{number.Key}: {number.Value ?? "none"}\n"));
        Compare(Assembly.GetCallingAssembly(), file, method + ".", "txt", $"{plan}\n{string.Concat(lines)}");
    }

    /// <summary>Compares a text with <c>Class.Method.verified.txt</c>.</summary>
    /// <param name="received">The text.</param>
    /// <param name="file">The test's file, which the compiler fills in.</param>
    /// <param name="method">The test's method, which the compiler fills in.</param>
    /// <exception cref="SnapshotException">It differs from what was verified.</exception>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Verify(string received, [CallerFilePath] string file = "", [CallerMemberName] string method = "")
    {
        ArgumentNullException.ThrowIfNull(received);
        Compare(Assembly.GetCallingAssembly(), file, method + ".", "txt", received);
    }

    /// <summary>Compares the loss that was generated for a recipe of the test project with <c>Class.Method#Recipe.g.verified.cs</c>, the version of Jigsaw aside.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="file">The test's file, which the compiler fills in.</param>
    /// <param name="method">The test's method, which the compiler fills in.</param>
    /// <exception cref="SnapshotException">It differs from what was verified, or the recipe's project doesn't write what it generates.</exception>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void VerifyGenerated(Type recipe, [CallerFilePath] string file = "", [CallerMemberName] string method = "")
    {
        ArgumentNullException.ThrowIfNull(recipe);
        var folder = Metadata(recipe.Assembly, "GeneratedFiles")
            ?? throw new SnapshotException($"The project of {recipe.Name} doesn't say where it writes generated files; reference Jigsaw.Testing in the project that declares the recipe.");
        var generated = Path.Combine(folder, "Jigsaw.Generators", "Jigsaw.Generators.RecipeGenerator", recipe.FullName + ".g.cs");
        if (!File.Exists(generated))
        {
            throw new SnapshotException($"{generated} doesn't exist, the loss that was generated for {recipe.Name}; build the project with EmitCompilerGeneratedFiles, and name a type that has [LossRecipe].");
        }

        var text = Version().Replace(File.ReadAllText(generated), "{version}");
        Compare(Assembly.GetCallingAssembly(), file, $"{method}#{recipe.FullName}.g.", "cs", $"//HintName: {Path.GetFileName(generated)}\n{text}");
    }

    private static void Compare(Assembly test, string file, string name, string extension, string received) => new SnapshotFile(
        TestFolder.Of(file, Metadata(test, "Project")),
        $"{Path.GetFileNameWithoutExtension(file.Replace('\\', '/'))}.{name}",
        extension,
        Environment.GetEnvironmentVariable("JIGSAW_ACCEPT_SNAPSHOTS") is "1" or "true",
        Environment.GetEnvironmentVariable("CI") is { Length: > 0 }).Compare(received);

    private static string? Metadata(Assembly assembly, string key) =>
        assembly.GetCustomAttributes<AssemblyMetadataAttribute>().FirstOrDefault(metadata => metadata.Key == "Jigsaw.Testing." + key)?.Value;

    /// <summary>The version of Jigsaw, which is not part of a snapshot.</summary>
    [GeneratedRegex("(?<=by Jigsaw |\\(\"Jigsaw\", \")[0-9][^;\"]*")]
    private static partial Regex Version();
}
