using Jigsaw.Evaluation.Metrics;
using Jigsaw.Models;
using Jigsaw.Models.Decoder;
using Jigsaw.Models.Generation;
using Jigsaw.Tokenization;
using static TorchSharp.torch;

namespace Jigsaw.Evaluation.Attacks;

internal sealed partial class SuiteRun
{
    private const string Utility = "utility";
    private const int SupportTokens = 10;
    private const int ReplyTokens = 64;

    /// <summary>What the student still can do on x̃, and what teacher and student must not.</summary>
    private void MeasureUtility()
    {
        var adapters = _options.Adapters!;
        Pass[] passes = [Pass.StudentNoisy, Pass.TeacherNoisy, Pass.StudentClean];
        var agreement = passes.ToDictionary(pass => pass, _ => new Tally());
        var (divergence, unsure, overlap, symmetric) = (new Tally(), new Tally(), new Tally(), new Tally());
        var noise = new NoiseMetric(_transform);
        foreach (var chat in _chats.Where(chat => chat.Reply.Length > 0))
        {
            _cancellation.ThrowIfCancellationRequested();
            using var batch = _tokenizer.ToBatch([chat.Example.Tokenize(_tokenizer)]);
            var (agree, diverge, support) = (new AgreementMetric(), new DivergenceMetric(), new TopKUtilityMetric(Pass.StudentNoisy, SupportTokens));
            MetricEvaluator.Run([agree, diverge, support, noise], _model, adapters, _twin ?? _transform, [batch]);
            foreach (var pass in passes)
            {
                agreement[pass].Add(agree[pass] * agree.Tokens, agree.Tokens);
            }

            var differing = Math.Round((1 - agree[Pass.StudentNoisy]) * agree.Tokens);
            unsure.Add(agree.UnsureShare(Pass.StudentNoisy) * differing, differing);
            divergence.Add(diverge[Pass.StudentNoisy] * diverge.Tokens, diverge.Tokens);
            overlap.Add(support.Overlap * support.Tokens, support.Tokens);
            symmetric.Add(support.JensenShannon * support.Tokens, support.Tokens);
        }

        Add(Utility, "–", 1, "student(noisy) agrees with teacher(clean)", agreement[Pass.StudentNoisy]);
        Add(Utility, "–", 1, "teacher(noisy) agrees", agreement[Pass.TeacherNoisy]);
        Add(Utility, "–", 1, "student(clean) agrees", agreement[Pass.StudentClean]);
        Add(Utility, "–", 1, "KL(teacher clean ‖ student noisy), nats per token", divergence);
        Add(Utility, "–", 1, "differences where the teacher is under 60 % sure", unsure);
        Add(Utility, "–", 1, $"overlap of the {SupportTokens} likeliest tokens", overlap);
        Add(Utility, "–", 1, $"Jensen–Shannon divergence on the {SupportTokens} likeliest tokens, nats per token", symmetric);
        foreach (var (figure, value) in new[]
        {
            ("mean domination", noise.MeanDominationPercent), ("mean domination ratio", noise.MeanDominationRatio), ("cosine of x and μ", noise.MeanCosineSimilarity),
            ("noise domination", noise.NoiseDominationPercent), ("noise domination ratio", noise.NoiseDominationRatio), ("cosine of x and x̃ − x", noise.NoiseCosineSimilarity),
        })
        {
            _figures.Add(new AttackFigure(Utility, "–", 1, figure, noise.Tokens > 0 ? value : null, null, null, noise.Tokens));
        }

        if (_model is CausalLM model)
        {
            CompareReplies(model, adapters);
        }
    }

    /// <summary>Greedy replies of the student on x̃ beside those of the teacher on the prompt.</summary>
    private void CompareReplies(CausalLM model, IAdapters adapters)
    {
        var (exact, facts) = (new Tally(), new Tally());
        var ends = _tokenizer.Tokenizer.EndToken is { } end && _tokenizer.Tokenizer.IdOf(end) is { } id ? new[] { id } : null;
        var options = new GenerationOptions { MaxNewTokens = ReplyTokens, EndTokens = ends };
        foreach (var chat in _chats.Take(_options.PosteriorChats).Where(chat => chat.Reply.Length > 0))
        {
            _cancellation.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            ChatMessage[] prompt = [.. chat.Example.Messages.TakeWhile(message => message.Role != ChatMessage.Assistant)];
            if (prompt.Length == 0)
            {
                continue;
            }

            using var batch = _tokenizer.ApplyChatTemplate([prompt], addGenerationPrompt: true, tools: chat.Example.Tools, documents: chat.Example.Documents, arguments: chat.Example.TemplateArguments);
            var transformed = (_twin ?? _transform).Apply(batch);
            string Answer(Tensor embeddings, IAdapters? adapters) => _tokenizer.Tokenizer.Decode(model.Generate(embeddings, batch.AttentionMask, adapters, options)[0], skipSpecial: true);
            var (wanted, given) = (Answer(transformed.Clean, null), Answer(transformed.Noisy, adapters));
            exact.Add(wanted == given ? 1 : 0, 1);
            var told = chat.Facts.Where(fact => wanted.Contains(fact.Text, StringComparison.OrdinalIgnoreCase)).ToArray();
            facts.Add(told.Count(fact => given.Contains(fact.Text, StringComparison.OrdinalIgnoreCase)), told.Length);
        }

        Add(Utility, "–", 1, "greedy replies that equal the teacher's", exact);
        Add(Utility, "–", 1, "facts of the teacher's greedy reply that stand in the student's", facts);
    }
}
