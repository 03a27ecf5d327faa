using System.Globalization;
using System.Text.Json;
using Jigsaw.Evaluation.Attacks;

namespace Jigsaw.CommandLine.Tests;

/// <summary>The folder of a run, as a training and its measurements leave it, without any of them.</summary>
internal static class WrittenRun
{
    public const string Secret = "Where is order 4711 of Ada Lovelace?";

    public static string Write(string folder, string recipe = "tiny", double agreement = 0.9, double bits = 0.5, int steps = 8)
    {
        Directory.CreateDirectory(folder);
        Text("run.json", $$"""{ "recipe": {{JsonSerializer.Serialize(recipe)}}, "model": "/home/ada/models/small", "data": ["/home/ada/train.jsonl", "/home/ada/more.parquet"], "cache": "/home/ada/cache", "warm-start": "/home/ada/runs/old", "hyperparameters": { "jigsaw_ce_protection_loss_weight": {{Number(bits)}} }, "std-max": 2, "steps": {{steps}}, "seed": 7 }""");
        Text("steps.jsonl", string.Concat(Enumerable.Range(1, steps).Select(step => $$"""{"step":{{step}},"components":{"jigsaw_ce_performance_loss":{{Number(3.0 / step)}},"composite_loss":{{Number(5.0 / step)}}},"gradient_norm":{{(step == 2 ? "null" : Number(1.25 * step))}},"learning_rate":0.002,"tokens":40}""" + "\n")));
        Text("evaluation.json", $$"""{ "chats": 20, "student_noisy_agreement": {{Number(agreement)}}, "student_noisy_kl": 0.3125, "teacher_noisy_agreement": 0.0625, "teacher_noisy_kl": 4.5, "student_clean_agreement": 0.125, "mean_std": 0.75, "mean_shift": 2.25, "attacks": [{ "attack": "nearest neighbor", "tokens": 0.1875, "ten_best": 0.375, "facts": 0.4375 }] }""");
        Text("attacks.json", new AttackReport
        {
            Chats = 20,
            Tokens = 123,
            LeftOut = new Dictionary<string, int> { ["facts within a word"] = 3 },
            Notes = ["It tries 16 of 16 tokens."],
            Figures =
            [
                new("utility", "–", 1, "student(noisy) agrees with teacher(clean)", agreement, agreement - 0.04, agreement + 0.04, 99),
                new("exact likelihood attack", "K4", 1, "bits per token not in the reply, true prefix given", bits, bits - 0.25, bits + 0.25, 41),
                new("exact likelihood attack", "K4", 1, "untold facts, true prefix given", 0.0775, 0.0125, 0.1425, 40),
                new("control x̃ = x: nearest neighbor", "control", 1, "tokens", 1, null, null, 123),
            ],
        }.ToJson());
        Text("chat.json", $$"""{ "prompt": "{{Secret}}", "recovered": [{ "attack": "nearest neighbor", "text": "Wo <ist> it" }], "teacher_on_clean": "It left.", "teacher_on_noisy": "Eh?", "student_on_noisy": "It left!" }""");
        Text("versions.json", """{ "jigsaw": "0.1.0+abc", "runtime": ".NET 10" }""");
        foreach (var part in (string[])["transform/sgt.safetensors", "adapter/adapter_model.safetensors"])
        {
            Text(part, recipe);
        }

        Text("checkpoints/step-000008/training.json", $$"""{ "Version": 2, "Step": 8, "Settings": { "batches": "40 chats (abcdef)", "hyperparameter jigsaw_ce_protection_loss_weight": "{{Number(bits)}}" } }""");
        return folder;

        void Text(string name, string text)
        {
            var path = Path.Combine(folder, name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, text);
        }
    }

    private static string Number(double value) => value.ToString(CultureInfo.InvariantCulture);
}
