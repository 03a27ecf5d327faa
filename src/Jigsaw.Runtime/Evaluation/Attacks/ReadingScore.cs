using Jigsaw.Evaluation.Metrics;

namespace Jigsaw.Evaluation.Attacks;

/// <summary>What readings of prompts recover.</summary>
/// <param name="decode">Text of token ids.</param>
internal sealed class ReadingScore(Func<IReadOnlyList<int>, string> decode)
{
    private readonly Dictionary<string, Tally> _tallies = [];
    private readonly List<string> _order = [];

    /// <summary>The figures so far, in order.</summary>
    public IEnumerable<(string Figure, Tally Tally)> Figures => _order.Select(figure => (figure, _tallies[figure]));

    /// <summary>Adds a chat.</summary>
    /// <param name="chat">The chat.</param>
    /// <param name="read">A token for each transformed one.</param>
    /// <param name="amongTen">Whether each true token is among the ten best candidates; null if the attack names one.</param>
    public void Add(AttackedChat chat, IReadOnlyList<long> read, IReadOnlyList<bool>? amongTen = null)
    {
        var truth = chat.Places.Select(t => chat.Ids[t]).ToArray();
        var right = truth.Zip(read, (wanted, found) => wanted == found).ToArray();
        var told = chat.Places.Select(t => chat.InReply[t]).ToArray();
        var all = Count("tokens", right);
        To("tokens, mean over prompts").Add(truth.Length > 0 ? all / (double)truth.Length : 0, truth.Length > 0 ? 1 : 0);
        Count("tokens not in the reply", [.. right.Where((_, i) => !told[i])]);
        Count("tokens in the reply", [.. right.Where((_, i) => told[i])]);
        if (amongTen is not null)
        {
            Count("tokens among the ten best", [.. amongTen]);
        }

        To("ROUGE-L").Add(TextOverlap.RougeL(truth, read), 1);
        To("token-set F1").Add(TextOverlap.SetF1(truth, read), 1);
        To("prompts read exactly").Add(all == truth.Length ? 1 : 0, 1);
        var text = decode([.. read.Select(id => (int)id)]);
        var facts = chat.Facts.Where(fact => fact.State != FactState.Missing).ToArray();
        Count("untold facts, verbatim", [.. facts.Where(fact => !fact.Told).Select(fact => text.Contains(fact.Text, StringComparison.Ordinal))]);
        Count("told facts, verbatim", [.. facts.Where(fact => fact.Told).Select(fact => text.Contains(fact.Text, StringComparison.Ordinal))]);
        Count("untold facts, for the most part", [.. facts.Where(fact => !fact.Told).Select(fact => TextOverlap.HasMostOf(text, fact.Text))]);
    }

    private int Count(string figure, bool[] holds)
    {
        var count = holds.Count(held => held);
        To(figure).Add(count, holds.Length);
        return count;
    }

    private Tally To(string figure)
    {
        if (!_tallies.TryGetValue(figure, out var tally))
        {
            _tallies.Add(figure, tally = new Tally());
            _order.Add(figure);
        }

        return tally;
    }
}
