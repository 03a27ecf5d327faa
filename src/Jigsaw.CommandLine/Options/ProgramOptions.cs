using System.CommandLine;
using System.Globalization;
using Jigsaw.Evaluation.Attacks;

namespace Jigsaw.CommandLine.Options;

/// <summary>The options of a program: one model for the command line and the file.</summary>
internal sealed class ProgramOptions
{
    private static readonly string[] _precisions = ["float32", "bfloat16"];
    private static readonly string[] _attackSets = ["default", "all", "none"];

    private readonly JigsawProgram _program;

    internal ProgramOptions(JigsawProgram program)
    {
        _program = program;
        var names = program.Recipes.Select(recipe => recipe.Name).ToArray();
        Recipe = Choice("--recipe", "Which recipe.", $"{names[0]}", names);
        Model = new("--model") { Description = $"Directory of the base model, a Hugging Face checkpoint with a chat template. [default: {program.Model}]" };
        Data = new("--data") { Description = $"Chats to train on, JSON lines. [default: {program.Data}]" };
        EvaluationData = new("--eval-data") { Description = $"Chats to evaluate on, JSON lines. [default: {program.EvaluationData}]" };
        Precision = Choice("--precision", "dtype of the frozen base.", "float32", _precisions);
        Attacks = Choice("--attacks", "Which attacks of the suite: default (the exact likelihood attack, its bound, neighbors, floors), all, or none.", "default", _attackSets);
        Output = new("--output") { Description = $"Folder of the run. [default: the next free of runs/{program.Name}, runs/{program.Name}-2, …; the last of them for what goes on with a run]" };
        Device.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && token.Value.Split(':') is not (["cpu"] or ["cuda"]) && !(token.Value.StartsWith("cuda:", StringComparison.Ordinal) && int.TryParse(token.Value.AsSpan(5), NumberStyles.None, CultureInfo.InvariantCulture, out _)))
            {
                result.AddError($"--device is {token.Value}; use cpu, cuda or cuda:N.");
            }
        });
        foreach (var positive in new Option[] { Steps, Batch, Rank, CheckpointEvery, LogEvery, EvaluationChats, AttackSteps, MaxTokens, Workers })
        {
            positive.Validators.Add(result =>
            {
                // What is not a number gets the parser's own sentence.
                if (result.Tokens is [var token] && int.TryParse(token.Value, CultureInfo.InvariantCulture, out var value) && value < 1)
                {
                    result.AddError($"{positive.Name} is {value}; use at least 1.");
                }
            });
        }
    }

    internal Option<FileInfo> Config { get; } = new("--config") { Description = "JSON file with options under these names, without the dashes; the command line wins. Every run writes one, run.json." };

    internal Option<string> Recipe { get; }

    internal Option<DirectoryInfo> Model { get; }

    internal Option<FileInfo> Data { get; }

    internal Option<FileInfo> EvaluationData { get; }

    internal Option<FileInfo> Hyperparameters { get; } = new("--hyperparameters") { Description = "JSON file with numbers of the recipe to change, such as {\"information_rate_weight\": 0.2}." };

    internal Option<string[]> Set { get; } = new("--set") { Description = "A number of the recipe to change, name=value, such as information_rate_weight=0.2; may be repeated, and wins over --hyperparameters." };

    /// <summary>The numbers that a file of options gives in place; no option for people.</summary>
    internal Option<string> GivenNumbers { get; } = new("--hyperparameters-given") { Hidden = true };

    internal Option<double?> StdMax { get; } = new("--std-max") { Description = "The largest σ, in multiples of the embeddings' spread. [default: the recipe's]" };

    internal Option<double?> InitialRho { get; } = new("--initial-rho") { Description = "ρ before training: the lower, the less noise at the start. [default: the recipe's]" };

    internal Option<string> Device { get; } = new("--device") { Description = "cpu, cuda or cuda:N. [default: cpu]" };

    internal Option<string> Precision { get; }

    internal Option<int?> Steps { get; } = new("--steps") { Description = "Training steps. [default: the recipe's]" };

    internal Option<int?> Batch { get; } = new("--batch") { Description = "Chats per step. [default: the recipe's]" };

    internal Option<int?> Rank { get; } = new("--rank") { Description = "Rank of the adapters; alpha is twice the rank. [default: the recipe's]" };

    internal Option<double?> LearningRate { get; } = new("--learning-rate") { Description = "The largest learning rate. [default: the recipe's]" };

    internal Option<long?> Seed { get; } = new("--seed") { Description = "Seed of transform, adapters and data order. [default: 0]" };

    internal Option<int?> CheckpointEvery { get; } = new("--checkpoint-every") { Description = "Steps between two checkpoints. [default: 100]" };

    internal Option<int?> LogEvery { get; } = new("--log-every") { Description = "Steps between two lines where the output is no terminal. [default: 25]" };

    internal Option<bool> NoTensorBoard { get; } = new("--no-tensorboard") { Description = "Write no files for TensorBoard." };

    internal Option<int?> EvaluationChats { get; } = new("--eval-chats") { Description = "Chats of the evaluation. [default: 200]" };

    internal Option<int?> AttackSteps { get; } = new("--attack-steps") { Description = "Batches that the trained inversion attacks are fitted on. [default: 400]" };

    internal Option<string> Attacks { get; }

    internal Option<DirectoryInfo> Output { get; }

    internal Option<bool> Resume { get; } = new("--resume") { Description = "Go on from the last checkpoint of the output folder, with the options of its run.json." };

    internal Option<bool> Quiet { get; } = new("--quiet") { Description = "Print errors alone." };

    internal Option<bool> Json { get; } = new("--json") { Description = "Print one JSON object per line." };

    internal Option<string> Prompt { get; } = new("--prompt") { Description = "What the user says. [default: the prompt of the first chat of --eval-data]" };

    internal Option<int?> MaxTokens { get; } = new("--max-tokens") { Description = "The most tokens of an answer. [default: 64]" };

    internal Option<DirectoryInfo> To { get; } = new("--to") { Description = "Folder to write. [default: export in the folder of the run]" };

    internal Option<bool> Merge { get; } = new("--merge") { Description = "Write a whole checkpoint with the adapters merged into the base, in place of the adapters alone." };

    internal Option<bool> Chat { get; } = new("--chat") { Description = "Keep, or show, one chat in plain text: what the user wrote, what the nearest neighbor recovers, and the replies." };

    internal Option<bool> Markdown { get; } = new("--markdown") { Description = "Write Markdown in place of HTML, without the plots." };

    internal Option<FileInfo> ReportFile { get; } = new("--output") { Description = "The file to write. [default: report.html or report.md in the folder of the first run]" };

    internal Argument<string[]> Runs { get; } = new("run") { Description = "Folders of runs, or the database or folder of a sweep. [default: the last run]", Arity = ArgumentArity.ZeroOrMore };

    internal Option<DirectoryInfo> SweepFolder { get; } = new("--output") { Description = "Folder of the sweep. [default: sweeps/NAME for NAME.json]" };

    internal Option<int?> Workers { get; } = new("--workers") { Description = "Trials at a time. [default: as many as cores and memory allow]" };

    internal Option<string> Shard { get; } = new("--shard") { Description = "The part of a job array to run, i/n with i from 1 to n; sweep merge puts the parts together." };

    internal Option<bool> Retry { get; } = new("--retry") { Description = "Run trials that failed again." };

    internal Option<string[]> Measures { get; } = new("--measure") { Description = "A verb that measures the trial: evaluate, attack." };

    internal Option<FileInfo> MergedFile { get; } = new("--output") { Description = "The database to write. [default: sweep.db beside the first one]" };

    internal Argument<FileInfo> Sweep { get; } = new("file") { Description = "JSON file of the sweep: what varies, how trials are chosen, what they are compared by." };

    internal Argument<string> Shown { get; } = new("sweep") { Description = "The database of a sweep, or its folder." };

    internal Argument<string[]> Merged { get; } = new("database") { Description = "Databases of the parts of a sweep.", Arity = ArgumentArity.OneOrMore };

    internal Argument<DirectoryInfo> Inspected { get; } = new("directory") { Description = "Directory of a Hugging Face checkpoint or of a PEFT adapter." };

    /// <summary>Options of every verb.</summary>
    internal IReadOnlyList<Option> Everywhere => [Config, Quiet, Json];

    /// <summary>What decides which recipe and model.</summary>
    internal IReadOnlyList<Option> Subject => [Recipe, Model, Device, Precision, Output];

    /// <summary>What decides how a training goes.</summary>
    internal IReadOnlyList<Option> Training => [Data, .. Numbers, StdMax, InitialRho, Steps, Batch, Rank, LearningRate, Seed, CheckpointEvery, LogEvery, NoTensorBoard, Resume];

    /// <summary>What decides on the recipe's numbers.</summary>
    internal IReadOnlyList<Option> Numbers => [Hyperparameters, Set, GivenNumbers];

    /// <summary>What decides on what is measured.</summary>
    internal IReadOnlyList<Option> Measuring => [EvaluationData, EvaluationChats];

    /// <summary>All that a file may name.</summary>
    internal IReadOnlyList<Option> Known => [.. Subject, .. Training, .. Measuring, AttackSteps, Attacks, Quiet, Json, Prompt, MaxTokens, To, Merge, Chat];

    /// <summary>The settings of a command line.</summary>
    /// <param name="parsed">The command line, with what a file added.</param>
    /// <param name="goesOn">True if the verb goes on with a run that is there.</param>
    internal RunSettings Read(ParseResult parsed, bool goesOn)
    {
        var name = parsed.GetValue(Recipe);
        var recipe = _program.Recipes.FirstOrDefault(recipe => recipe.Name == name) ?? _program.Recipes[0];
        var defaults = recipe.Defaults;
        return new RunSettings
        {
            Recipe = recipe,
            Model = parsed.GetValue(Model)?.FullName ?? Found(_program.Model),
            Data = parsed.GetValue(Data)?.FullName ?? Found(_program.Data),
            EvaluationData = parsed.GetValue(EvaluationData)?.FullName ?? Found(_program.EvaluationData),
            Hyperparameters = parsed.GetValue(Hyperparameters)?.FullName,
            NoiseRoles = _program.NoiseRoles,
            StdMax = parsed.GetValue(StdMax) ?? defaults.StdMax,
            InitialRho = parsed.GetValue(InitialRho) ?? defaults.InitialRho,
            Device = parsed.GetValue(Device) ?? "cpu",
            Precision = parsed.GetValue(Precision) ?? _precisions[0],
            Steps = parsed.GetValue(Steps) ?? defaults.Steps,
            Batch = parsed.GetValue(Batch) ?? defaults.Batch,
            Rank = parsed.GetValue(Rank) ?? defaults.Rank,
            LearningRate = parsed.GetValue(LearningRate) ?? defaults.LearningRate,
            Seed = parsed.GetValue(Seed) ?? 0,
            CheckpointEvery = parsed.GetValue(CheckpointEvery) ?? 100,
            LogEvery = parsed.GetValue(LogEvery) ?? 25,
            TensorBoard = !parsed.GetValue(NoTensorBoard),
            EvaluationChats = parsed.GetValue(EvaluationChats) ?? 200,
            AttackSteps = parsed.GetValue(AttackSteps) ?? 400,
            Attacks = Enum.Parse<AttackSet>(parsed.GetValue(Attacks) ?? _attackSets[0], ignoreCase: true),
            Output = OutputOf(parsed, goesOn),
            Resume = parsed.GetValue(Resume),
            Prompt = parsed.GetValue(Prompt),
            MaxTokens = parsed.GetValue(MaxTokens) ?? 64,
            To = parsed.GetValue(To)?.FullName,
            Merge = parsed.GetValue(Merge),
            Numbers = RecipeNumbers.Of(parsed.GetValue(GivenNumbers), parsed.GetValue(Set) ?? []),
            Chat = parsed.GetValue(Chat),
            Markdown = parsed.GetValue(Markdown),
            ReportFile = parsed.GetValue(ReportFile)?.FullName,
        };
    }

    /// <summary>The folder of the run: what is told, or the next free one, or the last.</summary>
    internal string OutputOf(ParseResult parsed, bool goesOn)
    {
        if (parsed.GetValue(Output) is { } told)
        {
            return told.FullName;
        }

        string Numbered(int number) => Path.GetFullPath(Path.Combine("runs", number == 1 ? _program.Name : $"{_program.Name}-{number}"));
        var free = 1;
        while (Directory.Exists(Numbered(free)))
        {
            free++;
        }

        return Numbered(goesOn ? Math.Max(1, free - 1) : free);
    }

    private static Option<string> Choice(string name, string description, string first, string[] choices)
    {
        var option = new Option<string>(name) { Description = $"{description} [default: {first}]" };
        option.CompletionSources.Add(choices);
        option.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !choices.Contains(token.Value))
            {
                result.AddError($"{name} is {token.Value}; use {string.Join(", ", choices)}.{NearestName.Question(token.Value, choices)}");
            }
        });
        return option;
    }

    /// <summary>A path in the working directory, or beside the program where it is not there.</summary>
    private static string Found(string path) =>
        Path.Exists(path) || !Path.Exists(Path.Combine(AppContext.BaseDirectory, path)) ? Path.GetFullPath(path) : Path.Combine(AppContext.BaseDirectory, path);
}
