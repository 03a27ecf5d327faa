using Jigsaw.Batches;
using Jigsaw.Data;
using TorchSharp;

namespace Redaction;

/// <summary>Batches in which the transform changes nothing but the facts that the reply doesn't repeat: what a perfect redaction of private spans blanks.</summary>
internal sealed class RedactedBatches(ITokenBatches batches) : ITokenBatches
{
    public string? Fingerprint => batches.Fingerprint is { } fingerprint ? fingerprint + ", redacted" : null;

    public TokenBatch At(long step)
    {
        using var batch = batches.At(step);
        return Redact(batch);
    }

    internal static TokenBatch Redact(TokenBatch batch)
    {
        var told = batch.InReplyMask!.Host;
        var facts = batch.PrivateMask!.Host;
        var redacted = new bool[facts.Length];
        for (var i = 0; i < redacted.Length; i++)
        {
            redacted[i] = facts[i] && !told[i];
        }

        return new TokenBatch(batch.HostIds.Span, batch.AttentionMask.Host, batch.LossMask.Host, redacted, batch.BatchSize, batch.SequenceLength, torch.CPU);
    }
}
