using System.Text.Json;
using Jigsaw.Batches;
using Jigsaw.Models;
using Jigsaw.Tokenization;
using static TorchSharp.torch;

namespace Jigsaw.Benchmarks;

/// <summary>The gradient filter on hidden states of a real model, against the bare products of the exact gradient.</summary>
internal static class FilterSection
{
    public static Table Run(Scale scale)
    {
        var (weight, teacher) = Hidden(scale);
        using var head = weight;
        using var hidden = teacher;
        var table = new Table(
            $"Below the products: the gradient filter on a model of {weight.shape[0]} tokens and {weight.shape[1]} features, {teacher.shape[1]} rows of English",
            "case", "bare ms", "exact ÷ bare", "filtered ÷ bare", "target", "allowed error", "error", "extra peak MB");
        foreach (var (target, allowed) in (ReadOnlySpan<(CeTarget, double)>)[(CeTarget.Hard, 0.005), (CeTarget.Soft, 0.01)])
        {
            foreach (var noise in (ReadOnlySpan<double>)[1, 0.5, 0.1])
            {
                using var work = new HeadWork(weight.alias(), teacher, noise);
                // The first loops find out how much the filter may leave out.
                for (var i = 0; i < 6; i++)
                {
                    work.Jigsaw(target, filter: allowed);
                }

                var times = Timing.Medians(scale.Rounds, () => work.Bare(), () => work.Jigsaw(target), () => work.Jigsaw(target, filter: allowed));
                table.Add(
                    $"{target.ToString().ToLowerInvariant()}, student off by {noise:0.0} standard deviations",
                    $"{times[0]:f0}",
                    $"{times[1] / times[0]:f2}",
                    $"{times[2] / times[0]:f2}",
                    "≤ 0.85",
                    $"{allowed:0.000}",
                    $"{work.Error(target, allowed):0.0000}",
                    $"{PeakMemory.Of(() => work.Jigsaw(target, filter: allowed)):f0}");
            }
        }

        return table;
    }

    /// <summary>The model's head, and its input for chats from its own data, or for the project's documentation.</summary>
    private static (Tensor Weight, Tensor Hidden) Hidden(Scale scale)
    {
        using var scope = NewDisposeScope();
        using var inference = no_grad();
        using var model = CausalLM.Load(scale.Model, CPU, ScalarType.Float32);
        var tokenizer = Tokenizer.Load(scale.Model);
        var chats = Path.Combine(scale.Model, "data", "eval.jsonl");
        var texts = File.Exists(chats)
            ? File.ReadLines(chats).SelectMany(line => JsonDocument.Parse(line).RootElement.GetProperty("messages").EnumerateArray()).Select(message => message.GetProperty("content").GetString()!)
            : Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "text"), "*.md").Order(StringComparer.Ordinal).Select(File.ReadAllText);
        const int Length = 128;
        var ids = tokenizer.Encode(string.Join("\n", texts)).Take(scale.Rows / Length * Length).Select(id => (long)id).ToArray();
        var batch = ids.Length / Length;
        using var mask = RowMask.FromHost([.. ids.Select(_ => true)], batch, Length, CPU);
        var hidden = model.Run(model.Embed(tensor(ids).reshape(batch, Length)), mask).Last!.reshape(1, ids.Length, -1);
        return (model.Head.Weight.clone().DetachFromDisposeScope(), hidden.DetachFromDisposeScope());
    }
}
