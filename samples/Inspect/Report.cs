using System.Globalization;
using Jigsaw.Checkpoints;
using Jigsaw.Inspection;
using Jigsaw.Models.Configuration;
using Jigsaw.Models.Lora;
using Jigsaw.Tokenization;

namespace Inspect;

/// <summary>Writes what a directory is, a line for each thing.</summary>
internal static class Report
{
    /// <summary>Describes a checkpoint.</summary>
    /// <returns>0 when Jigsaw runs all of it, else 1.</returns>
    public static int OfCheckpoint(string directory, TextWriter output)
    {
        var summary = CheckpointSummary.Read(directory);
        Line(output, "checkpoint", directory);
        if (summary.Config is { } config)
        {
            Describe(output, config);
        }

        if (summary.FileCount > 0)
        {
            Line(output, "parameters", $"{Number(summary.ParameterCount)} in {summary.FileCount} file{(summary.FileCount == 1 ? "" : "s")}, {Megabytes(summary.ByteCount)} MB");
            Line(output, "stored as", string.Join(", ", summary.ParametersByType.OrderByDescending(type => type.Value).Select(type => $"{type.Key} ({Number(type.Value)})")));
        }

        if (summary.Tokenizer is { } tokenizer)
        {
            Describe(output, tokenizer);
        }

        foreach (var problem in summary.Problems)
        {
            Line(output, "unsupported", problem);
        }

        if (summary.Problems.Count == 0)
        {
            Line(output, "unsupported", "nothing");
        }

        return summary.Problems.Count == 0 ? 0 : 1;
    }

    /// <summary>Describes a PEFT adapter.</summary>
    /// <returns>0; what is not supported is thrown.</returns>
    public static int OfAdapter(string directory, TextWriter output)
    {
        var lora = LoraConfig.Read(directory);
        using var file = SafetensorsFile.Open(Path.Combine(directory, "adapter_model.safetensors"));
        Line(output, "adapter", directory);
        Line(output, "base", lora.BaseModel ?? "not named");
        Line(output, "rank, alpha", $"{lora.Rank}, {lora.Alpha.ToString(CultureInfo.InvariantCulture)}{(lora.RankStabilized ? ", rank-stabilized" : "")}{(lora.RankPattern.Count + lora.AlphaPattern.Count > 0 ? ", with patterns" : "")}");
        Line(output, "modules", lora.TargetPattern ?? string.Join(", ", lora.TargetModules));
        Line(output, "parameters", $"{Number(file.Entries.Values.Sum(entry => entry.ElementCount))} in {file.Entries.Count} tensors");
        return 0;
    }

    private static void Describe(TextWriter output, CausalLMConfig config)
    {
        Line(output, "family", config.ModelType);
        Line(output, "dtype", config.DType ?? "not told");
        Line(output, "layers", $"{config.LayerCount} of {config.HiddenSize} features, feed-forward {config.IntermediateSize}");
        Line(output, "attention", $"{config.HeadCount} heads of {config.HeadDim}, {config.KeyValueHeadCount} for keys and values{Extras(config)}");
        Line(output, "rope", $"{config.RopeType}, theta {config.RopeTheta.ToString(CultureInfo.InvariantCulture)}, up to {config.MaxPositions} tokens");
        Line(output, "head", $"{(config.TiedHead ? "tied to the embeddings" : "of its own")}, {Number(config.VocabularySize)} tokens");
    }

    private static string Extras(CausalLMConfig config)
    {
        var extras = new List<string>();
        if (config.QueryKeyValueBias || config.OutputBias || config.FeedForwardBias)
        {
            extras.Add("biases");
        }

        if (config.QueryKeyNorm)
        {
            extras.Add("norms of queries and keys");
        }

        if (config.Windows.Any(window => window is not null))
        {
            extras.Add($"sliding window of {config.Windows.First(window => window is not null)} in {config.Windows.Count(window => window is not null)} layers");
        }

        return extras.Count == 0 ? "" : ", " + string.Join(", ", extras);
    }

    private static void Describe(TextWriter output, Tokenizer tokenizer)
    {
        Line(output, "tokenizer", $"{(tokenizer.IsByteLevel ? "byte-level BPE" : "BPE with byte fallback")}, {Number(tokenizer.VocabularySize)} tokens, begin {tokenizer.BeginToken ?? "none"}, end {tokenizer.EndToken ?? "none"}, pad {tokenizer.PadToken ?? "none"}");
        Line(output, "template", tokenizer.ChatTemplate is { } template ? $"{template.Source.Length} characters, supported" : "none");
    }

    private static void Line(TextWriter output, string name, string value) => output.WriteLine($"{name,-12} {value}");

    private static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    private static string Megabytes(long bytes) => (bytes / 1e6).ToString("N1", CultureInfo.InvariantCulture);
}
