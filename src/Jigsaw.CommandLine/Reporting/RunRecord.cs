using System.Text.Json.Nodes;
using Jigsaw.CommandLine.Measuring;
using Jigsaw.Evaluation.Attacks;

namespace Jigsaw.CommandLine.Reporting;

/// <summary>What the files in the folder of a run tell. A part that is missing or damaged is null, and a sentence says why.</summary>
internal sealed record RunRecord
{
    /// <summary>The name of the folder.</summary>
    public required string Name { get; init; }

    /// <summary>The folder.</summary>
    public required string Folder { get; init; }

    /// <summary>The options of the run.</summary>
    public JsonObject? Options { get; init; }

    /// <summary>The steps of the training; empty if no file tells.</summary>
    public IReadOnlyList<StepRecord> Steps { get; init; } = [];

    /// <summary>The figures of <c>evaluate</c>.</summary>
    public JsonObject? Evaluation { get; init; }

    /// <summary>The figures of <c>attack</c>.</summary>
    public AttackReport? Attacks { get; init; }

    /// <summary>A chat in plain text; null unless asked for.</summary>
    public Conversation? Chat { get; init; }

    /// <summary>What it was trained with.</summary>
    public JsonObject? Versions { get; init; }

    /// <summary>The settings that the last checkpoint keeps, by name.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Settings { get; init; } = [];

    /// <summary>SHA-256 of the transform's and the adapters' files, by name.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Hashes { get; init; } = [];

    /// <summary>A sentence for each part that is missing or damaged.</summary>
    public IReadOnlyList<string> Problems { get; init; } = [];
}
