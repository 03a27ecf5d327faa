using Jigsaw.Losses.Hyperparameters;
using Jigsaw.Passes;

namespace Jigsaw.Steps;

/// <summary>What the generator has written into a recipe, for code that knows the recipe by its name alone.</summary>
public sealed class RecipeMembers
{
    private readonly Func<NoisyTeacher, NoisyStudent, RecipeHyperparameters, BoundLoss> _bind;
    private readonly Func<string, RecipeHyperparameters> _read;

    private RecipeMembers(LossPlan plan, RecipeHyperparameters defaults, Func<NoisyTeacher, NoisyStudent, RecipeHyperparameters, BoundLoss> bind, Func<string, RecipeHyperparameters> read)
    {
        (Plan, Defaults, _bind, _read) = (plan, defaults, bind, read);
    }

    /// <summary>What a step of the recipe runs.</summary>
    public LossPlan Plan { get; }

    /// <summary>The numbers as written in its attributes.</summary>
    public RecipeHyperparameters Defaults { get; }

    /// <summary>The members of a recipe: <c>RecipeMembers.Of(ChatRecipe.Plan, ChatRecipe.Defaults, ChatRecipe.Bind, ChatRecipe.Hyperparameters.Read)</c>.</summary>
    /// <typeparam name="THyperparameters">The recipe's numbers.</typeparam>
    /// <param name="plan">What a step runs.</param>
    /// <param name="defaults">Its numbers as written.</param>
    /// <param name="bind">Binds it.</param>
    /// <param name="read">Reads its numbers from a JSON file.</param>
    public static RecipeMembers Of<THyperparameters>(LossPlan plan, THyperparameters defaults, Func<NoisyTeacher, NoisyStudent, THyperparameters, BoundLoss> bind, Func<string, THyperparameters> read)
        where THyperparameters : RecipeHyperparameters
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(defaults);
        ArgumentNullException.ThrowIfNull(bind);
        ArgumentNullException.ThrowIfNull(read);
        return new(plan, defaults, (teacher, student, numbers) => bind(teacher, student, (THyperparameters)numbers), read);
    }

    /// <summary>Binds the recipe to a teacher and a student.</summary>
    /// <param name="teacher">The base as it is.</param>
    /// <param name="student">The same base with adapters.</param>
    /// <param name="hyperparameters">Its numbers: <see cref="Defaults"/>, or what was made of them.</param>
    /// <exception cref="ArgumentException">The numbers are those of another recipe.</exception>
    public BoundLoss Bind(NoisyTeacher teacher, NoisyStudent student, RecipeHyperparameters hyperparameters)
    {
        ArgumentNullException.ThrowIfNull(hyperparameters);
        return hyperparameters.GetType() == Defaults.GetType()
            ? _bind(teacher, student, hyperparameters)
            : throw new ArgumentException($"The numbers are {hyperparameters.GetType()}, the recipe's are {Defaults.GetType()}; make them of its Defaults, or read them by it.", nameof(hyperparameters));
    }

    /// <summary>Reads a JSON object of numbers; what it doesn't name stays as written in the attributes.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="ArgumentException">A name is unknown, a number breaks its rule, or structure differs from the recipe's.</exception>
    public RecipeHyperparameters Read(string path) => _read(path);
}
