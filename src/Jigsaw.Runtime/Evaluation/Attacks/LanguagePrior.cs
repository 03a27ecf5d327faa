using Jigsaw.Batches;
using Jigsaw.Models;
using Jigsaw.Models.Decoder;
using Jigsaw.Tensors;
using static TorchSharp.torch;

namespace Jigsaw.Evaluation.Attacks;

/// <summary>What a language model thinks of texts: natural logarithms in float64.</summary>
/// <param name="model">The model.</param>
internal sealed class LanguagePrior(ICausalLM model)
{
    // Logits in float64 that exist at a time.
    private const long BlockNumbers = 8L << 20;

    // Ends that are read at a time.
    private const long MostEnds = 64;

    // Copies of the keys and values of a text that exist at a time.
    private const long CopiedBytes = 256L << 20;

    /// <summary>Tokens of the vocabulary.</summary>
    public long Vocabulary => model.EmbeddingTable.shape[0];

    /// <summary>Copies of a text that grow token by token.</summary>
    /// <param name="text">The text; may be empty.</param>
    /// <param name="copies">How many.</param>
    /// <param name="longest">The largest number of tokens.</param>
    public GrowingTexts Grow(long[] text, int copies, int longest) => new(this, model as CausalLM, text, copies, longest);

    /// <summary>A tensor of ids on the model's device, shape (ids).</summary>
    public Tensor Ids(IEnumerable<long> ids) => tensor(ids.ToArray(), dtype: ScalarType.Int64, device: model.EmbeddingTable.device);

    /// <summary>ln p of each next token behind the places from one on, shape (rows, columns − from, vocabulary).</summary>
    /// <param name="ids">Texts of one length, shape (rows, columns), int64.</param>
    /// <param name="from">The first place.</param>
    public Tensor Next(Tensor ids, long from)
    {
        using var scope = NewDisposeScope();
        return model.Head.Logits(Hidden(ids, from)).to(ScalarType.Float64).log_softmax(-1).MoveToOuterDisposeScope();
    }

    /// <summary>ln p of the token behind each text, shape (rows, vocabulary): uniform where there is no text yet.</summary>
    public Tensor Next(Tensor ids)
    {
        using var scope = NewDisposeScope();
        return (ids.shape[1] > 0
            ? Next(ids, ids.shape[1] - 1).select(1, 0)
            : full([ids.shape[0], Vocabulary], Scalars.Of(-Math.Log(Vocabulary)), dtype: ScalarType.Float64, device: ids.device)).MoveToOuterDisposeScope();
    }

    /// <summary>ln p of the token at some places of a text, each with everything before it given: shape (vocabulary) for each place.</summary>
    /// <param name="text">The text.</param>
    /// <param name="places">The places, ascending, at least one.</param>
    public Tensor[] Before(long[] text, int[] places)
    {
        var first = Math.Max(1, places[0]);
        var next = places[^1] > 0 ? Next(Ids(text[..places[^1]]).unsqueeze(0), first - 1)[0] : null;
        return [.. places.Select(t => t > 0 ? next![t - first] : Next(Ids([]).unsqueeze(0))[0])];
    }

    /// <summary>ln p of the tokens of each text from one place on, summed: shape (rows). The first token of a text has no prior and counts nothing.</summary>
    public Tensor Of(Tensor ids, long from)
    {
        using var scope = NewDisposeScope();
        var first = Math.Max(1, from);
        if (first >= ids.shape[1])
        {
            return zeros(ids.shape[0], dtype: ScalarType.Float64, device: ids.device).MoveToOuterDisposeScope();
        }

        return Sum(Hidden(ids.narrow(1, 0, ids.shape[1] - 1), first - 1), ids.narrow(1, first, ids.shape[1] - first)).MoveToOuterDisposeScope();
    }

    /// <summary>ln p of each of several ends of one text, summed over an end's tokens: shape (ends). A <see cref="CausalLM"/> reads the text once; without a text the first token counts nothing.</summary>
    /// <param name="text">What is before all of them; may be empty.</param>
    /// <param name="ends">Ends of one length, shape (ends, columns), int64.</param>
    public Tensor OfEnds(long[] text, Tensor ends)
    {
        using var scope = NewDisposeScope();
        var columns = ends.shape[1];
        if (text.Length == 0 || model is not CausalLM keeping)
        {
            return cat([.. ends.split(MostEnds).Select(some => Of(cat([Ids(text).unsqueeze(0).expand(some.shape[0], -1), some], 1), text.Length))]).MoveToOuterDisposeScope();
        }

        using var read = keeping.NewCache(1, text.Length + (int)columns);
        var first = keeping.Continue(Ids(text).unsqueeze(0), read).to(ScalarType.Float64).log_softmax(-1)[0].index_select(0, ends.select(1, 0));
        if (columns == 1)
        {
            return first.MoveToOuterDisposeScope();
        }

        var most = Math.Clamp(CopiedBytes / read.Bytes, 1, MostEnds);
        return cat([.. first.split(most).Zip(ends.split(most), (sums, some) => sums.Plus(Rest(keeping, read, some)))]).MoveToOuterDisposeScope();
    }

    /// <summary>ln p of the tokens of ends but their first, summed: shape (ends).</summary>
    private Tensor Rest(CausalLM keeping, KeyValueCache read, Tensor ends)
    {
        using var scope = NewDisposeScope();
        var (count, columns) = (ends.shape[0], ends.shape[1]);
        using var copies = read.Select(zeros(count, dtype: ScalarType.Int64, device: ends.device));
        return Sum(keeping.ContinueHidden(ends.narrow(1, 0, columns - 1), copies), ends.narrow(1, 1, columns - 1)).MoveToOuterDisposeScope();
    }

    /// <summary>The LM head's input at the places of texts from one on.</summary>
    private Tensor Hidden(Tensor ids, long from)
    {
        var (rows, columns) = (ids.shape[0], ids.shape[1]);
        using var all = RowMask.FromTensor(ones(rows, columns, dtype: ScalarType.Bool, device: ids.device));
        return model.Run(model.EmbeddingTable.index(TensorIndex.Tensor(ids)), all).Last!.narrow(1, from, columns - from);
    }

    /// <summary>ln p of the tokens behind some places, summed over the columns: shape (rows). A block of logits at a time.</summary>
    private Tensor Sum(Tensor hidden, Tensor tokens)
    {
        using var scope = NewDisposeScope();
        var (places, next) = (hidden.flatten(0, 1), tokens.flatten().unsqueeze(-1));
        var size = Math.Max(1, BlockNumbers / Vocabulary);
        var values = new List<Tensor>();
        for (long start = 0; start < places.shape[0]; start += size)
        {
            using var block = NewDisposeScope();
            var count = Math.Min(size, places.shape[0] - start);
            var logits = model.Head.Logits(places.narrow(0, start, count)).to(ScalarType.Float64);
            values.Add((logits.gather(1, next.narrow(0, start, count)).squeeze(-1) - logits.logsumexp(-1)).MoveToOuterDisposeScope());
        }

        return cat([.. values]).reshape(tokens.shape).sum(1).MoveToOuterDisposeScope();
    }
}
