using System.CommandLine;
using System.Globalization;
using Jigsaw.Checkpoints;
using Jigsaw.Evaluation.Attacks;
using Jigsaw.Training;
using Quickstart;
using TorchSharp;

var bundled = Path.Combine(AppContext.BaseDirectory, "models", "support-lm");
var model = new Option<DirectoryInfo>("--model") { Description = "Directory of a Hugging Face checkpoint of the Llama family.", DefaultValueFactory = _ => new DirectoryInfo(bundled) };
var data = new Option<FileInfo>("--data") { Description = "Chats to train on, JSON lines.", DefaultValueFactory = _ => new FileInfo(Path.Combine(bundled, "data", "train.jsonl")) };
var evaluation = new Option<FileInfo>("--eval-data") { Description = "Chats to evaluate on, JSON lines.", DefaultValueFactory = _ => new FileInfo(Path.Combine(bundled, "data", "eval.jsonl")) };
var recipe = new Option<string>("--recipe") { Description = "Which of the sample's recipes: what the reply doesn't repeat is protected; the original's terms alone; these with the performance term over every token.", DefaultValueFactory = _ => RecipeChoice.All[0].Name };
recipe.AcceptOnlyFromAmong([.. RecipeChoice.All.Select(choice => choice.Name)]);
var numbers = new Option<FileInfo?>("--hyperparameters") { Description = "JSON file with numbers of the recipe to change, such as {\"information_rate_weight\": 0.2}." };
var stdMax = new Option<double>("--std-max") { Description = "The largest σ, in multiples of the embeddings' spread.", DefaultValueFactory = _ => 4 };
var initialRho = new Option<double>("--initial-rho") { Description = "ρ before training: the lower, the less noise at the start.", DefaultValueFactory = _ => -1 };
var device = new Option<string>("--device") { Description = "cpu, cuda or cuda:N.", DefaultValueFactory = _ => "cpu" };
var precision = new Option<string>("--precision") { Description = "dtype of the frozen base.", DefaultValueFactory = _ => "float32" };
precision.AcceptOnlyFromAmong("float32", "bfloat16");
var steps = new Option<int?>("--steps") { Description = "Training steps. [default: the recipe's, 2000 for protect, 700 for the others]" };
var batch = new Option<int>("--batch") { Description = "Chats per step.", DefaultValueFactory = _ => 16 };
var chats = new Option<int>("--eval-chats") { Description = "Chats of the evaluation.", DefaultValueFactory = _ => 200 };
var attackSteps = new Option<int>("--attack-steps") { Description = "Batches that the trained inversion attack is fitted on.", DefaultValueFactory = _ => 400 };
var attacks = new Option<string>("--attacks") { Description = "Which attacks of the suite: default (the exact likelihood attack, its bound, neighbors, floors), all, or none.", DefaultValueFactory = _ => "default" };
attacks.AcceptOnlyFromAmong("default", "all", "none");
var seed = new Option<long>("--seed") { Description = "Seed of transform, adapters and data order.", DefaultValueFactory = _ => 0 };
var output = new Option<DirectoryInfo?>("--output") { Description = "Where transform, adapters and checkpoints go. [default: the next free of runs/quickstart, runs/quickstart-2, …; with --resume the last of them]" };
var resume = new Option<bool>("--resume") { Description = "Go on from the last checkpoint in the output directory." };

foreach (var positive in new Option[] { steps, batch, chats, attackSteps })
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

var command = new RootCommand("Trains a Stained Glass Transform and LoRA adapters on a small language model, and measures what they keep and what they hide.")
{
    model, data, evaluation, recipe, numbers, stdMax, initialRho, device, precision, steps, batch, chats, attackSteps, attacks, seed, output, resume,
};
command.SetAction((parsed, cancellation) =>
{
    try
    {
        var options = new QuickstartOptions(
            parsed.GetRequiredValue(model),
            parsed.GetRequiredValue(data),
            parsed.GetRequiredValue(evaluation),
            parsed.GetRequiredValue(recipe),
            parsed.GetValue(numbers),
            parsed.GetValue(stdMax),
            parsed.GetValue(initialRho),
            ParseDevice(parsed.GetRequiredValue(device)),
            parsed.GetRequiredValue(precision) == "bfloat16" ? torch.ScalarType.BFloat16 : torch.ScalarType.Float32,
            parsed.GetValue(steps) ?? RecipeChoice.Of(parsed.GetRequiredValue(recipe)).Steps,
            parsed.GetRequiredValue(batch),
            parsed.GetRequiredValue(chats),
            parsed.GetRequiredValue(attackSteps),
            Enum.Parse<AttackSet>(parsed.GetRequiredValue(attacks), ignoreCase: true),
            parsed.GetRequiredValue(seed),
            parsed.GetValue(output) ?? DefaultOutput(parsed.GetValue(resume)),
            parsed.GetValue(resume));
        new QuickstartRun(options).Run(cancellation);
        return Task.FromResult(0);
    }
    catch (OperationCanceledException)
    {
        Console.Error.WriteLine("Stopped. Go on with --resume.");
        return Task.FromResult(130);
    }
    catch (Exception exception) when (exception is CheckpointException or TrainingCheckpointException or NonFiniteLossException or ArgumentException or FormatException or IOException or UnauthorizedAccessException)
    {
        Console.Error.WriteLine($"error: {exception.Message}");
        return Task.FromResult(1);
    }
});
return await command.Parse(args).InvokeAsync();

static torch.Device ParseDevice(string text)
{
    var parts = text.Split(':');
    return parts switch
    {
        ["cpu"] => torch.CPU,
        ["cuda"] or ["cuda", _] when !torch.cuda.is_available() =>
            throw new ArgumentException($"--device is {text}, but no CUDA device can be used: build with -p:TorchBackend=cuda on a machine with an NVIDIA driver (docs/cuda.md), or use --device cpu."),
        ["cuda"] => torch.CUDA,
        ["cuda", var index] when int.TryParse(index, out var number) && number >= 0 && number < torch.cuda.device_count() => torch.device(DeviceType.CUDA, number),
        _ => throw new ArgumentException($"--device is {text}; use cpu, cuda or cuda:N with N below {(torch.cuda.is_available() ? torch.cuda.device_count() : 0)}."),
    };
}

static DirectoryInfo DefaultOutput(bool resume)
{
    static DirectoryInfo Numbered(int number) => new(Path.Combine("runs", number == 1 ? "quickstart" : $"quickstart-{number}"));
    var free = 1;
    while (Numbered(free).Exists)
    {
        free++;
    }

    return Numbered(resume ? Math.Max(1, free - 1) : free);
}
