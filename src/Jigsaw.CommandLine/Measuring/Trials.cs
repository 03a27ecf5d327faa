using Jigsaw.Batches;
using Jigsaw.Data;
using Jigsaw.Evaluation.Attacks;
using Jigsaw.Evaluation.Metrics;
using Jigsaw.Models;
using Jigsaw.Models.Decoder;
using Jigsaw.Models.Generation;
using Jigsaw.Processes;
using Jigsaw.Tokenization;
using Jigsaw.Transforms;
using static TorchSharp.torch;

namespace Jigsaw.CommandLine.Measuring;

/// <summary>The evaluation, on chats that the training doesn't see.</summary>
internal sealed class Trials : IDisposable
{
    private const int BatchSize = 25;

    private readonly CausalLM _model;
    private readonly IAdapters _adapters;
    private readonly StainedGlassTransform _transform;
    private readonly NoiseTokenizer _tokenizer;
    private readonly ChatDataset _chats;
    private readonly List<(TokenBatch Batch, IReadOnlyList<IReadOnlyCollection<string>> Facts)> _batches = [];

    public Trials(CausalLM model, IAdapters adapters, StainedGlassTransform transform, NoiseTokenizer tokenizer, ChatDataset chats)
    {
        (_model, _adapters, _transform, _tokenizer, _chats) = (model, adapters, transform, tokenizer, chats);
        foreach (var rows in chats.Examples.Chunk(BatchSize))
        {
            _batches.Add((
                tokenizer.ToBatch([.. rows.Select(row => tokenizer.Tokenize(row.Messages, ignorePromptLoss: true, tools: row.Tools, documents: row.Documents, arguments: row.TemplateArguments))]),
                [.. rows.Select(row => row.Facts.Values.Where(fact => fact.Length > 0).ToArray())]));
        }
    }

    /// <summary>Agreement of the passes, and what the attacks recover.</summary>
    public TrialResult Measure(IReadOnlyList<IInversionAttack> attacks, IProcessGroup? processes = null)
    {
        var (agreement, divergence, noise) = (new AgreementMetric(), new DivergenceMetric(), new NoiseMetric(_transform));
        MetricEvaluator.Run([agreement, divergence, noise], _model, _adapters, _transform, _batches.Select(batch => batch.Batch), processes);
        return new TrialResult
        {
            Agreement = agreement,
            Divergence = divergence,
            Noise = noise,
            Attacks = InversionAttackEvaluator.Run(attacks, _transform, _batches, ids => _tokenizer.Tokenizer.Decode(ids), processes),
        };
    }

    /// <summary>One chat: what each attack recovers of its prompt, and what each model answers.</summary>
    public Conversation Converse(IReadOnlyList<IInversionAttack> attacks, int maxTokens, CancellationToken cancellation) =>
        Converse(_model, _adapters, _transform, _tokenizer, PromptOf(_chats.Examples[0]), attacks, maxTokens, cancellation);

    /// <summary>A chat up to its first reply.</summary>
    public static ChatExample PromptOf(ChatExample chat) => chat with { Messages = [.. chat.Messages.TakeWhile(message => message.Role != "assistant")] };

    /// <summary>What each attack recovers of a prompt, and what each model answers to it.</summary>
    public static Conversation Converse(CausalLM model, IAdapters adapters, StainedGlassTransform transform, NoiseTokenizer tokenizer, ChatExample prompt, IReadOnlyList<IInversionAttack> attacks, int maxTokens, CancellationToken cancellation)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var batch = tokenizer.ApplyChatTemplate([prompt.Messages], addGenerationPrompt: true, tools: prompt.Tools, documents: prompt.Documents, arguments: prompt.TemplateArguments);
        using var used = transform.WithSecureNoise();
        var noisy = used.Apply(batch);
        string Answer(Tensor embeddings, IAdapters? with) =>
            tokenizer.Tokenizer.Decode(model.Generate(embeddings, batch.AttentionMask, with, new GenerationOptions { MaxNewTokens = maxTokens, Cancellation = cancellation, EndTokens = [tokenizer.Tokenizer.IdOf(tokenizer.Tokenizer.EndToken!)!.Value] })[0], skipSpecial: true);
        return new Conversation(
            prompt.Messages[^1].Content ?? string.Empty,
            [.. attacks.Select(attack => (attack.Name, InversionAttackEvaluator.Texts(attack.Recover(noisy.Noisy, batch.AttentionMask, 1), batch, ids => tokenizer.Tokenizer.Decode(ids))[0]))],
            Answer(noisy.Clean, null),
            Answer(noisy.Noisy, null),
            Answer(noisy.Noisy, adapters));
    }

    public void Dispose()
    {
        foreach (var (batch, _) in _batches)
        {
            batch.Dispose();
        }
    }
}
