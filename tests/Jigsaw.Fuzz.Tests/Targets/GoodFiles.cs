using Jigsaw.Data;
using Jigsaw.Models;
using Jigsaw.Models.Lora;
using Jigsaw.Steps;
using Jigsaw.Tokenization;
using Jigsaw.Training;
using Jigsaw.Transforms;
using Jigsaw.Transforms.Noise;
using static TorchSharp.torch;

namespace Jigsaw.Fuzz.Tests.Targets;

/// <summary>Small good files, and what reads them whole.</summary>
internal static class GoodFiles
{
    /// <summary>The path of a folder or file of the test data.</summary>
    public static string Data(params string[] parts) => Path.Combine([AppContext.BaseDirectory, "Data", .. parts]);

    /// <summary>The text of a file of the test data.</summary>
    public static string Text(params string[] parts) => File.ReadAllText(Data(parts));

    /// <summary>Copies the files of a folder of the test data.</summary>
    public static Action<string> Copied(params string[] parts) => folder =>
    {
        foreach (var file in Directory.GetFiles(Data(parts)))
        {
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        }
    };

    /// <summary>A model, run on a token.</summary>
    public static void RunModel(string folder)
    {
        using var scope = NewDisposeScope();
        using var model = CausalLM.Load(folder, CPU, ScalarType.Float32);
        using var none = no_grad();
        model.Run(model.EmbeddingTable.narrow(0, 0, 1).unsqueeze(0), Batches.RowMask.FromHost([true], 1, 1, CPU));
    }

    /// <summary>A tokenizer with its template, on a text and a chat.</summary>
    public static void RunTokenizer(string folder)
    {
        var tokenizer = Tokenizer.Load(folder);
        tokenizer.Decode(tokenizer.Encode("Hello, 12 <|im_end|> e\u0301 \U00020000\n\n", addFrame: true, AddedTokens.All));
        tokenizer.ChatTemplate?.Render([new ChatMessage("user", " hi "), new ChatMessage("assistant", "yes"), new ChatMessage("user", "a")], addGenerationPrompt: true);
    }

    private static readonly Lazy<CausalLM> _model = new(() => CausalLM.Load(Data("llama-gqa"), CPU, ScalarType.Float32));

    /// <summary>A transform of a small model.</summary>
    public static void SaveTransform(string folder)
    {
        using var transform = new StainedGlassTransform(_model.Value.EmbeddingTable, new TransformConfig { Std = new TanhStd { Max = 3 }, Mean = new BoundedMean { Bound = 2 } }, seed: 1);
        transform.Save(folder);
    }

    /// <summary>A transform, on three tokens.</summary>
    public static void RunTransform(string folder)
    {
        using var scope = NewDisposeScope();
        using var transform = StainedGlassTransform.Load(folder, _model.Value.EmbeddingTable);
        using var batch = new Batches.TokenBatch([1, 2, 3], [true, true, true], [true, true, false], [true, true, true], 1, 3, CPU);
        var noisy = transform.Apply(batch).Noisy;
        if (!noisy.isfinite().all().item<bool>())
        {
            throw new InvalidDataException("x̃ is not finite, and nothing said so.");
        }
    }

    /// <summary>Adapters of a small model.</summary>
    public static void SaveAdapter(string folder)
    {
        using var adapters = LoraAdapters.Create(_model.Value, new LoraConfig { Rank = 2 }, seed: 1);
        adapters.Save(folder);
    }

    /// <summary>Adapters, run on a token.</summary>
    public static void RunAdapter(string folder)
    {
        using var scope = NewDisposeScope();
        using var adapters = LoraAdapters.Load(folder, _model.Value);
        using var none = no_grad();
        _model.Value.Run(_model.Value.EmbeddingTable.narrow(0, 0, 1).unsqueeze(0), Batches.RowMask.FromHost([true], 1, 1, CPU), adapters);
    }

    /// <summary>The first checkpoint of a training.</summary>
    public static void SaveCheckpoint(string folder) => Train(folder, trainer => trainer.Run(_ => { }));

    /// <summary>A training that goes on from its checkpoint.</summary>
    public static void ResumeCheckpoint(string folder) => Train(folder, trainer => trainer.Resume(Path.Combine(folder, "step-000002")));

    /// <summary>The loss of a batch with a teacher's cache in a folder.</summary>
    public static float Loss(string cacheFolder)
    {
        using var scope = NewDisposeScope();
        using var cache = new TeacherCache(cacheFolder, _model.Value, ScalarType.Float32);
        using var transform = new StainedGlassTransform(_model.Value.EmbeddingTable, new TransformConfig(), seed: 1);
        using var teacher = new NoisyTeacher(_model.Value) { Cache = cache };
        using var student = new NoisyStudent(_model.Value, new LoraConfig { Rank = 2 }, seed: 1);
        var loss = FuzzRecipe.Bind(teacher, student).Loss;
        using var batch = new OneBatch().At(0);
        var noisy = transform.Apply(batch);
        teacher.Forward(noisy);
        student.Forward(noisy);
        var value = loss(batch.LossMask).item<float>();
        return cache.RowsRead + cache.RowsComputed > 0 ? value : throw new InvalidOperationException("The recipe reads nothing of the cache.");
    }

    /// <summary>Chats, tokenized and put into batches.</summary>
    public static void ReadChats(string folder)
    {
        var chats = ChatDataset.Read(Path.Combine(folder, "chats.jsonl"));
        var batches = new ChatBatches(chats, _tokenizer.Value, batchSize: 4, seed: 0);
        batches.At(0).Dispose();
    }

    private static readonly Lazy<NoiseTokenizer> _tokenizer = new(() => new NoiseTokenizer(Tokenizer.Load(Data("support-lm"))) { NoiseRoles = ["user"] });

    private static void Train(string folder, Action<Trainer> train)
    {
        using var transform = new StainedGlassTransform(_model.Value.EmbeddingTable, new TransformConfig(), seed: 1);
        using var teacher = new NoisyTeacher(_model.Value);
        using var student = new NoisyStudent(_model.Value, new LoraConfig { Rank = 2 }, seed: 1);
        using var trainer = new Trainer(FuzzRecipe.Bind(teacher, student), transform, new OneBatch(), new TrainingOptions { Steps = 2, CheckpointDirectory = folder });
        train(trainer);
    }

    private sealed class OneBatch : ITokenBatches
    {
        public string Fingerprint => "one";

        public Batches.TokenBatch At(long step) =>
            new([1, 2, 3, 4, 5, 6, 7, 8], [true, true, true, true, true, true, true, true], [false, false, true, false, false, false, true, false], [true, true, false, false, true, true, false, false], 2, 4, CPU);
    }
}
