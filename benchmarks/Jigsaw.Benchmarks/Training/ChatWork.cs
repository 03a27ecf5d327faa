using Jigsaw.Batches;
using Jigsaw.Data;
using Jigsaw.Models;
using Jigsaw.Models.Lora;
using Jigsaw.Steps;
using Jigsaw.Tokenization;
using Jigsaw.Transforms;
using Jigsaw.Transforms.Noise;
using static TorchSharp.torch;

namespace Jigsaw.Benchmarks.Training;

/// <summary>A model with what is trained of it, on the quick start's chats.</summary>
internal class ChatWork : IDisposable
{
    public ChatWork(string directory, int rank, int batchSize, long seed)
    {
        Model = CausalLM.Load(directory, CPU, ScalarType.Float32);
        Transform = new StainedGlassTransform(Model.EmbeddingTable, new TransformConfig { Std = new TanhStd { Min = 1e-3, Max = 4, InitialRho = -1 } }, seed);
        Teacher = new NoisyTeacher(Model);
        Student = new NoisyStudent(Model, new LoraConfig { Rank = rank, Alpha = 2 * rank }, seed);
        Tokenizer = new NoiseTokenizer(Tokenization.Tokenizer.Load(directory)) { NoiseRoles = ["user"] };
        Batches = new ChatBatches(Chats("train.jsonl"), Tokenizer, batchSize, seed);
    }

    public CausalLM Model { get; }

    public StainedGlassTransform Transform { get; }

    public NoisyTeacher Teacher { get; }

    public NoisyStudent Student { get; }

    public NoiseTokenizer Tokenizer { get; }

    public ChatBatches Batches { get; }

    /// <summary>Chats of the quick start's data.</summary>
    public static ChatDataset Chats(string file, int? limit = null) => ChatDataset.Read(Path.Combine(Scale.QuickstartModel, "data", file), limit);

    /// <summary>One forward of the bare model.</summary>
    public void Forward(TokenBatch batch)
    {
        using var scope = NewDisposeScope();
        using var grad = no_grad();
        _ = Model.Head.Logits(Model.Run(Model.Embed(batch.InputIds), batch.AttentionMask).Last!);
    }

    public void Dispose()
    {
        Student.Dispose();
        Teacher.Dispose();
        Transform.Dispose();
        Model.Dispose();
    }
}
