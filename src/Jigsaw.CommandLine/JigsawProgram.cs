using System.Reflection;
using Jigsaw.CommandLine.Options;
using Jigsaw.CommandLine.Recipes;
using Jigsaw.CommandLine.Running;
using Jigsaw.Losses.Hyperparameters;
using Jigsaw.Passes;
using Jigsaw.Processes;
using Jigsaw.Steps;
using Microsoft.Extensions.Logging;

namespace Jigsaw.CommandLine;

/// <summary>
/// A program around recipes: <c>return await JigsawProgram.RunAsync&lt;ChatRecipe&gt;(args);</c>. Its verbs are <c>plan</c>, <c>train</c>, <c>evaluate</c>, <c>attack</c>, <c>sweep</c>, <c>report</c>, <c>generate</c>, <c>export</c> and <c>inspect</c>;
/// without one it trains, evaluates and attacks. The exit codes are those of <see cref="JigsawExitCode"/>.
/// </summary>
public sealed class JigsawProgram
{
    private readonly List<ProgramRecipe> _recipes = [];

    /// <summary>What <c>--help</c> says first.</summary>
    public string Description { get; init; } = "Trains a Stained Glass Transform and LoRA adapters by a Jigsaw recipe, and measures what they keep and what they hide.";

    /// <summary>The name of the program: runs go to <c>runs/NAME</c>, <c>runs/NAME-2</c>, …</summary>
    public string Name { get; init; } = Assembly.GetEntryAssembly()?.GetName().Name?.ToLowerInvariant() ?? "jigsaw";

    /// <summary>Directory of the base model: a Hugging Face checkpoint with tokenizer and chat template. Like the data's, a relative path is looked for in the working directory, then beside the program.</summary>
    public string Model { get; init; } = "model";

    /// <summary>Chats to train on, JSON lines.</summary>
    public string Data { get; init; } = Path.Combine("data", "train.jsonl");

    /// <summary>Chats to evaluate on, JSON lines.</summary>
    public string EvaluationData { get; init; } = Path.Combine("data", "eval.jsonl");

    /// <summary>The roles whose messages the transform protects.</summary>
    public IReadOnlyList<string> NoiseRoles { get; init; } = ["user"];

    /// <summary>Receives what is said, in the category <c>Jigsaw</c>, besides the console; null if nothing else is to hear it.</summary>
    public ILoggerFactory? LoggerFactory { get; init; }

    /// <summary>The processes that train together, of which this is one; null takes those that <c>mpiexec</c> has started, if the package <c>Jigsaw.Mpi</c> is there. The first one prints and writes the run.</summary>
    public IProcessGroup? Processes { get; init; }

    internal IReadOnlyList<ProgramRecipe> Recipes => _recipes;

    /// <summary>Runs a program of one recipe.</summary>
    /// <typeparam name="TRecipe">The recipe.</typeparam>
    /// <param name="args">The command line.</param>
    /// <param name="cancellationToken">Stops as Ctrl-C does.</param>
    /// <returns>The exit code.</returns>
    public static Task<int> RunAsync<TRecipe>(string[] args, CancellationToken cancellationToken = default)
        where TRecipe : ILossRecipe =>
        new JigsawProgram().Add<TRecipe>().RunAsync(args, cancellationToken);

    /// <summary>Adds a recipe; the first one is the default of <c>--recipe</c>.</summary>
    /// <typeparam name="TRecipe">The recipe: a partial class with <c>[LossRecipe]</c>, and <see cref="TrainingDefaultsAttribute"/> if it has defaults of its own. A static class can't be a type argument: give its members to the other overload.</typeparam>
    /// <param name="name">Its name on the command line; null makes it of the type's: <c>ShortChatRecipe</c> becomes <c>short-chat</c>.</param>
    /// <returns>This program.</returns>
    /// <exception cref="ArgumentException">Another recipe has the name.</exception>
    public JigsawProgram Add<TRecipe>(string? name = null)
        where TRecipe : ILossRecipe =>
        Add(ProgramRecipe.Of<TRecipe>(name));

    /// <summary>Adds a recipe by its members, for a static class: <c>Add("chat", ChatRecipe.Plan, ChatRecipe.Bind, ChatRecipe.Hyperparameters.Read, ChatRecipe.Defaults)</c>.</summary>
    /// <typeparam name="THyperparameters">The recipe's numbers.</typeparam>
    /// <param name="name">Its name on the command line.</param>
    /// <param name="plan">What a step runs.</param>
    /// <param name="bind">Binds it.</param>
    /// <param name="read">Reads its numbers from a JSON file.</param>
    /// <param name="numbers">Its numbers as written.</param>
    /// <param name="defaults">How it is trained; null takes the defaults of a <see cref="TrainingDefaultsAttribute"/>.</param>
    /// <returns>This program.</returns>
    /// <exception cref="ArgumentException">Another recipe has the name.</exception>
    public JigsawProgram Add<THyperparameters>(
        string name,
        LossPlan plan,
        Func<NoisyTeacher, NoisyStudent, THyperparameters, BoundLoss> bind,
        Func<string, THyperparameters> read,
        THyperparameters numbers,
        TrainingDefaultsAttribute? defaults = null)
        where THyperparameters : RecipeHyperparameters
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(numbers);
        return Add(new ProgramRecipe(name, RecipeMembers.Of(plan, numbers, bind, read), defaults ?? new TrainingDefaultsAttribute()));
    }

    /// <summary>Runs the program. Ctrl-C and SIGTERM stop it after the step that is running, with a checkpoint; a second one at once.</summary>
    /// <param name="args">The command line.</param>
    /// <param name="cancellationToken">Stops as Ctrl-C does.</param>
    /// <returns>The exit code, one of <see cref="JigsawExitCode"/>.</returns>
    /// <exception cref="InvalidOperationException">No recipe has been added.</exception>
    public async Task<int> RunAsync(string[] args, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(args);
        if (_recipes.Count == 0)
        {
            throw new InvalidOperationException("The program has no recipe; add one with Add<TRecipe>().");
        }

        using var signals = new StopSignals(cancellationToken);
        return await new CommandTree(this).RunAsync(args, signals.Token).ConfigureAwait(false);
    }

    private JigsawProgram Add(ProgramRecipe recipe)
    {
        if (_recipes.Any(other => other.Name == recipe.Name))
        {
            throw new ArgumentException($"Two recipes of the program are called '{recipe.Name}'; give one of them another name, Add<TRecipe>(name).");
        }

        _recipes.Add(recipe);
        return this;
    }
}
