using Jigsaw.Batches;
using Jigsaw.Evaluation.Attacks;
using Jigsaw.Models;
using Jigsaw.Transforms;
using Jigsaw.Transforms.Noise;
using static TorchSharp.torch;

namespace Jigsaw.Runtime.Tests.Evaluation.Attacks;

public sealed class ExactLikelihoodAttackTests
{
    [Theory]
    [InlineData("bayes", ScalarType.Float64, 1e-6)]
    [InlineData("bayes", ScalarType.Float32, 1e-4)]
    [InlineData("protected", ScalarType.Float64, 1e-6)]
    [InlineData("protected", ScalarType.Float32, 1e-4)]
    public void Prior_density_and_posterior_of_each_token_are_those_of_a_float64_reference(string name, ScalarType dtype, double relative) => Force(name, dtype, relative, CPU);

    [CudaTheory]
    [InlineData("bayes", ScalarType.Float64, 1e-6)]
    [InlineData("protected", ScalarType.Float32, 1e-4)]
    public void Prior_density_and_posterior_on_cuda_are_those_of_a_float64_reference(string name, ScalarType dtype, double relative) => Force(name, dtype, relative, CUDA);

    private static void Force(string name, ScalarType dtype, double relative, Device device)
    {
        using var scope = NewDisposeScope();
        using var oracle = new AttackOracle(name, dtype, device);
        using var attack = new ExactLikelihoodAttack(oracle.Model, oracle.Transform, precision: dtype);
        foreach (var chat in oracle.Chats)
        {
            var (ids, noise, noisy) = oracle.Row(chat);
            var forced = attack.Reader.Force(ids, noise, noisy);
            var density = oracle.Doubles(chat, "log_density_true");
            for (var i = 0; i < density.Length; i++)
            {
                var tolerance = relative * Math.Max(1, Math.Abs(density[i]));
                Assert.Equal(density[i], forced.LogDensities[i], tolerance);
                Assert.Equal(oracle.Doubles(chat, "log_prior_true")[i], forced.LogPriors[i], 10 * relative);
                Assert.Equal(oracle.Doubles(chat, "log_posterior_true")[i], forced.LogPosteriors[i], 10 * tolerance);
            }

            Assert.Equal(oracle.Longs(chat, "posterior_top"), forced.Best);
        }
    }

    [Theory]
    [InlineData("bayes")]
    [InlineData("protected")]
    public void The_search_reads_what_a_float64_reference_reads_before_and_after_it_sees_the_reply(string name) => Search(name, CPU, 3);

    [CudaTheory]
    [InlineData("bayes")]
    [InlineData("protected")]
    public void The_search_on_cuda_reads_what_a_float64_reference_reads_before_and_after_it_sees_the_reply(string name) => Search(name, CUDA, 8);

    private static void Search(string name, Device device, int chats)
    {
        using var scope = NewDisposeScope();
        using var oracle = new AttackOracle(name, ScalarType.Float32, device);
        using var attack = new ExactLikelihoodAttack(oracle.Model, oracle.Transform);
        foreach (var chat in oracle.Chats.Take(chats))
        {
            var (ids, noise, noisy) = oracle.Row(chat);
            var read = attack.Reader.Search(ids, noise, noisy);
            Assert.Equal(oracle.Longs(chat, "beam"), read.Hypotheses[0]);
            Assert.Equal(oracle.Longs(chat, "beam_with_reply"), read.Hypotheses[read.WithReply]);
        }
    }

    [Theory]
    [InlineData(ScalarType.Float64, 1e-7)]
    [InlineData(ScalarType.Float32, 1e-4)]
    public void The_bound_of_a_fact_among_others_of_its_kind_is_that_of_a_float64_reference(ScalarType dtype, double tolerance)
    {
        using var scope = NewDisposeScope();
        using var oracle = new AttackOracle("protected", dtype);
        using var attack = new ExactLikelihoodAttack(oracle.Model, oracle.Transform, precision: dtype);
        var compared = 0;
        foreach (var fact in AttackOracle.Bound.GetProperty("facts").EnumerateArray())
        {
            var chat = $"chat{fact.GetProperty("line").GetInt32()}";
            if (!oracle.Chats.Contains(chat))
            {
                continue;
            }

            compared++;
            var (ids, noise, _) = oracle.Row(chat);
            long[][] values = [.. fact.GetProperty("alternatives").EnumerateArray().Select(value => value.EnumerateArray().Select(id => id.GetInt64()).ToArray())];
            var (codewords, stds) = attack.Divergences(ids, noise, fact.GetProperty("positions")[0].GetInt32(), values);
            foreach (var draws in new[] { 1, 4 })
            {
                var nats = ReadingBound.NatsOfMean(codewords, stds, draws);
                Assert.Equal(fact.GetProperty($"nats_{draws}").GetDouble(), nats, tolerance);
                Assert.Equal(fact.GetProperty($"success_at_most_{draws}").GetDouble(), ReadingBound.LargestSuccess(nats, values.Length), tolerance);
            }
        }

        Assert.True(compared > 3);
    }

    [Fact]
    public void The_largest_success_solves_its_inequality()
    {
        foreach (var solved in AttackOracle.Bound.GetProperty("solved").EnumerateObject())
        {
            var (nats, count) = solved.Name.Split(',') is [var first, var second] ? (double.Parse(first, System.Globalization.CultureInfo.InvariantCulture), int.Parse(second, System.Globalization.CultureInfo.InvariantCulture)) : default;
            Assert.Equal(solved.Value.GetDouble(), ReadingBound.LargestSuccess(nats, count), 1e-7);
        }
    }

    [Fact]
    public void Without_noise_everything_is_read_and_under_boundless_noise_the_posterior_is_the_prior()
    {
        using var scope = NewDisposeScope();
        using var oracle = new AttackOracle("bayes", ScalarType.Float32);
        var (ids, noise, _) = oracle.Row("chat0");
        var length = Array.IndexOf(noise, true) + 16;
        (ids, noise) = (ids[..length], noise[..length]);
        using var mask = RowMask.FromHost(noise, 1, noise.Length, CPU);
        using var all = RowMask.FromHost([.. noise.Select(_ => true)], 1, noise.Length, CPU);

        using var quiet = Control(oracle.Model, 1e-3);
        using var open = new ExactLikelihoodAttack(oracle.Model, quiet);
        var plain = quiet.Apply(tensor(ids).unsqueeze(0), all, mask).Noisy;
        Assert.Equal(ids, open.Reader.Search(ids, noise, plain[0]).Best);
        Assert.All(open.Reader.Force(ids, noise, plain[0]).LogPosteriors, value => Assert.Equal(0, value, 1e-6));
        Assert.Equal(ids, open.Recover(plain, all, 3).select(2, 0).flatten().data<long>().ToArray());

        using var loud = Control(oracle.Model, 1e5);
        using var blind = new ExactLikelihoodAttack(oracle.Model, loud);
        var noisy = loud.Apply(tensor(ids).unsqueeze(0), all, mask).Noisy;
        var forced = blind.Reader.Force(ids, noise, noisy[0]);
        Assert.All(Enumerable.Range(0, forced.Places.Count), i => Assert.Equal(0, forced.Bits(i), 0.05));
        Assert.Equal(forced.BestPrior, forced.Best);
    }

    [Fact]
    public void Fewer_candidates_still_read_a_quiet_transform_and_say_how_many_they_are()
    {
        using var scope = NewDisposeScope();
        using var oracle = new AttackOracle("bayes", ScalarType.Float32);
        using var attack = new ExactLikelihoodAttack(oracle.Model, oracle.Transform, candidates: 512);
        using var whole = new ExactLikelihoodAttack(oracle.Model, oracle.Transform);
        Assert.Equal(512, attack.CandidateCount);
        Assert.Equal(2048, whole.CandidateCount);
        var (ids, noise, noisy) = oracle.Row("chat2");
        Assert.Equal(whole.Reader.Search(ids, noise, noisy).Best, attack.Reader.Search(ids, noise, noisy).Best);
        var (some, every) = (attack.Reader.Force(ids, noise, noisy, named: 1100), whole.Reader.Force(ids, noise, noisy));
        Assert.Equal(every.LogDensities, some.LogDensities);
        Assert.Equal(every.Best, some.Best);
        Assert.Equal([every.Places.Count, 1100], some.Top!.shape);
        Assert.Equal(some.Best, some.Top.select(1, 0).data<long>().ToArray());
    }

    [Fact]
    public void More_draws_tell_more()
    {
        using var scope = NewDisposeScope();
        using var oracle = new AttackOracle("protected", ScalarType.Float32);
        using var attack = new ExactLikelihoodAttack(oracle.Model, oracle.Transform);
        var (ids, noise, _) = oracle.Row("chat0");
        var places = Enumerable.Range(0, ids.Length).Where(t => noise[t]).ToArray();
        using var density = new CodewordDensity(oracle.Transform);
        var (codewords, _) = density.Moments(tensor(ids).unsqueeze(0));

        // At the codewords themselves, more draws mean a narrower density around the truth.
        double Bits(int draws) => Enumerable.Range(0, places.Length).Sum(attack.Reader.Force(ids, noise, codewords[0], draws).Bits);
        Assert.True(Bits(1) < Bits(4) && Bits(4) < Bits(64), $"{Bits(1)}, {Bits(4)}, {Bits(64)}");
    }

    [Fact]
    public void A_secret_is_rated_by_prior_and_density_of_the_whole_prompt()
    {
        using var scope = NewDisposeScope();
        using var oracle = new AttackOracle("protected");
        using var attack = new ExactLikelihoodAttack(oracle.Model, oracle.Transform, precision: ScalarType.Float64);
        var (ids, noise, noisy) = oracle.Row("chat0");
        var fact = AttackOracle.Bound.GetProperty("facts")[0];
        long[][] values = [.. fact.GetProperty("alternatives").EnumerateArray().Select(value => value.EnumerateArray().Select(id => id.GetInt64()).ToArray())];
        var place = fact.GetProperty("positions")[0].GetInt32();
        var (prior, posteriors) = attack.Rate(ids, noise, place, values, (noisy, 1));

        // Rated token by token, each value as if it were the truth.
        for (var i = 0; i < 3; i++)
        {
            long[] text = [.. ids[..place], .. values[i], .. ids[(place + values[i].Length)..]];
            var forced = attack.Reader.Force(text, noise, noisy);
            var counted = Enumerable.Range(0, forced.Places.Count).Where(t => forced.Places[t] >= place).ToArray();
            Assert.Equal(counted.Sum(t => forced.LogPriors[t]), prior[i], 1e-8);
            Assert.Equal(counted.Sum(t => forced.LogPriors[t] + forced.LogDensities[t]), posteriors[0][i], 1e-6);
        }
    }

    [Fact]
    public void Bad_input_gets_a_sentence()
    {
        using var scope = NewDisposeScope();
        using var oracle = new AttackOracle("bayes", ScalarType.Float32);
        using var attack = new ExactLikelihoodAttack(oracle.Model, oracle.Transform);
        var (ids, noise, noisy) = oracle.Row("chat0");
        Assert.StartsWith("The row has no transformed token;", Assert.Throws<ArgumentException>(() => attack.Reader.Force(ids, new bool[noise.Length], noisy)).Message, StringComparison.Ordinal);
        Assert.StartsWith("The row has no transformed token;", Assert.Throws<ArgumentException>(() => attack.Reader.Search(ids, new bool[noise.Length], noisy)).Message, StringComparison.Ordinal);
        using var other = CausalLM.Load(TestData.Path("models", "llama-gqa"), CPU, ScalarType.Float32);
        Assert.StartsWith("The transform is for an embedding table of shape (2048, 128), the model's is (", Assert.Throws<ArgumentException>(() => new ExactLikelihoodAttack(other, oracle.Transform)).Message, StringComparison.Ordinal);
        Assert.StartsWith("The attack tries 0 candidates for a token;", Assert.Throws<ArgumentOutOfRangeException>(() => new ExactLikelihoodAttack(oracle.Model, oracle.Transform, candidates: 0)).Message, StringComparison.Ordinal);
        using var canceled = new CancellationTokenSource();
        canceled.Cancel();
        Assert.Throws<OperationCanceledException>(() => attack.Reader.Force(ids, noise, noisy, cancellation: canceled.Token));
        Assert.Throws<OperationCanceledException>(() => attack.Reader.Search(ids, noise, noisy, cancellation: canceled.Token));
    }

    private static StainedGlassTransform Control(CausalLM model, double std) =>
        new(model.EmbeddingTable, new TransformConfig { Std = new DirectStd { Min = std / 2, Max = std * 2, InitialStd = std } });
}
