using Jigsaw.Models;
using Jigsaw.Models.Decoder;
using static TorchSharp.torch;

namespace Jigsaw.Evaluation.Attacks;

/// <summary>Texts of one length that grow token by token, and what a language model expects next. A <see cref="CausalLM"/> keeps what it computed; any other model reads each text anew.</summary>
internal sealed class GrowingTexts : IDisposable
{
    private readonly LanguagePrior _prior;
    private readonly CausalLM? _model;
    private KeyValueCache? _cache;
    private List<long[]> _texts;

    /// <summary>Begins with copies of one text.</summary>
    /// <param name="prior">The language model.</param>
    /// <param name="model">It, if it is one that keeps what it computed.</param>
    /// <param name="text">The text; may be empty.</param>
    /// <param name="copies">How many texts.</param>
    /// <param name="longest">The largest number of tokens.</param>
    public GrowingTexts(LanguagePrior prior, CausalLM? model, long[] text, int copies, int longest)
    {
        (_prior, _model) = (prior, model);
        _texts = [.. Enumerable.Repeat(text, copies)];
        if (model is null || text.Length == 0)
        {
            Next = _prior.Next(Stacked()).DetachFromDisposeScope();
        }

        if (model is not null)
        {
            _cache = model.NewCache(copies, longest);
            Next = text.Length > 0 ? Read(Stacked()) : Next;
        }
    }

    /// <summary>ln p of the next token of each text, shape (texts, vocabulary), float64.</summary>
    public Tensor Next { get; private set; } = null!;

    /// <summary>The texts.</summary>
    public IReadOnlyList<long[]> Texts => _texts;

    /// <summary>Replaces the texts by some of them, each with one more token.</summary>
    /// <param name="texts">Which text each new one goes on with.</param>
    /// <param name="ids">Its next token.</param>
    public void Advance(IReadOnlyList<int> texts, IReadOnlyList<long> ids)
    {
        using var scope = NewDisposeScope();
        _texts = [.. texts.Zip(ids, (text, id) => (long[])[.. _texts[text], id])];
        Next.Dispose();
        if (_cache is null)
        {
            Next = _prior.Next(Stacked()).DetachFromDisposeScope();
            return;
        }

        var before = _cache;
        _cache = before.Select(_prior.Ids(texts.Select(text => (long)text)));
        before.Dispose();
        Next = Read(_prior.Ids(ids).unsqueeze(-1));
    }

    /// <summary>Frees what was kept.</summary>
    public void Dispose()
    {
        Next.Dispose();
        _cache?.Dispose();
    }

    private Tensor Stacked() => stack([.. _texts.Select(text => _prior.Ids(text))]);

    private Tensor Read(Tensor ids)
    {
        using var scope = NewDisposeScope();
        return _model!.Continue(ids, _cache!).to(ScalarType.Float64).log_softmax(-1).DetachFromDisposeScope();
    }
}
