using Jigsaw.Evaluation.Attacks;
using TorchSharp;

namespace Quickstart;

/// <summary>What the command line says.</summary>
/// <param name="Model">Directory of the Hugging Face checkpoint.</param>
/// <param name="TrainingData">Chats to train on, JSON lines.</param>
/// <param name="EvaluationData">Chats to evaluate on, JSON lines.</param>
/// <param name="Recipe">The name of a <see cref="RecipeChoice"/>.</param>
/// <param name="Hyperparameters">JSON file with numbers of the recipe to change, under the original API's names; null keeps those of the recipe.</param>
/// <param name="StdMax">The largest σ, in multiples of the embeddings' spread.</param>
/// <param name="InitialRho">ρ before training: the lower, the less noise at the start.</param>
/// <param name="Device">Where to run.</param>
/// <param name="Precision">The dtype of the frozen base.</param>
/// <param name="Steps">Training steps.</param>
/// <param name="BatchSize">Chats per step.</param>
/// <param name="EvaluationChats">Chats of the evaluation.</param>
/// <param name="AttackSteps">Batches that the trained inversion attack is fitted on.</param>
/// <param name="Attacks">Which attacks of the suite run at the end.</param>
/// <param name="Seed">Seed of transform, adapters and data order.</param>
/// <param name="Output">Where transform, adapters and checkpoints go.</param>
/// <param name="Resume">Whether to go on from the last checkpoint in the output directory.</param>
internal sealed record QuickstartOptions(
    DirectoryInfo Model,
    FileInfo TrainingData,
    FileInfo EvaluationData,
    string Recipe,
    FileInfo? Hyperparameters,
    double StdMax,
    double InitialRho,
    torch.Device Device,
    torch.ScalarType Precision,
    int Steps,
    int BatchSize,
    int EvaluationChats,
    int AttackSteps,
    AttackSet Attacks,
    long Seed,
    DirectoryInfo Output,
    bool Resume);
