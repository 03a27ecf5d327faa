using System.Reflection;
using System.Text;
using Jigsaw.Losses.Hyperparameters;
using Jigsaw.Steps;

namespace Jigsaw.CommandLine.Recipes;

/// <summary>A recipe as the program needs it.</summary>
/// <param name="Name">Its name on the command line.</param>
/// <param name="Members">What the generator has written into it.</param>
/// <param name="Defaults">How it is trained unless told otherwise.</param>
internal sealed record ProgramRecipe(string Name, RecipeMembers Members, TrainingDefaultsAttribute Defaults)
{
    private const string Suffix = "Recipe";

    /// <summary>The recipe of a type.</summary>
    internal static ProgramRecipe Of<TRecipe>(string? name)
        where TRecipe : ILossRecipe =>
        new(name ?? NameOf(typeof(TRecipe).Name), TRecipe.Members, typeof(TRecipe).GetCustomAttribute<TrainingDefaultsAttribute>() ?? new TrainingDefaultsAttribute());

    /// <summary>Binds the recipe for a number of steps.</summary>
    /// <param name="teacher">The base as it is.</param>
    /// <param name="student">The base with adapters.</param>
    /// <param name="steps">The length of the run.</param>
    /// <param name="file">A JSON file with numbers to change; null keeps those of the recipe.</param>
    /// <param name="changed">Numbers to change besides, by name.</param>
    internal BoundLoss Bind(NoisyTeacher teacher, NoisyStudent student, int steps, string? file, IReadOnlyDictionary<string, double> changed) =>
        Members.Bind(teacher, student, Scaled(Numbers(file, changed), steps));

    /// <summary>The recipe's numbers with changes.</summary>
    /// <exception cref="ArgumentException">A name is unknown, or a number breaks its rule.</exception>
    internal RecipeHyperparameters Numbers(string? file, IReadOnlyDictionary<string, double> changed)
    {
        if (file is not null && !File.Exists(file))
        {
            throw new ArgumentException($"--hyperparameters is {file}, which is {(Directory.Exists(file) ? "a folder" : "not there")}; name a JSON file.");
        }

        var numbers = file is null ? Members.Defaults : Members.Read(file);
        return changed.Count == 0 ? numbers : numbers.With(changed);
    }

    /// <summary>The numbers for a run of a length.</summary>
    internal RecipeHyperparameters Scaled(RecipeHyperparameters numbers, int steps) =>
        Defaults.RampsInProportion ? RampScaling.Scale(numbers, Members.Defaults, steps, Defaults.Steps) : numbers;

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
}
