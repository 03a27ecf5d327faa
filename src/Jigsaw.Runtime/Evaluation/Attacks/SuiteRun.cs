using System.Globalization;
using Jigsaw.Batches;
using Jigsaw.Data;
using Jigsaw.Evaluation.Metrics;
using Jigsaw.Models;
using Jigsaw.Tensors;
using Jigsaw.Tokenization;
using Jigsaw.Transforms;
using static TorchSharp.torch;

namespace Jigsaw.Evaluation.Attacks;

/// <summary>One run of an attack suite: its chats, the x̃ that all attacks share, and the figures so far.</summary>
internal sealed partial class SuiteRun : IDisposable
{
    private readonly ICausalLM _model;
    private readonly StainedGlassTransform _transform;
    private readonly StainedGlassTransform? _twin;
    private readonly NoiseTokenizer _tokenizer;
    private readonly AttackSuiteOptions _options;
    private readonly Action<string, double>? _progress;
    private readonly CancellationToken _cancellation;
    private readonly List<AttackedChat> _chats = [];
    private readonly FactAlternatives _alternatives;
    private readonly Dictionary<int, Tensor[]> _observed;
    private readonly Dictionary<string, int> _leftOut = new(StringComparer.Ordinal);
    private readonly List<string> _notes = [];
    private readonly List<AttackFigure> _figures = [];
    private readonly int? _exactCandidates;
    private double _share;

    public SuiteRun(ICausalLM model, StainedGlassTransform transform, NoiseTokenizer tokenizer, IReadOnlyList<ChatExample> chats, AttackSuiteOptions options, Action<string, double>? progress, CancellationToken cancellation)
    {
        (_model, _transform, _tokenizer, _options, _progress, _cancellation) = (model, transform, tokenizer, options, progress, cancellation);
        foreach (var example in chats)
        {
            // The tokenizer takes a chat without any of its roles for a mistake.
            var spoken = tokenizer.NoiseRoles is not { } roles || example.Messages.Any(message => roles.Contains(message.Role));
            if (spoken && AttackedChat.Of(example, tokenizer) is { Places.Length: > 0 } chat)
            {
                _chats.Add(chat);
            }
            else
            {
                LeaveOut("chats without a transformed token");
            }
        }

        if (_chats.Count == 0)
        {
            throw new ArgumentException($"None of {chats.Count} chats has a transformed token; give at least one chat with a message of a role that the tokenizer's {nameof(NoiseTokenizer.NoiseRoles)} name.", nameof(chats));
        }

        if (model is CausalLM { Config.MaxPositions: > 0 and var positions } && _chats.Count(chat => chat.Ids.Length > positions) is > 0 and var longer)
        {
            Note(string.Create(CultureInfo.InvariantCulture, $"{longer} of {_chats.Count} chats are longer than the {positions} tokens that the model takes: what it thinks of their ends is no measure. Cut or leave out such chats."));
        }

        foreach (var fact in _chats.SelectMany(chat => chat.Facts).Where(fact => fact.State != FactState.Placed))
        {
            LeaveOut(fact.State switch
            {
                FactState.Missing => "facts that no transformed text contains",
                FactState.Repeated => "facts that stand more than once, or share words with another",
                _ => "facts that begin or end within a token",
            });
        }

        _exactCandidates = ExactLikelihoodAttack.Tried(model.EmbeddingTable.shape[0], options.Candidates);
        _alternatives = new FactAlternatives(chats.Concat(options.OtherChats), tokenizer.Tokenizer, options.Seed);

        // What is measured is what is sent in use, where nobody can draw the noise again.
        _twin = transform.HasSecureNoise ? null : transform.WithSecureNoise();
        _observed = options.Draws.Distinct().ToDictionary(draws => draws, Draw);
    }

    /// <summary>The largest number of steps that a trained attack is fitted for.</summary>
    public int MostReaderSteps { get; init; } = 2000;

    private IEnumerable<int> Draws => _observed.Keys;

    private string Decode(IReadOnlyList<int> ids) => _tokenizer.Tokenizer.Decode(ids);

    public AttackReport Run()
    {
        var steps = new List<(string What, Action Run)>();
        if (_options.Adapters is not null)
        {
            steps.Add(("utility", MeasureUtility));
        }

        if (_options.Attacks != AttackSet.None)
        {
            steps.AddRange([
                .. Readings(),
                ("student as reader", ReadByStudent),
                ("bound over all attackers", BoundSecrets),
                ("decoys", HideAmongDecoys),
                ("floors", ReadWithoutNoisy),
                ("controls", CheckAttacks),
            ]);
        }

        Run(steps);
        return new AttackReport
        {
            Chats = _chats.Count,
            Tokens = _chats.Sum(chat => (long)chat.Places.Length),
            LeftOut = _leftOut,
            Notes = _notes,
            Figures = _figures,
        };
    }

    /// <summary>The attacks that read whole prompts, and have controls.</summary>
    private List<(string What, Action Run)> Readings()
    {
        List<(string, Action)> steps = [("nearest neighbors", ReadNeighbors), ("exact posterior", ReadPosteriors), ("exact search", ReadBySearch)];
        if (_options.Attacks == AttackSet.All)
        {
            steps.AddRange([("ridge", ReadByRidge), ("trained attack", ReadByTraining), ("BeamClean", ReadBlindly), ("mismatch", ReadByMismatch), ("attribute probe", ProbeAttributes)]);
        }

        return steps;
    }

    private void Run(List<(string What, Action Run)> steps)
    {
        for (var i = 0; i < steps.Count; i++)
        {
            _cancellation.ThrowIfCancellationRequested();
            _share = i / (double)steps.Count;
            _progress?.Invoke(steps[i].What, _share);
            using var scope = NewDisposeScope();
            steps[i].Run();
        }

        _progress?.Invoke("done", 1);
    }

    public void Dispose()
    {
        foreach (var tensor in _observed.Values.SelectMany(tensors => tensors))
        {
            tensor.Dispose();
        }

        _twin?.Dispose();
    }

    private void LeaveOut(string what) => _leftOut[what] = _leftOut.GetValueOrDefault(what) + 1;

    private void Add(string attack, string level, int draws, string figure, Tally tally)
    {
        var interval = tally.Interval(_options.Resamples, _options.Seed);
        _figures.Add(new AttackFigure(attack, level, draws, figure, tally.Value, interval?.Low, interval?.High, (long)Math.Round(tally.Weight)));
    }

    private void Add(string attack, string level, int draws, IEnumerable<(string Figure, Tally Tally)> figures)
    {
        foreach (var (figure, tally) in figures)
        {
            Add(attack, level, draws, figure, tally);
        }
    }

    private void Note(string sentence) => _notes.Add(sentence);

    private static string Number(double value) => value.ToString("0.###", CultureInfo.InvariantCulture);

    /// <summary>The mean of n draws of x̃ for each chat, shape (tokens, features).</summary>
    private Tensor[] Draw(int draws) => [.. _chats.Select(chat => Draw(_twin ?? _transform, chat, draws))];

    private static Tensor Draw(StainedGlassTransform transform, AttackedChat chat, int draws)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var (ids, all, noise) = Batch(chat, transform.Device);
        using (all)
        using (noise)
        {
            var sum = transform.Apply(ids, all, noise).Noisy[0].to(ScalarType.Float32);
            for (var i = 1; i < draws; i++)
            {
                sum = sum.Plus(transform.Apply(ids, all, noise).Noisy[0]);
            }

            return (sum / Scalars.Of(draws)).DetachFromDisposeScope();
        }
    }

    private static (Tensor Ids, RowMask All, RowMask Noise) Batch(AttackedChat chat, Device device) => (
        tensor(chat.Ids, dtype: ScalarType.Int64, device: device).unsqueeze(0),
        RowMask.FromHost([.. chat.Ids.Select(_ => true)], 1, chat.Ids.Length, device),
        RowMask.FromHost(chat.Noise, 1, chat.Ids.Length, device));
}
