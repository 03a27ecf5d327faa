using System.Globalization;
using Jigsaw.Batches;
using Jigsaw.Client;
using Jigsaw.Client.Transports;
using Jigsaw.Data;
using Jigsaw.Gguf;
using Jigsaw.Models;
using Jigsaw.Models.Decoder;
using Jigsaw.Models.Generation;
using Jigsaw.Models.Lora;
using Jigsaw.Runtime.Tests;
using Jigsaw.Tokenization;
using Jigsaw.Transforms;
using static TorchSharp.torch;

namespace Jigsaw.LLamaSharp.Tests;

/// <summary>One trained result on two engines: the runtime, and llama.cpp on GGUF files that it wrote. The sample's result, or another by JIGSAW_ENGINE_MODEL and JIGSAW_ENGINE_RUN; a model without a run gets a fresh transform and random adapters. JIGSAW_ENGINE_PROMPTS is how many prompts.</summary>
internal sealed class Engines : IDisposable
{
    private const int MostTokens = 48;

    private readonly TemporaryFolder _folder = new();
    private readonly Lazy<int[][]> _student;
    private readonly Lazy<int[][]> _clean;

    public Engines()
    {
        ModelDirectory = Environment.GetEnvironmentVariable("JIGSAW_ENGINE_MODEL") is { Length: > 0 } model ? model : GgufModelTests.Data("support-lm");
        Model = CausalLM.Load(ModelDirectory, CPU, ScalarType.Float32);
        var run = Environment.GetEnvironmentVariable("JIGSAW_ENGINE_RUN") is { Length: > 0 } told ? told : Path.Combine(AppContext.BaseDirectory, "Data", "trained");
        IsTrained = ModelDirectory == GgufModelTests.Data("support-lm") || run != Path.Combine(AppContext.BaseDirectory, "Data", "trained");
        run = IsTrained ? run : Untrained();
        Adapters = LoraAdapters.Load(Path.Combine(run, "adapter"), Model);
        Transform = PromptTransform.Load(ModelDirectory, Path.Combine(run, "transform"), NoiseScope.Users);
        var count = Environment.GetEnvironmentVariable("JIGSAW_ENGINE_PROMPTS") is { Length: > 0 } limit ? int.Parse(limit, CultureInfo.InvariantCulture) : 50;
        Chats = [.. ChatDataset.Read(Path.Combine(GgufModelTests.Data("support-lm"), "data", "eval.jsonl"), count).Examples.Select(example => example.Messages.TakeWhile(message => message.Role != ChatMessage.Assistant).ToArray())];
        Ends = [.. Model.Config.EndTokens.Union(Transform.StopTokenIds)];
        Prompts = [.. Chats.Select(chat => Transform.Transform(chat))];
        _student = new(() => Replies(Prompts.Select(Rows), Adapters));
        _clean = new(() => Replies(Chats.Select(chat => Model.Embed(tensor(Transform.Tokenize(chat).Ids.Select(id => (long)id).ToArray()).unsqueeze(0))), adapters: null));
    }

    public string ModelDirectory { get; }

    /// <summary>True if transform and adapters are fitted to each other.</summary>
    public bool IsTrained { get; }

    public CausalLM Model { get; }

    public LoraAdapters Adapters { get; }

    public PromptTransform Transform { get; }

    /// <summary>Fifty conversations up to the reply, or as many as the environment says.</summary>
    public IReadOnlyList<ChatMessage[]> Chats { get; }

    /// <summary>Their x̃, drawn once.</summary>
    public IReadOnlyList<TransformedPrompt> Prompts { get; }

    public int[] Ends { get; }

    /// <summary>The runtime's greedy replies with the adapters on x̃, with their end tokens.</summary>
    public int[][] StudentReplies => _student.Value;

    /// <summary>The runtime's greedy replies of the base on the clean prompts, with their end tokens.</summary>
    public int[][] CleanReplies => _clean.Value;

    /// <summary>llama.cpp on the base, or on the merged model.</summary>
    public LLamaTransport Engine(GgufType type, bool merged, bool adapter = false)
    {
        var path = _folder[$"{type}-{merged}.gguf"];
        if (!File.Exists(path))
        {
            GgufExport.WriteModel(path, Model, type, merged ? Adapters : null);
        }

        if (adapter)
        {
            GgufExport.WriteAdapters(_folder["adapter.gguf"], Model, Adapters, type);
        }

        return LLamaTransport.Load(new LLamaOptions { ModelPath = path, AdapterPath = adapter ? _folder["adapter.gguf"] : null, ContextTokens = 512, Threads = IsTrained ? 1 : null, Float32Cache = true });
    }

    /// <summary>The greedy reply of llama.cpp, with its end token.</summary>
    public async Task<int[]> ReplyAsync(LLamaTransport engine, TransformedPrompt prompt)
    {
        var reply = new List<int>();
        await foreach (var token in engine.TokensAsync(prompt, new CompletionOptions { MaxTokens = MostTokens, Temperature = 0 }))
        {
            reply.Add((int)token);
            if (Ends.Contains(reply[^1]))
            {
                break;
            }
        }

        return [.. reply];
    }

    /// <summary>How far one token is behind another in the runtime's logits behind a prompt and the beginning of its reply.</summary>
    public double Gap(TransformedPrompt prompt, int[] said, int first, int second)
    {
        using var scope = NewDisposeScope();
        var logits = Logits(said.Length == 0 ? Rows(prompt) : cat([Rows(prompt), Model.Embed(tensor(said.Select(id => (long)id).ToArray()).unsqueeze(0))], 1))[-1];
        return logits[first].item<float>() - logits[second].item<float>();
    }

    /// <summary>How many tokens of a reply the runtime's student would say behind a prompt and the reply's tokens before.</summary>
    public int Agreeing(TransformedPrompt prompt, int[] reply)
    {
        using var scope = NewDisposeScope();
        var logits = Logits(cat([Rows(prompt), Model.Embed(tensor(reply.Select(id => (long)id).ToArray()).unsqueeze(0))], 1));
        return logits.narrow(0, prompt.TokenCount - 1, reply.Length).argmax(-1).data<long>().ToArray().Zip(reply).Count(pair => pair.First == pair.Second);
    }

    /// <summary>The runtime's logits behind each row of a prompt.</summary>
    public float[][] Logits(TransformedPrompt prompt)
    {
        using var scope = NewDisposeScope();
        return [.. Logits(Rows(prompt)).unbind(0).Select(row => row.data<float>().ToArray())];
    }

    public void Dispose()
    {
        Transform.Dispose();
        Adapters.Dispose();
        Model.Dispose();
        _folder.Dispose();
    }

    private Tensor Logits(Tensor rows)
    {
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        using var mask = RowMask.FromTensor(ones(1, rows.shape[1], dtype: ScalarType.Bool));
        return Model.Head.Logits(Model.Run(rows, mask, Adapters).Last!.squeeze(0)).MoveToOuterDisposeScope();
    }

    private string Untrained()
    {
        using var grad = no_grad();
        using var transform = new StainedGlassTransform(Model.EmbeddingTable, seed: 0);
        using var adapters = LoraAdapters.Create(Model, new LoraConfig { Rank = 8 }, seed: 0);
        using var generator = new Generator(0, CPU);
        foreach (var (name, value) in adapters.NamedParameters.Where(parameter => parameter.Name.EndsWith("lora_B.weight", StringComparison.Ordinal)))
        {
            value.normal_(0, 0.02, generator);
        }

        transform.Save(_folder[Path.Combine("run", "transform")]);
        adapters.Save(_folder[Path.Combine("run", "adapter")]);
        return _folder["run"];
    }

    /// <summary>Greedy replies to prompts of different lengths, computed together.</summary>
    private int[][] Replies(IEnumerable<Tensor> prompts, IAdapters? adapters)
    {
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        var all = prompts.ToArray();
        var longest = all.Max(prompt => prompt.shape[1]);
        var padded = cat([.. all.Select(prompt => nn.functional.pad(prompt, (0, 0, longest - prompt.shape[1], 0)))], 0);
        var lengths = tensor(all.Select(prompt => prompt.shape[1]).ToArray()).unsqueeze(1);
        using var mask = RowMask.FromTensor(arange(longest).unsqueeze(0) >= longest - lengths);
        return Model.Generate(padded, mask, adapters, new GenerationOptions { MaxNewTokens = MostTokens, EndTokens = Ends });
    }

    private static Tensor Rows(TransformedPrompt prompt) => tensor(prompt.ToSingles()).reshape(1, prompt.TokenCount, prompt.Features);
}
