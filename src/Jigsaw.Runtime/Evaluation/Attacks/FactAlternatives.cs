using Jigsaw.Data;
using Jigsaw.Tokenization;

namespace Jigsaw.Evaluation.Attacks;

/// <summary>Other facts of the same kind and token length, drawn from data.</summary>
/// <param name="chats">Where facts are taken from.</param>
/// <param name="tokenizer">How they become tokens.</param>
/// <param name="seed">Seed of the draws.</param>
internal sealed class FactAlternatives(IEnumerable<ChatExample> chats, Tokenizer tokenizer, long seed)
{
    private readonly Dictionary<string, string[]> _texts = chats.SelectMany(chat => chat.Facts).Where(fact => fact.Value.Length > 0)
        .GroupBy(fact => fact.Key, fact => fact.Value).ToDictionary(kind => kind.Key, kind => kind.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToArray());

    private readonly Dictionary<(string Kind, bool LeadingSpace, int Length), long[][]> _values = [];

    /// <summary>The fact's tokens, and behind them those of at most count − 1 others. The same fact of the same chat always gets the same others.</summary>
    /// <param name="fact">The fact.</param>
    /// <param name="chat">Number of its chat.</param>
    /// <param name="count">Values in all.</param>
    public IReadOnlyList<long[]> Of(AttackedFact fact, int chat, int count)
    {
        var key = (fact.Kind, fact.LeadingSpace, fact.Value.Length);
        if (!_values.TryGetValue(key, out var values))
        {
            _values[key] = values = [.. _texts.GetValueOrDefault(fact.Kind, [])
                .Select(text => tokenizer.Encode(fact.LeadingSpace ? " " + text : text).Select(id => (long)id).ToArray())
                .Where(ids => ids.Length == fact.Value.Length)];
        }

        var others = values.Where(value => !value.SequenceEqual(fact.Value)).ToArray();
        new Random(unchecked((int)(seed * 2654435761L) ^ (chat * 40503) ^ fact.Place)).Shuffle(others);
        return [fact.Value, .. others.Take(count - 1)];
    }
}
