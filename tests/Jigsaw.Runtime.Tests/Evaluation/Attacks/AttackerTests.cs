using Jigsaw.Batches;
using Jigsaw.Data;
using Jigsaw.Evaluation.Attacks;
using Jigsaw.Runtime.Tests.Training;
using Jigsaw.Tokenization;
using Jigsaw.Transforms;
using Jigsaw.Transforms.Noise;
using static TorchSharp.torch;

namespace Jigsaw.Runtime.Tests.Evaluation.Attacks;

public sealed class AttackerTests : IDisposable
{
    private readonly AttackOracle _oracle = new("protected", ScalarType.Float32);
    private readonly NoiseTokenizer _tokenizer = new(Tokenizer.Load(TestData.Path("models", "support-lm"))) { NoiseRoles = ["user"] };

    public void Dispose() => _oracle.Dispose();

    [Fact]
    public void A_model_that_keeps_nothing_reads_the_same_as_one_that_keeps_what_it_computed()
    {
        using var scope = NewDisposeScope();
        using var kept = new ExactLikelihoodAttack(_oracle.Model, _oracle.Transform, beams: 3);
        var counting = new CountingModel(_oracle.Model);
        using var anew = new ExactLikelihoodAttack(counting, _oracle.Transform, beams: 3);
        var (ids, noise, noisy) = _oracle.Row("chat2");
        var (one, other) = (kept.Reader.Search(ids, noise, noisy), anew.Reader.Search(ids, noise, noisy));
        Assert.True(counting.BareRuns > 20);
        Assert.Equal(one.Best, other.Best);
        Assert.All(one.Scores.Zip(other.Scores), pair => Assert.Equal(pair.First, pair.Second, 1e-2));

        // Two turns: the plain tokens between them are read as they are.
        var second = Array.IndexOf(noise, true) + 5;
        noise[second] = noise[second + 1] = false;
        var read = kept.Reader.Search(ids, noise, noisy).Best;
        Assert.Equal((ids[second], ids[second + 1]), (read[second], read[second + 1]));
        Assert.Equal(read, anew.Reader.Search(ids, noise, noisy).Best);
    }

    [Fact]
    public void A_row_that_begins_with_a_transformed_token_has_a_uniform_prior_there()
    {
        using var scope = NewDisposeScope();
        using var attack = new ExactLikelihoodAttack(_oracle.Model, _oracle.Transform, beams: 2);
        var (ids, _, noisy) = _oracle.Row("chat0");
        bool[] noise = [true, true, false];
        var forced = attack.Reader.Force(ids[..3], noise, noisy);
        Assert.Equal(-Math.Log(2048), forced.LogPriors[0], 1e-9);
        Assert.Equal(3, attack.Reader.Search(ids[..3], noise, noisy).Best.Length);
    }

    [Fact]
    public void Ridge_reads_a_shift_that_it_has_pairs_of_and_nothing_of_pure_noise()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(1, CPU);
        var table = randn([100, 16], generator: generator, dtype: ScalarType.Float32);
        var turned = randn([16, 16], generator: generator, dtype: ScalarType.Float32);
        var ids = randint(100, [3000], generator: generator, dtype: ScalarType.Int64);
        Tensor Seen(Tensor tokens, double std) => table.index_select(0, tokens).matmul(turned) + 5 + (randn([tokens.shape[0], 16], generator: generator, dtype: ScalarType.Float32) * std);
        using var mask = RowMask.FromHost(Enumerable.Repeat(true, 500).ToArray(), 1, 500, CPU);
        double Read(double std, int pairs)
        {
            using var attack = RidgeAttack.Fit(Seen(ids, std).narrow(0, 0, pairs), ids.narrow(0, 0, pairs), table);
            Assert.Equal($"ridge, {pairs} pairs", attack.Name);
            var others = ids.narrow(0, 2500, 500);
            return attack.Recover(Seen(others, std).unsqueeze(0), mask, 3)[0].select(1, 0).eq(others).to(ScalarType.Float64).mean().item<double>();
        }

        Assert.True(Read(1e-3, 2000) > 0.99);
        Assert.True(Read(0.5, 2000) > Read(0.5, 20));
        Assert.True(Read(1e3, 2000) < 0.05);
    }

    [Fact]
    public void BeamClean_finds_the_noise_that_was_added_and_then_reads()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(1, CPU);
        var table = _oracle.Model.EmbeddingTable;
        var stds = linspace(0.02, 0.06, table.shape[1], dtype: ScalarType.Float32);
        var rows = _oracle.Chats.Select(chat =>
        {
            var (ids, noise, _) = _oracle.Row(chat);
            return (ids, noise, table.index_select(0, tensor(ids)) + 0.05 + (randn([ids.Length, table.shape[1]], generator: generator, dtype: ScalarType.Float32) * stds));
        }).ToArray();
        var prior = new LanguagePrior(_oracle.Model);
        using var density = new SurrogateDensity(table, full_like(stds, 0.1), byFeature: true);
        density.Fit(prior, rows, beams: 4, draws: 1, CancellationToken.None);
        Assert.InRange(density.Rounds, 2, 14);
        var search = new LikelihoodSearch(prior, density, 4, candidates: null);
        var wrong = rows.Sum(row => search.Search(row.ids, row.noise, row.Item3).Best.Zip(row.ids, (read, id) => read == id ? 0 : 1).Sum());
        Assert.InRange(wrong, 0, rows.Sum(row => row.noise.Count(transformed => transformed)) / 20);

        // The density is that of the noise: what is fitted comes close to the truth, feature by feature.
        using var truth = new SurrogateDensity(table, stds, byFeature: true);
        var (t, features) = (Array.IndexOf(rows[0].noise, true), table.shape[1]);
        var difference = density.LogDensities([], tensor([rows[0].ids[t]]), rows[0].Item3[t], 1) - truth.LogDensities([], tensor([rows[0].ids[t]]), rows[0].Item3[t] - 0.05, 1);
        Assert.InRange(difference.item<double>() / features, -0.25, 0.25);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1000)]
    public void A_probe_tells_what_separates_prompts_linearly_and_nothing_else(float shift)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(2, CPU);
        var pooled = randn([400, 8], generator: generator, dtype: ScalarType.Float32);
        var holds = stack([pooled.select(1, 3).gt(0.2), randint(2, [400], generator: generator, dtype: ScalarType.Int64).gt(0)], 1);
        pooled = pooled + shift;
        using var probe = AttributeProbe.Fit(pooled.narrow(0, 0, 300), holds.narrow(0, 0, 300).to(ScalarType.Float32) * 2 - 1);
        var right = probe.Holds(pooled.narrow(0, 300, 100)).eq(holds.narrow(0, 300, 100)).to(ScalarType.Float64).mean([0]).data<double>().ToArray();
        Assert.True(right[0] > 0.9, $"{right[0]}");
        Assert.InRange(right[1], 0.3, 0.7);
    }

    [Fact]
    public void Whoever_knows_a_part_of_the_transform_takes_the_rest_for_plain()
    {
        using var scope = NewDisposeScope();
        var ids = arange(20, dtype: ScalarType.Int64).view(2, 10);
        using var all = new CodewordDensity(_oracle.Transform);
        using var codewords = new CodewordDensity(_oracle.Transform, known: KnownMoments.Codewords);
        using var stds = new CodewordDensity(_oracle.Transform, known: KnownMoments.Stds);
        var (wanted, ofCodewords, ofStds) = (all.Moments(ids), codewords.Moments(ids), stds.Moments(ids));
        Assert.True(ofCodewords.Codewords.equal(wanted.Codewords).all().item<bool>());
        Assert.Equal(ofCodewords.Stds.min().item<float>(), ofCodewords.Stds.max().item<float>());
        Assert.True(ofStds.Stds.equal(wanted.Stds).all().item<bool>());
        Assert.True(ofStds.Codewords.allclose(_oracle.Model.EmbeddingTable.index_select(0, ids.flatten()).view(2, 10, -1), 1e-5, 1e-6));
    }

    [Theory]
    [InlineData(0, 5)]
    [InlineData(1, 5)]
    [InlineData(17, 5)]
    [InlineData(17, 1)]
    [InlineData(0, 1)]
    public void Ends_of_one_text_are_rated_as_whole_texts_are(int length, int columns)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(3, CPU);
        var text = randint(2048, [length], generator: generator, dtype: ScalarType.Int64).data<long>().ToArray();
        var ends = randint(2048, [7, columns], generator: generator, dtype: ScalarType.Int64);
        var (kept, counting) = (new LanguagePrior(_oracle.Model), new CountingModel(_oracle.Model));
        var found = kept.OfEnds(text, ends);
        Assert.True(found.allclose(new LanguagePrior(counting).OfEnds(text, ends), 1e-6, 1e-4));
        Assert.Equal(length + columns > 1 ? 1 : 0, counting.BareRuns);

        // Token by token, from the logits as they are.
        for (var row = 0; row < 7; row++)
        {
            long[] whole = [.. text, .. ends[row].data<long>()];
            using var all = RowMask.FromHost(Enumerable.Repeat(true, whole.Length).ToArray(), 1, whole.Length, CPU);
            var logits = _oracle.Model.Head.Logits(_oracle.Model.Run(_oracle.Model.EmbeddingTable.index_select(0, tensor(whole)).unsqueeze(0), all).Last![0]).to(ScalarType.Float64).softmax(-1);
            var expected = Enumerable.Range(Math.Max(1, length), whole.Length - Math.Max(1, length)).Sum(t => Math.Log(logits[t - 1][whole[t]].item<double>()));
            Assert.Equal(expected, found[row].item<double>(), 1e-3);
        }
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(1, true)]
    [InlineData(17, true)]
    [InlineData(17, false)]
    public void Codewords_behind_a_shared_prefix_are_those_of_whole_rows(int length, bool keeps)
    {
        using var scope = NewDisposeScope();
        using var density = new CodewordDensity(_oracle.Transform, ScalarType.Float64, keptBytes: keeps ? long.MaxValue : 0);
        long[] prefix = [.. Enumerable.Range(0, length).Select(t => (long)(37 * t % density.Vocabulary))];
        var all = arange(density.Vocabulary, dtype: ScalarType.Int64).unsqueeze(-1);
        var rows = cat([tensor(prefix, dtype: ScalarType.Int64).expand(density.Vocabulary, length), all], 1);
        var wanted = density.Moments(rows, length).Codewords.squeeze(1);
        Assert.True(density.CodewordsBehind(prefix).allclose(wanted, 1e-10, 1e-12));

        // The density of some behind the same prefix is that of whole rows, too.
        var (some, seen) = (arange(3, 40, 7, dtype: ScalarType.Int64), wanted[5] + 0.01);
        var (codewords, stds) = density.Moments(rows.index_select(0, some), length);
        Assert.True(density.LogDensities(prefix, some, seen, 2).allclose(CodewordDensity.LogDensity(seen, codewords.squeeze(1), stds.squeeze(1), 2), 1e-10, 1e-9));
    }

    [Fact]
    public void A_trained_attack_stops_when_its_held_out_loss_is_flat_and_says_so()
    {
        var table = _oracle.Model.EmbeddingTable.narrow(0, 0, 60);
        using var transform = new StainedGlassTransform(table, new TransformConfig { Std = new TanhStd { Min = 1e-4, Max = 2e-4 } });
        var batches = new RandomBatches(60);
        var options = new TrainedInversionAttackOptions { Width = 16, Layers = 1, Steps = 2000, CheckEvery = 5, LearningRate = 1e-2 };
        using var flat = TrainedInversionAttack.Fit(transform, batches, options, heldOut: new RandomBatches(60));
        Assert.True(flat.IsFlat);
        Assert.InRange(flat.FittedSteps, 10, 1999);
        Assert.True(flat.HeldOutLoss < Math.Log(60));
        using var cut = TrainedInversionAttack.Fit(transform, batches, options with { Steps = 5 }, heldOut: new RandomBatches(60));
        Assert.False(cut.IsFlat);
        Assert.Equal(5, cut.FittedSteps);
        using var without = TrainedInversionAttack.Fit(transform, batches, options with { Steps = 3 });
        Assert.Null(without.HeldOutLoss);
    }

    [Fact]
    public void Chats_beyond_the_models_positions_are_told()
    {
        var chat = ChatDataset.Read(TestData.Path("models", "support-lm", "data", "eval.jsonl"), 1).Examples[0];
        var longer = chat with { Messages = [new ChatMessage("user", string.Join(' ', Enumerable.Repeat("lamp", _oracle.Model.Config.MaxPositions))), chat.Messages[^1]] };
        using var run = new SuiteRun(_oracle.Model, _oracle.Transform, _tokenizer, [chat, longer], new AttackSuiteOptions { Attacks = AttackSet.None }, progress: null, CancellationToken.None);
        Assert.Equal("1 of 2 chats are longer than the 512 tokens that the model takes: what it thinks of their ends is no measure. Cut or leave out such chats.", Assert.Single(run.Run().Notes));
    }

    [Fact]
    public void Known_pairs_keep_no_graph()
    {
        var chats = ChatDataset.Read(TestData.Path("models", "support-lm", "data", "eval.jsonl"), 4).Examples;
        using var scope = NewDisposeScope();
        using var run = new SuiteRun(_oracle.Model, _oracle.Transform, _tokenizer, [.. chats.Take(1)], new AttackSuiteOptions { Draws = [1] }, progress: null, CancellationToken.None);
        var (noisy, ids) = run.Pairs([.. chats], 2, 20);
        Assert.False(noisy.requires_grad);
        Assert.Equal((20L, 20L), (noisy.shape[0], ids.shape[0]));
    }

    [Fact]
    public void All_attacks_run_and_read_what_is_not_hidden()
    {
        var chats = ChatDataset.Read(TestData.Path("models", "support-lm", "data", "eval.jsonl"), 40).Examples;
        var options = new AttackSuiteOptions
        {
            Attacks = AttackSet.All, PosteriorChats = 1, SearchedChats = 1, Facts = 2, BoundValues = 3, DecoyValues = [3], Draws = [1], Resamples = 10, Beams = 2, OtherChats = [.. chats.Skip(3)], OtherTransform = _oracle.Transform,
        };
        using var run = new SuiteRun(_oracle.Model, _oracle.Transform, _tokenizer, [.. chats.Take(1)], options, progress: null, CancellationToken.None) { MostReaderSteps = 10 };
        var report = run.Run();
        Assert.All(report.Figures, row => Assert.True(row.Value is null || double.IsFinite(row.Value.Value), row.ToString()));
        Assert.Equal(report.Figures.Count, report.Figures.Select(row => (row.Attack, row.Draws, row.Figure)).Distinct().Count());
        foreach (var attack in new[] { "nearest neighbor", "exact likelihood attack", "BeamClean, known noise", "BeamClean, estimated noise", "BeamClean, estimated noise of each feature", "exact likelihood attack, only μ known", "ridge, 1000 pairs", "trained attack, 34 prompts" })
        {
            Assert.NotNull(report.Value(attack, "tokens"));
            Assert.True(report.Value($"control x̃ = x: {attack}", "tokens") > 0.9, attack);
            Assert.True(report.Value($"control pure noise: {attack}", "tokens") < 0.5, attack);
        }

        Assert.Equal(report.Value("exact likelihood attack", "tokens"), report.Value("exact likelihood attack, another transform", "tokens"));
        Assert.NotNull(report.Value("attribute probe", "kinds of facts in the prompt, present or not"));
        Assert.Contains(report.Notes, note => note.StartsWith("The trained attack on 34 prompts, 1 draws, stopped after ", StringComparison.Ordinal));
    }
}
