using Jigsaw.Data;
using Jigsaw.Tokenization;

namespace Jigsaw.Evaluation.Attacks;

/// <summary>A chat of an evaluation, on the host: what the attacker sees, and what is true.</summary>
/// <param name="Ids">Its tokens.</param>
/// <param name="Noise">Those that the transform changes.</param>
/// <param name="InReply">Those that the reply repeats.</param>
/// <param name="Prompt">The text of the transformed tokens.</param>
/// <param name="Reply">What the assistant says.</param>
/// <param name="Facts">The private facts.</param>
/// <param name="Example">The chat.</param>
internal sealed record AttackedChat(long[] Ids, bool[] Noise, bool[] InReply, string Prompt, string Reply, IReadOnlyList<AttackedFact> Facts, ChatExample Example)
{
    /// <summary>Where the transformed tokens stand.</summary>
    public int[] Places { get; } = [.. Enumerable.Range(0, Noise.Length).Where(t => Noise[t])];

    /// <summary>Tokenizes a chat and finds its facts. A chat without a reply is a prompt that asks for one: nothing of it is in the reply.</summary>
    public static AttackedChat Of(ChatExample chat, NoiseTokenizer tokenizer)
    {
        var messages = chat.Messages.ToList();
        while (messages is [.., { Role: ChatMessage.Assistant } last] && string.IsNullOrWhiteSpace(last.Content))
        {
            messages.RemoveAt(messages.Count - 1);
        }

        var replies = messages.Where(message => message.Role == ChatMessage.Assistant && !string.IsNullOrWhiteSpace(message.Content)).ToArray();
        var tokens = chat.Tokenize(tokenizer, messages, addGenerationPrompt: replies.Length == 0);
        var ids = tokens.Ids.Select(id => (long)id).ToArray();
        var noise = tokens.Noise.ToArray();
        string Text(IEnumerable<long> some) => tokenizer.Tokenizer.Decode(some.Select(id => (int)id));
        var prompt = Text(ids.Where((_, t) => noise[t]));
        var reply = string.Join('\n', replies.Select(message => message.Content));
        var inReply = tokens.InReply.Count == ids.Length ? tokens.InReply.ToArray() : new bool[ids.Length];
        return new AttackedChat(ids, noise, inReply, prompt, reply, [.. chat.Facts.Where(fact => fact.Value.Length > 0).Select(fact => Find(fact.Key, fact.Value))], chat);

        AttackedFact Find(string kind, string fact)
        {
            var told = reply.Contains(fact, StringComparison.OrdinalIgnoreCase);

            // An address that contains the name can't be replaced alone, nor can the name.
            var within = chat.Facts.Any(other => other.Key != kind && other.Value.Length > 0
                && (other.Value.Contains(fact, StringComparison.OrdinalIgnoreCase) || FactSpans.Of(fact.ToUpperInvariant(), other.Value.ToUpperInvariant()).Any()));
            var state = Occurrences(prompt, fact) switch
            {
                0 => FactState.Missing,
                1 => within ? FactState.Repeated : FactState.Misaligned,
                _ => FactState.Repeated,
            };
            if (state != FactState.Misaligned)
            {
                return new AttackedFact(kind, fact, told, state, 0, [], false);
            }

            for (var start = 0; start < ids.Length; start++)
            {
                // A token of spaces alone is not part of the fact.
                if (string.IsNullOrWhiteSpace(Text(ids[start..(start + 1)])))
                {
                    continue;
                }

                for (var end = start + 1; end <= ids.Length && noise[end - 1] && end - start <= fact.Length + 1; end++)
                {
                    var text = Text(ids[start..end]);
                    var space = text.StartsWith(' ');
                    var trimmed = space ? text[1..] : text;
                    if (trimmed == fact && tokenizer.Tokenizer.Encode(space ? " " + fact : fact).Select(id => (long)id).SequenceEqual(ids[start..end]))
                    {
                        return new AttackedFact(kind, fact, told, FactState.Placed, start, ids[start..end], space);
                    }

                    if (!fact.StartsWith(trimmed, StringComparison.Ordinal))
                    {
                        break;
                    }
                }
            }

            return new AttackedFact(kind, fact, told, FactState.Misaligned, 0, [], false);
        }
    }

    private static int Occurrences(string text, string part)
    {
        var count = 0;
        for (var at = text.IndexOf(part, StringComparison.OrdinalIgnoreCase); at >= 0; at = text.IndexOf(part, at + 1, StringComparison.OrdinalIgnoreCase))
        {
            count++;
        }

        return count;
    }
}
