using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Text;
using Jigsaw.Losses.Hyperparameters;
using Jigsaw.Passes;
using Jigsaw.Steps;

namespace Jigsaw.CommandLine.Recipes;

/// <summary>A recipe as the program needs it.</summary>
/// <param name="Name">Its name on the command line.</param>
/// <param name="Plan">What a step runs.</param>
/// <param name="Defaults">How it is trained unless told otherwise.</param>
/// <param name="BindTo">Binds it with numbers.</param>
/// <param name="Read">Reads numbers from a file.</param>
/// <param name="Written">The numbers in its attributes.</param>
internal sealed record ProgramRecipe(
    string Name,
    LossPlan Plan,
    TrainingDefaultsAttribute Defaults,
    Func<NoisyTeacher, NoisyStudent, RecipeHyperparameters, BoundLoss> BindTo,
    Func<string, RecipeHyperparameters> Read,
    Func<RecipeHyperparameters> Written)
{
    /// <summary>What is looked up on a recipe's type.</summary>
    internal const DynamicallyAccessedMemberTypes Needed = DynamicallyAccessedMemberTypes.PublicProperties | DynamicallyAccessedMemberTypes.PublicMethods | DynamicallyAccessedMemberTypes.PublicNestedTypes;

    private const string Suffix = "Recipe";

    /// <summary>Finds what the generator wrote into a recipe.</summary>
    /// <exception cref="ArgumentException">The type is no recipe.</exception>
    internal static ProgramRecipe Of([DynamicallyAccessedMembers(Needed)] Type type, string? name)
    {
        var numbers = type.GetNestedType("Hyperparameters");
        if (type.GetProperty("Plan", BindingFlags.Public | BindingFlags.Static)?.GetValue(null) is not LossPlan plan
            || numbers is null
            || type.GetProperty("Defaults", BindingFlags.Public | BindingFlags.Static)?.GetMethod is not { } written
            || type.GetMethod("Bind", [typeof(NoisyTeacher), typeof(NoisyStudent), numbers]) is not { } bind
            || numbers.GetMethod("Read", [typeof(string)]) is not { } read)
        {
            throw new ArgumentException($"{type.FullName} is no recipe; give a public partial class with [LossRecipe], which the generator completes.");
        }

        return new ProgramRecipe(
            name ?? NameOf(type.Name),
            plan,
            type.GetCustomAttribute<TrainingDefaultsAttribute>() ?? new TrainingDefaultsAttribute(),
            (teacher, student, given) => Call<BoundLoss>(bind, teacher, student, given),
            path => Call<RecipeHyperparameters>(read, path),
            () => Call<RecipeHyperparameters>(written));
    }

    /// <summary>Binds the recipe for a number of steps.</summary>
    /// <param name="teacher">The base as it is.</param>
    /// <param name="student">The base with adapters.</param>
    /// <param name="steps">The length of the run.</param>
    /// <param name="file">A JSON file with numbers to change; null keeps those of the recipe.</param>
    /// <param name="changed">Numbers to change besides, by name.</param>
    internal BoundLoss Bind(NoisyTeacher teacher, NoisyStudent student, int steps, string? file, IReadOnlyDictionary<string, double> changed) =>
        BindTo(teacher, student, Scaled(Numbers(file, changed), steps));

    /// <summary>The recipe's numbers with changes.</summary>
    /// <exception cref="ArgumentException">A name is unknown, or a number breaks its rule.</exception>
    internal RecipeHyperparameters Numbers(string? file, IReadOnlyDictionary<string, double> changed)
    {
        var numbers = file is null ? Written() : Read(file);
        return changed.Count == 0 ? numbers : numbers.With(changed);
    }

    /// <summary>The numbers for a run of a length.</summary>
    internal RecipeHyperparameters Scaled(RecipeHyperparameters numbers, int steps) =>
        Defaults.RampsInProportion ? RampScaling.Scale(numbers, Written(), steps, Defaults.Steps) : numbers;

    private static string NameOf(string type)
    {
        var stem = type.EndsWith(Suffix, StringComparison.Ordinal) && type.Length > Suffix.Length ? type[..^Suffix.Length] : type;
        var name = new StringBuilder();
        foreach (var letter in stem)
        {
            if (char.IsUpper(letter) && name.Length > 0)
            {
                name.Append('-');
            }

            name.Append(char.ToLowerInvariant(letter));
        }

        return name.ToString();
    }

    private static T Call<T>(MethodInfo method, params object?[] arguments) =>
        (T)method.Invoke(null, BindingFlags.DoNotWrapExceptions, null, arguments, null)!;
}
