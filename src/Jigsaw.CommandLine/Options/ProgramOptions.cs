using System.CommandLine;
using System.Globalization;
using Jigsaw.Evaluation.Attacks;
using Jigsaw.Gguf;
using Jigsaw.Training;

namespace Jigsaw.CommandLine.Options;

/// <summary>The options of a program: one model for the command line and the file.</summary>
internal sealed partial class ProgramOptions
{
    private static readonly string[] _precisions = ["float32", "bfloat16"];
    private static readonly string[] _optimizers = ["adamw", "sgd", "lion", "muon"];
    private static readonly string[] _schedules = ["cosine", "linear", "constant"];
    private static readonly string[] _freezable = ["adapters", "transform", "mean", "std"];
    private static readonly string[] _policies = ["stop", "skip"];
    private static readonly Dictionary<string, GgufType> _ggufTypes = new() { ["f16"] = GgufType.Float16, ["bf16"] = GgufType.BFloat16, ["f32"] = GgufType.Float32, ["q8_0"] = GgufType.Q8 };
    private static readonly string[] _attackSets = ["default", "all", "none"];

    private const double MostMinutes = 1e7;

    private readonly JigsawProgram _program;

    internal ProgramOptions(JigsawProgram program)
    {
        _program = program;
        var names = program.Recipes.Select(recipe => recipe.Name).ToArray();
        Recipe = Choice("--recipe", "Which recipe.", $"{names[0]}", names);
        Model = new("--model") { Description = $"Directory of the base model, a Hugging Face checkpoint with a chat template. [default: {program.Model}]" };
        Data = new("--data") { Description = $"Chats to train on: files, folders, or patterns such as data/*.jsonl. [default: {program.Data}]", AllowMultipleArgumentsPerToken = true, Arity = ArgumentArity.OneOrMore };
        EvaluationData = new("--eval-data") { Description = $"Chats to evaluate on. [default: {program.EvaluationData}]" };
        Precision = Choice("--precision", "dtype of the frozen base.", "float32", _precisions);
        Optimizer = Choice("--optimizer", "Which optimizer. [default: the recipe's]", first: null, _optimizers);
        TeacherCachePrecision = Choice("--teacher-cache-precision", "dtype in which --teacher-cache keeps hidden states.", "bfloat16", _precisions);
        Schedule = Choice("--schedule", "How the learning rate falls after its warm-up.", _schedules[0], _schedules);
        Freeze = Choice("--freeze", "What is not trained: adapters, transform, or one of the transform's heads, mean or std.", first: null, _freezable);
        OnNonFinite = Choice("--on-non-finite", "What is done about a step whose loss or gradient is NaN or infinite: stop, or skip it.", _policies[0], _policies);
        Attacks = Choice("--attacks", "Which attacks of the suite: default (the exact likelihood attack, its bound, neighbors, floors), all, or none.", "default", _attackSets);
        Gguf = Choice("--gguf", "Write a GGUF file for llama.cpp of this type in place of safetensors: f16, bf16, f32 or q8_0; with --merge the model, else the adapters.", first: null, [.. _ggufTypes.Keys]);
        Output = new("--output") { Description = $"Folder of the run. [default: the next free of runs/{program.Name}, runs/{program.Name}-2, …; the last of them for what goes on with a run]" };
        Device.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && token.Value.Split(':') is not (["cpu"] or ["cuda"]) && !(token.Value.StartsWith("cuda:", StringComparison.Ordinal) && int.TryParse(token.Value.AsSpan(5), NumberStyles.None, CultureInfo.InvariantCulture, out _)))
            {
                result.AddError($"--device is {token.Value}; use cpu, cuda or cuda:N.");
            }
        });
        RequireNumber(TimeLimit, minutes => minutes is > 0 and <= MostMinutes, string.Create(CultureInfo.InvariantCulture, $"of minutes above 0, at most {MostMinutes}"));
        RequireNumber(LearningRate, rate => rate > 0 && double.IsFinite(rate), "above 0");
        RequireNumber(StdMax, most => most > RunSettings.StdMin && double.IsFinite(most), string.Create(CultureInfo.InvariantCulture, $"above {RunSettings.StdMin}"));
        RequireNumber(InitialRho, double.IsFinite, "that is finite");
        RequireNumber(Momentum, beta => beta is >= 0 and < 1, "from 0 to below 1");
        RequireNumber(WeightDecay, decay => decay >= 0 && double.IsFinite(decay), "of at least 0");
        RequireNumber(ClipNorm, norm => norm > 0, "above 0");
        foreach (var paths in new Symbol[] { Data, Runs, Merged, Sweep, Shown, Inspected })
        {
            RefuseOptions(paths);
        }

        RequireAtLeast(1, Steps, Batch, TokensPerStep, MicroBatch, Rank, TransformRank, EvaluateEvery, Patience, StopAfter, CheckpointEvery, LogEvery, EvaluationChats, AttackSteps, Candidates, MaxTokens, Workers);
        RequireAtLeast(2, MaxLength);
        RequireAtLeast(0, WarmupSteps, PosteriorChats, SearchedChats, AttackedFacts);
    }

    internal Option<FileInfo> Config { get; } = new("--config") { Description = "JSON file with options under these names, without the dashes; the command line wins. Every run writes one, run.json." };

    internal Option<string> Recipe { get; }

    internal Option<DirectoryInfo> Model { get; }

    internal Option<string[]> Data { get; }

    internal Option<FileInfo> EvaluationData { get; }

    internal Option<FileInfo> Hyperparameters { get; } = new("--hyperparameters") { Description = "JSON file with numbers of the recipe to change, such as {\"information_rate_weight\": 0.2}." };

    internal Option<string[]> Set { get; } = new("--set") { Description = "A number of the recipe to change, name=value, such as information_rate_weight=0.2; may be repeated, and wins over --hyperparameters." };

    /// <summary>The numbers that a file of options gives in place; no option for people.</summary>
    internal Option<string> GivenNumbers { get; } = new("--hyperparameters-given") { Hidden = true };

    internal Option<double?> StdMax { get; } = new("--std-max") { Description = "The largest σ, in multiples of the embeddings' spread. [default: the recipe's]" };

    internal Option<double?> InitialRho { get; } = new("--initial-rho") { Description = "ρ before training: the lower, the less noise at the start. [default: the recipe's]" };

    internal Option<int?> TransformRank { get; } = new("--transform-rank") { Description = "How many features of x̃ tell of a token; the others are noise around 0. [default: all]" };

    internal Option<string> Device { get; } = new("--device") { Description = "cpu, cuda or cuda:N. [default: cpu]" };

    internal Option<string> Precision { get; }

    internal Option<int?> Steps { get; } = new("--steps") { Description = "Training steps. [default: the recipe's]" };

    internal Option<int?> Batch { get; } = new("--batch") { Description = "Chats per step. [default: the recipe's]" };

    internal Option<int?> Rank { get; } = new("--rank") { Description = "Rank of the adapters; alpha is twice the rank. [default: the recipe's]" };

    internal Option<int?> MaxLength { get; } = new("--max-length") { Description = "The most tokens of a chat to train on; what is longer is cut at its end. [default: none]" };

    internal Option<DirectoryInfo> Cache { get; } = new("--cache") { Description = "Folder in which the places of rows and their token ids are kept, so that no chat is in memory; for data of more than 256 MiB always. [default for them: cache beside the folder of the run]" };

    internal Option<DirectoryInfo> TeacherCache { get; } = new("--teacher-cache") { Description = "Folder in which the teacher's clean pass is kept, so that it runs once for each chat. It tells the chats as they do themselves, and may serve many runs, also at a time. [default: none]" };

    internal Option<string> TeacherCachePrecision { get; }

    internal Option<bool> Memory { get; } = new("--memory") { Description = "Estimate the memory of a step with rows of --max-length tokens." };

    internal Option<double?> LearningRate { get; } = new("--learning-rate") { Description = "The largest learning rate. [default: the recipe's]" };

    internal Option<int?> TokensPerStep { get; } = new("--tokens-per-step") { Description = "In place of --batch: a step takes chats as long as their tokens, without padding, are no more than this, but at least two chats." };

    internal Option<int?> MicroBatch { get; } = new("--micro-batch") { Description = "Chats that the models run on together; gradients add up to those of the whole batch. [default: all]" };

    internal Option<string> Optimizer { get; }

    internal Option<string> Schedule { get; }

    internal Option<int?> WarmupSteps { get; } = new("--warmup-steps") { Description = "Steps over which the learning rate rises. [default: 30]" };

    internal Option<double?> Momentum { get; } = new("--momentum") { Description = "β of SGD's and Muon's momentum. [default: 0.9]" };

    internal Option<double?> WeightDecay { get; } = new("--weight-decay") { Description = "Weight decay of adapters and transform. [default: 0.01]" };

    internal Option<double?> ClipNorm { get; } = new("--clip-norm") { Description = "The largest norm of the gradient. [default: 1]" };

    internal Option<string> Freeze { get; }

    internal Option<string> OnNonFinite { get; }

    internal Option<int?> EvaluateEvery { get; } = new("--evaluate-every") { Description = "Steps between two evaluations of the loss on --eval-data, with the weights of the run's end; the best state is what is saved in the end. [default: none]" };

    internal Option<int?> Patience { get; } = new("--patience") { Description = "End after this many evaluations without a new best. [default: train all steps]" };

    internal Option<double?> TimeLimit { get; } = new("--time-limit") { Description = "End after this many minutes, with what is trained by then. [default: none]" };

    internal Option<int?> StopAfter { get; } = new("--stop-after") { Description = "End after this step with what is trained by then; learning rate and ramps stay those of --steps, and --resume goes on. [default: train all steps]" };

    internal Option<DirectoryInfo> WarmStart { get; } = new("--warm-start") { Description = "Folder of a run, whose transform/ and adapter/ are trained further." };

    internal Option<long?> Seed { get; } = new("--seed") { Description = "Seed of transform, adapters and data order. [default: 0]" };

    internal Option<int?> CheckpointEvery { get; } = new("--checkpoint-every") { Description = "Steps between two checkpoints. [default: 100]" };

    internal Option<int?> LogEvery { get; } = new("--log-every") { Description = "Steps between two lines where the output is no terminal. [default: 25]" };

    internal Option<bool> NoTensorBoard { get; } = new("--no-tensorboard") { Description = "Write no files for TensorBoard." };

    internal Option<int?> EvaluationChats { get; } = new("--eval-chats") { Description = "Chats of the evaluation. [default: 200]" };

    internal Option<DirectoryInfo> Output { get; }

    internal Option<bool> Resume { get; } = new("--resume") { Description = "Go on from the last checkpoint of the output folder, with the options of its run.json." };

    internal Option<bool> Quiet { get; } = new("--quiet") { Description = "Print errors alone." };

    internal Option<bool> Json { get; } = new("--json") { Description = "Print one JSON object per line." };

    internal Option<string> Prompt { get; } = new("--prompt") { Description = "What the user says. [default: the prompt of the first chat of --eval-data]" };

    internal Option<int?> MaxTokens { get; } = new("--max-tokens") { Description = "The most tokens of an answer. [default: 64]" };

    internal Option<DirectoryInfo> To { get; } = new("--to") { Description = "Folder to write. [default: export in the folder of the run]" };

    internal Option<bool> Merge { get; } = new("--merge") { Description = "Write a whole checkpoint with the adapters merged into the base, in place of the adapters alone." };

    internal Option<string> Gguf { get; }

    internal Option<bool> Client { get; } = new("--client") { Description = "Also write the bundle that a service sends transformed prompts with: embedding table, transform, tokenizer." };

    internal Option<bool> Chat { get; } = new("--chat") { Description = "Keep, or show, one chat in plain text: what the user wrote, what the nearest neighbor recovers, and the replies." };

    internal Option<bool> Markdown { get; } = new("--markdown") { Description = "Write Markdown in place of HTML, without the plots." };

    internal Option<FileInfo> ReportFile { get; } = new("--output") { Description = "The file to write. [default: report.html or report.md in the folder of the first run]" };

    internal Argument<string[]> Runs { get; } = new("run") { Description = "Folders of runs, or the database or folder of a sweep. [default: the last run]", Arity = ArgumentArity.ZeroOrMore };

    internal Option<DirectoryInfo> SweepFolder { get; } = new("--output") { Description = "Folder of the sweep. [default: sweeps/NAME for NAME.json]" };

    internal Option<int?> Workers { get; } = new("--workers") { Description = "Trials at a time. [default: as many as cores and memory allow]" };

    internal Option<string> Shard { get; } = new("--shard") { Description = "The part of a job array to run, i/n with i from 1 to n; sweep merge puts the parts together." };

    internal Option<bool> Retry { get; } = new("--retry") { Description = "Run trials that failed again." };

    internal Option<DirectoryInfo> From { get; } = new("--from") { Description = "Folder of the trial that this one goes on with." };

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
    internal IReadOnlyList<Option> Training => [Data, .. Numbers, StdMax, InitialRho, TransformRank, Steps, Batch, TokensPerStep, MicroBatch, Rank, MaxLength, Cache, TeacherCache, TeacherCachePrecision, Optimizer, LearningRate, Schedule, WarmupSteps, Momentum, WeightDecay, ClipNorm, Freeze, OnNonFinite, WarmStart, Seed, EvaluateEvery, Patience, TimeLimit, StopAfter, CheckpointEvery, LogEvery, NoTensorBoard, Resume];

    /// <summary>What decides on the recipe's numbers.</summary>
    internal IReadOnlyList<Option> Numbers => [Hyperparameters, Set, GivenNumbers];

    /// <summary>What decides on what is measured.</summary>
    internal IReadOnlyList<Option> Measuring => [EvaluationData, EvaluationChats];

    /// <summary>All that a file may name.</summary>
    internal IReadOnlyList<Option> Known => [.. Subject, .. Training, .. Measuring, AttackSteps, .. Attacking, Quiet, Json, Prompt, MaxTokens, To, Merge, Gguf, Client, Chat];

    /// <summary>The options of a file that count beside a command line: those that it doesn't give, and neither the other way to say how large a step is nor the momentum of another optimizer.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="options">All options of the verb.</param>
    internal Option[] Wanted(ParseResult parsed, IEnumerable<Option> options)
    {
        bool IsGiven(Option option) => parsed.GetResult(option) is { Implicit: false };
        return [.. options.Where(option => !IsGiven(option) && !(option == Batch && IsGiven(TokensPerStep)) && !(option == TokensPerStep && IsGiven(Batch)) && !(option == Momentum && IsGiven(Optimizer)))];
    }

    /// <summary>The settings of a command line.</summary>
    /// <param name="parsed">The command line, with what a file added.</param>
    /// <param name="goesOn">True if the verb goes on with a run that is there.</param>
    internal RunSettings Read(ParseResult parsed, bool goesOn)
    {
        RequireTogether(parsed);
        var name = parsed.GetValue(Recipe);
        var recipe = _program.Recipes.FirstOrDefault(recipe => recipe.Name == name) ?? _program.Recipes[0];
        var defaults = recipe.Defaults;
        if (parsed.GetValue(Batch) is { } rows && parsed.GetValue(TokensPerStep) is { } tokens)
        {
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"--batch is {rows} and --tokens-per-step {tokens}, but both say how large a step is; give one of them."));
        }

        var optimizer = parsed.GetValue(Optimizer) is { } chosen ? Enum.Parse<TrainingOptimizer>(chosen, ignoreCase: true) : defaults.Optimizer;
        if (parsed.GetValue(Momentum) is { } momentum && optimizer is not (TrainingOptimizer.Sgd or TrainingOptimizer.Muon))
        {
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"--momentum is {momentum}, but {optimizer} has none; leave it out, or use --optimizer sgd or muon."));
        }

        return new RunSettings
        {
            Recipe = recipe,
            Model = parsed.GetValue(Model)?.FullName ?? Found(_program.Model),
            Data = parsed.GetValue(Data) is { Length: > 0 } data ? [.. data.Select(path => path.Length > 0 ? Path.GetFullPath(path) : throw new ArgumentException("--data has an empty path; name a file, a folder or a pattern."))] : [Found(_program.Data)],
            EvaluationData = parsed.GetValue(EvaluationData)?.FullName ?? Found(_program.EvaluationData),
            Hyperparameters = parsed.GetValue(Hyperparameters)?.FullName,
            NoiseRoles = _program.NoiseRoles,
            StdMax = parsed.GetValue(StdMax) ?? defaults.StdMax,
            InitialRho = parsed.GetValue(InitialRho) ?? defaults.InitialRho,
            TransformRank = parsed.GetValue(TransformRank),
            Device = parsed.GetValue(Device) ?? "cpu",
            Precision = parsed.GetValue(Precision) ?? _precisions[0],
            Steps = parsed.GetValue(Steps) ?? defaults.Steps,
            Batch = parsed.GetValue(Batch) ?? defaults.Batch,
            Rank = parsed.GetValue(Rank) ?? defaults.Rank,
            MaxLength = parsed.GetValue(MaxLength),
            Cache = parsed.GetValue(Cache)?.FullName,
            Memory = parsed.GetValue(Memory),
            TeacherCache = parsed.GetValue(TeacherCache)?.FullName,
            TeacherCachePrecision = parsed.GetValue(TeacherCachePrecision) ?? "bfloat16",
            LearningRate = parsed.GetValue(LearningRate) ?? defaults.LearningRate,
            TokensPerStep = parsed.GetValue(TokensPerStep),
            MicroBatch = parsed.GetValue(MicroBatch),
            Optimizer = optimizer,
            Schedule = Enum.Parse<LearningRateDecay>(parsed.GetValue(Schedule) ?? _schedules[0], ignoreCase: true),
            WarmupSteps = parsed.GetValue(WarmupSteps),
            Momentum = parsed.GetValue(Momentum),
            WeightDecay = parsed.GetValue(WeightDecay),
            ClipNorm = parsed.GetValue(ClipNorm),
            Frozen = parsed.GetValue(Freeze) is { } part ? Enum.Parse<TrainedParts>(part, ignoreCase: true) : TrainedParts.None,
            OnNonFinite = Enum.Parse<NonFinitePolicy>(parsed.GetValue(OnNonFinite) ?? _policies[0], ignoreCase: true),
            EvaluateEvery = parsed.GetValue(EvaluateEvery),
            Patience = parsed.GetValue(Patience),
            TimeLimit = parsed.GetValue(TimeLimit),
            StopAfter = parsed.GetValue(StopAfter),
            WarmStart = parsed.GetValue(WarmStart)?.FullName,
            Seed = parsed.GetValue(Seed) ?? 0,
            CheckpointEvery = parsed.GetValue(CheckpointEvery) ?? 100,
            LogEvery = parsed.GetValue(LogEvery) ?? 25,
            TensorBoard = !parsed.GetValue(NoTensorBoard),
            EvaluationChats = parsed.GetValue(EvaluationChats) ?? 200,
            PosteriorChats = parsed.GetValue(PosteriorChats),
            SearchedChats = parsed.GetValue(SearchedChats),
            AttackedFacts = parsed.GetValue(AttackedFacts),
            Candidates = parsed.GetValue(Candidates),
            AttackSteps = parsed.GetValue(AttackSteps) ?? 400,
            Attacks = Enum.Parse<AttackSet>(parsed.GetValue(Attacks) ?? _attackSets[0], ignoreCase: true),
            Output = OutputOf(parsed, goesOn),
            Resume = parsed.GetValue(Resume),
            Prompt = parsed.GetValue(Prompt),
            MaxTokens = parsed.GetValue(MaxTokens) ?? 64,
            To = parsed.GetValue(To)?.FullName,
            Merge = parsed.GetValue(Merge),
            Gguf = parsed.GetValue(Gguf) is { } type ? _ggufTypes[type] : null,
            Client = parsed.GetValue(Client),
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

    /// <summary>Refuses options that decide nothing beside each other.</summary>
    private void RequireTogether(ParseResult parsed)
    {
        bool Given(Option option) => parsed.GetResult(option) is { Implicit: false };
        if (Given(Patience) && !Given(EvaluateEvery))
        {
            throw new UsageException("--patience counts evaluations, but there are none; give --evaluate-every.");
        }

        if (Given(WarmStart) && new Option[] { Rank, StdMax, InitialRho, TransformRank }.FirstOrDefault(Given) is { } shape)
        {
            throw new UsageException($"{shape.Name} is given beside --warm-start, but the run that is trained further decides it; leave {shape.Name} out.");
        }
    }

    private static Option<string> Choice(string name, string description, string? first, string[] choices)
    {
        var option = new Option<string>(name) { Description = first is null ? description : $"{description} [default: {first}]" };
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
