using System.Globalization;
using System.Text.Json.Nodes;
using Jigsaw.CommandLine.Recipes;
using Jigsaw.Evaluation.Attacks;
using Jigsaw.Gguf;
using Jigsaw.Training;
using TorchSharp;

namespace Jigsaw.CommandLine.Options;

/// <summary>What a run is told: the command line over the file over the recipe's defaults.</summary>
internal sealed record RunSettings
{
    /// <summary>The least σ, in multiples of the embeddings' spread.</summary>
    internal const double StdMin = 1e-3;

    /// <summary>The recipe.</summary>
    public required ProgramRecipe Recipe { get; init; }

    /// <summary>Directory of the base model.</summary>
    public required string Model { get; init; }

    /// <summary>Chats to train on: files, folders or patterns.</summary>
    public required IReadOnlyList<string> Data { get; init; }

    /// <summary>Chats to evaluate on.</summary>
    public required string EvaluationData { get; init; }

    /// <summary>JSON file with numbers of the recipe to change; null keeps them.</summary>
    public string? Hyperparameters { get; init; }

    /// <summary>The roles whose messages are transformed.</summary>
    public required IReadOnlyList<string> NoiseRoles { get; init; }

    /// <summary>The largest σ, in multiples of the embeddings' spread.</summary>
    public required double StdMax { get; init; }

    /// <summary>ρ before training.</summary>
    public required double InitialRho { get; init; }

    /// <summary>How many features of x̃ tell of a token; null for all.</summary>
    public int? TransformRank { get; init; }

    /// <summary>Where to run: cpu, cuda or cuda:N.</summary>
    public required string Device { get; init; }

    /// <summary>The dtype of the frozen base.</summary>
    public required string Precision { get; init; }

    /// <summary>Training steps.</summary>
    public required int Steps { get; init; }

    /// <summary>Chats per step.</summary>
    public required int Batch { get; init; }

    /// <summary>The most tokens of a step, without padding; null for steps of so many chats.</summary>
    public int? TokensPerStep { get; init; }

    /// <summary>The most tokens of a chat; null sets no limit.</summary>
    public int? MaxLength { get; init; }

    /// <summary>Where what is found in large data is kept; null for beside the run.</summary>
    public string? Cache { get; init; }

    /// <summary>True if <c>plan</c> estimates the memory of a step.</summary>
    public bool Memory { get; init; }

    /// <summary>Where the teacher's clean pass is kept; null for nowhere.</summary>
    public string? TeacherCache { get; init; }

    /// <summary>The dtype that it is kept in.</summary>
    public string TeacherCachePrecision { get; init; } = "bfloat16";

    /// <summary>Rank of the adapters.</summary>
    public required int Rank { get; init; }

    /// <summary>The largest learning rate.</summary>
    public required double LearningRate { get; init; }

    /// <summary>Chats that the models run on together; null for all of a step.</summary>
    public int? MicroBatch { get; init; }

    /// <summary>Which optimizer.</summary>
    public TrainingOptimizer Optimizer { get; init; }

    /// <summary>How the learning rate falls.</summary>
    public LearningRateDecay Schedule { get; init; }

    /// <summary>Steps of the warm-up; null for the library's.</summary>
    public int? WarmupSteps { get; init; }

    /// <summary>β of the optimizer's momentum; null for 0.9.</summary>
    public double? Momentum { get; init; }

    /// <summary>Weight decay; null for the library's.</summary>
    public double? WeightDecay { get; init; }

    /// <summary>The largest norm of the gradient; null for the library's.</summary>
    public double? ClipNorm { get; init; }

    /// <summary>What is not trained.</summary>
    public TrainedParts Frozen { get; init; }

    /// <summary>What is done about a step that is not finite.</summary>
    public NonFinitePolicy OnNonFinite { get; init; }

    /// <summary>Steps between two evaluations; null for none.</summary>
    public int? EvaluateEvery { get; init; }

    /// <summary>Evaluations without a new best that end the run; null for none.</summary>
    public int? Patience { get; init; }

    /// <summary>Minutes after which the run ends; null for none.</summary>
    public double? TimeLimit { get; init; }

    /// <summary>The step of the whole training after which the run ends; null for the last. Its file doesn't tell it, so what goes on with the run goes on to its end.</summary>
    public int? StopAfter { get; init; }

    /// <summary>Folder of the run that is trained further; null begins anew.</summary>
    public string? WarmStart { get; init; }

    /// <summary>Seed of transform, adapters and data order.</summary>
    public required long Seed { get; init; }

    /// <summary>Steps between two checkpoints.</summary>
    public required int CheckpointEvery { get; init; }

    /// <summary>Steps between two lines of a log.</summary>
    public required int LogEvery { get; init; }

    /// <summary>True if files for TensorBoard are written.</summary>
    public required bool TensorBoard { get; init; }

    /// <summary>Chats of the evaluation.</summary>
    public required int EvaluationChats { get; init; }

    /// <summary>Batches that the trained attacks are fitted on.</summary>
    public required int AttackSteps { get; init; }

    /// <summary>Chats whose tokens get an exact posterior; null for the suite's own number.</summary>
    public int? PosteriorChats { get; init; }

    /// <summary>Chats that are searched for their likeliest prompt; null for the suite's own number.</summary>
    public int? SearchedChats { get; init; }

    /// <summary>Facts that get the bound and decoys, at most; null for the suite's own number.</summary>
    public int? AttackedFacts { get; init; }

    /// <summary>Tokens that the exact attack tries at each place; null for the suite's own number.</summary>
    public int? Candidates { get; init; }

    /// <summary>Which attacks of the suite run.</summary>
    public required AttackSet Attacks { get; init; }

    /// <summary>Where everything of the run goes.</summary>
    public required string Output { get; init; }

    /// <summary>True if the run goes on from its last checkpoint.</summary>
    public bool Resume { get; init; }

    /// <summary>What <c>generate</c> answers.</summary>
    public string? Prompt { get; init; }

    /// <summary>The most tokens of an answer.</summary>
    public int MaxTokens { get; init; } = 64;

    /// <summary>Where <c>export</c> writes.</summary>
    public string? To { get; init; }

    /// <summary>True if <c>export</c> merges the adapters into the base.</summary>
    public bool Merge { get; init; }

    /// <summary>The GGUF file that <c>export</c> writes; null for safetensors.</summary>
    public GgufType? Gguf { get; init; }

    /// <summary>True if <c>export</c> writes a client bundle, too.</summary>
    public bool Client { get; init; }

    /// <summary>True if a chat is written in plain text, or shown by a report.</summary>
    public bool Chat { get; init; }

    /// <summary>What <c>report</c> reports on: folders of runs.</summary>
    public IReadOnlyList<string> Runs { get; init; } = [];

    /// <summary>The file that <c>report</c> writes; null for one in the folder of the first run.</summary>
    public string? ReportFile { get; init; }

    /// <summary>True if <c>report</c> writes Markdown.</summary>
    public bool Markdown { get; init; }

    /// <summary>Numbers of the recipe to change, by name, over those of the file.</summary>
    public IReadOnlyDictionary<string, double> Numbers { get; init; } = new Dictionary<string, double>();

    /// <summary>What <c>inspect</c> looks at.</summary>
    public string? Inspected { get; init; }

    /// <summary>The dtype of the frozen base.</summary>
    public torch.ScalarType DType => TypeOf(Precision);

    /// <summary>The dtype that the teacher's clean pass is kept in.</summary>
    public torch.ScalarType TeacherCacheType => TypeOf(TeacherCachePrecision);

    /// <summary>The folder of the checkpoints.</summary>
    public string Checkpoints => CheckpointsOf(Output);

    /// <summary>The folder of what is found in large data.</summary>
    public string CacheFolder => Cache ?? Path.Combine(Path.GetDirectoryName(Path.GetFullPath(Output)) ?? Output, "cache");

    /// <summary>The folder of the trained transform.</summary>
    public string Transform => TransformOf(Output);

    /// <summary>The folder of the trained adapters.</summary>
    public string Adapter => AdapterOf(Output);

    /// <summary>The device.</summary>
    /// <exception cref="ArgumentException">There is none of this number, or CUDA can't be used.</exception>
    public torch.Device TorchDevice() => Device.Split(':') switch
    {
        ["cpu"] => torch.CPU,
        _ when !torch.cuda.is_available() =>
            throw new ArgumentException($"--device is {Device}, but no CUDA device can be used: build with the CUDA libraries on a machine with an NVIDIA driver, or use --device cpu."),
        ["cuda", var index] when int.Parse(index, CultureInfo.InvariantCulture) is var number => number < torch.cuda.device_count()
            ? torch.device(DeviceType.CUDA, number)
            : throw new ArgumentException($"--device is {Device}; use cuda:N with N below {torch.cuda.device_count()}."),
        _ => torch.CUDA,
    };

    /// <summary>Refuses numbers that the recipe can't have.</summary>
    /// <exception cref="ArgumentException">A name is unknown, or a number breaks its rule.</exception>
    internal void RequireNumbers() => Recipe.Numbers(Hyperparameters, Numbers);

    /// <summary>The settings under the names of the command line, with full paths.</summary>
    public JsonObject ToJson() => new()
    {
        ["recipe"] = Recipe.Name,
        ["model"] = Path.GetFullPath(Model),
        ["data"] = Data is [var one] ? Path.GetFullPath(one) : new JsonArray([.. Data.Select(path => (JsonNode)Path.GetFullPath(path))]),
        ["eval-data"] = Path.GetFullPath(EvaluationData),
        ["hyperparameters"] = HyperparametersToJson(),
        ["std-max"] = WarmStart is null ? StdMax : null,
        ["initial-rho"] = WarmStart is null ? InitialRho : null,
        ["transform-rank"] = TransformRank,
        ["device"] = Device,
        ["precision"] = Precision,
        ["steps"] = Steps,
        ["batch"] = TokensPerStep is null ? Batch : null,
        ["tokens-per-step"] = TokensPerStep,
        ["max-length"] = MaxLength,
        ["cache"] = Cache is null ? null : Path.GetFullPath(Cache),
        ["teacher-cache"] = TeacherCache is null ? null : Path.GetFullPath(TeacherCache),
        ["teacher-cache-precision"] = TeacherCache is null ? null : TeacherCachePrecision,
        ["rank"] = WarmStart is null ? Rank : null,
        ["learning-rate"] = LearningRate,
        ["micro-batch"] = MicroBatch,
        ["optimizer"] = NameOf(Optimizer),
        ["schedule"] = NameOf(Schedule),
        ["warmup-steps"] = WarmupSteps,
        ["momentum"] = Momentum,
        ["weight-decay"] = WeightDecay,
        ["clip-norm"] = ClipNorm,
        ["freeze"] = Frozen == TrainedParts.None ? null : NameOf(Frozen),
        ["on-non-finite"] = NameOf(OnNonFinite),
        ["evaluate-every"] = EvaluateEvery,
        ["patience"] = Patience,
        ["time-limit"] = TimeLimit,
        ["warm-start"] = WarmStart is null ? null : Path.GetFullPath(WarmStart),
        ["seed"] = Seed,
        ["checkpoint-every"] = CheckpointEvery,
        ["log-every"] = LogEvery,
        ["no-tensorboard"] = !TensorBoard,
        ["eval-chats"] = EvaluationChats,
        ["attack-steps"] = AttackSteps,
        ["attacks"] = NameOf(Attacks),
        ["posterior-chats"] = PosteriorChats,
        ["searched-chats"] = SearchedChats,
        ["attacked-facts"] = AttackedFacts,
        ["candidates"] = Candidates,
    };

    /// <summary>The folder of a run's checkpoints.</summary>
    public static string CheckpointsOf(string run) => Path.Combine(run, "checkpoints");

    /// <summary>The folder of a run's trained transform.</summary>
    public static string TransformOf(string run) => Path.Combine(run, "transform");

    /// <summary>The folder of a run's trained adapters.</summary>
    public static string AdapterOf(string run) => Path.Combine(run, "adapter");

    private static torch.ScalarType TypeOf(string precision) => precision == "bfloat16" ? torch.ScalarType.BFloat16 : torch.ScalarType.Float32;

    private static string NameOf(Enum value) => value.ToString().ToLowerInvariant();

    /// <summary>The file of the recipe's numbers, or all that are changed where some are told by name.</summary>
    private JsonNode? HyperparametersToJson()
    {
        if (Numbers.Count == 0)
        {
            return Hyperparameters is null ? null : Path.GetFullPath(Hyperparameters);
        }

        var (written, changed) = (Recipe.Members.Defaults.ToDictionary(), Recipe.Numbers(Hyperparameters, Numbers).ToDictionary());
        var differing = changed.Where(number => number.Value is double or int && !Equals(number.Value, written[number.Key])).Select(number => KeyValuePair.Create(number.Key, (JsonNode?)JsonValue.Create(Convert.ToDouble(number.Value, CultureInfo.InvariantCulture)))).ToArray();
        return differing.Length == 0 ? null : new JsonObject(differing);
    }
}
