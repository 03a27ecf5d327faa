using Jigsaw.Batches;
using Jigsaw.Evaluation.Metrics;
using static TorchSharp.torch;

namespace Jigsaw.Runtime.Tests.Evaluation;

public sealed class ReconstructionMetricsTests
{
    [Fact]
    public void The_published_example_of_changed_ids_gives_its_shares()
    {
        using var scope = NewDisposeScope();
        using var mask = RowMask.FromHost([true, true, false, true, true, true], 2, 3, CPU);
        var shares = ReconstructionMetrics.PercentageChangedIds(tensor(new long[,] { { 1, 2, 3 }, { 4, 5, 6 } }), tensor(new long[,] { { 1, 2, 9 }, { 4, 7, 8 } }), mask);
        Assert.Equal([0.0, 0.6667], shares.Select(share => Math.Round(share, 4)));

        using var none = RowMask.FromHost(new bool[6], 2, 3, CPU);
        Assert.Equal([0.0, 0.0], ReconstructionMetrics.PercentageChangedIds(zeros(2, 3, dtype: ScalarType.Int64), ones(2, 3, dtype: ScalarType.Int64), none));
        var exception = Assert.Throws<ArgumentException>(() => ReconstructionMetrics.PercentageChangedIds(zeros(2, 3, dtype: ScalarType.Int64), ones(2, 2, dtype: ScalarType.Int64), none));
        Assert.StartsWith("It has the shape (2, 2), the true tokens have (2, 3);", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_rank_counts_the_rows_that_are_nearer(bool cosine)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(3, CPU);
        var table = randn([50, 8], generator: generator, dtype: ScalarType.Float32);
        var ids = randint(50, [2, 300], generator: generator, dtype: ScalarType.Int64);
        var noisy = table.index(TensorIndex.Tensor(ids)) + randn([2, 300, 8], generator: generator, dtype: ScalarType.Float32);
        var distances = cosine
            ? -nn.functional.normalize(noisy, dim: -1).matmul(nn.functional.normalize(table, dim: 1).t())
            : (noisy.unsqueeze(2) - table).norm(-1);
        var neighbors = distances.argsort(-1);
        var ranks = ReconstructionMetrics.ReconstructionRank(ids, noisy, table, cosine);
        Assert.True(ranks.equal(ReconstructionMetrics.ReconstructionRank(ids, neighbors)).all().item<bool>());

        var histogram = ReconstructionMetrics.ReconstructionRankHistogram(50, ranks);
        Assert.Equal(600, histogram.Sum());
        Assert.Equal(histogram.Skip(5).Sum() / 600.0, ReconstructionMetrics.TokensTransformedAtK(ranks, 5), 1e-12);
        Assert.Equal(histogram.Skip(5).SkipLast(5).Sum() / 600.0, ReconstructionMetrics.SymmetricTokensTransformedAtK(ranks, 5, 50), 1e-12);
        Assert.Equal(0, ReconstructionMetrics.TokensTransformedAtK(empty(0, dtype: ScalarType.Int64), 5));
        Assert.StartsWith("A rank is ", Assert.Throws<ArgumentException>(() => ReconstructionMetrics.ReconstructionRankHistogram(2, ranks)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_table_of_another_width_gets_a_sentence()
    {
        using var scope = NewDisposeScope();
        var exception = Assert.Throws<ArgumentException>(() => ReconstructionMetrics.ReconstructionRank(zeros(1, 2, dtype: ScalarType.Int64), zeros(1, 2, 8), zeros(5, 4)));
        Assert.StartsWith("x̃ has 8 features, the embedding table 4;", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_support_is_the_union_of_the_likeliest_tokens()
    {
        using var scope = NewDisposeScope();
        var mask = ReconstructionMetrics.TopKSupportMask(tensor(new float[,] { { 5, 4, 3, 2, 1 } }), tensor(new float[,] { { 1, 9, 3, 2, 8 } }), 2);
        Assert.Equal([true, true, false, false, true], mask.data<bool>().ToArray());
    }

    [Fact]
    public void Overlap_of_texts_is_what_a_count_by_hand_gives()
    {
        // The longest common subsequence of a b c d and a c x d is a c d.
        Assert.Equal(0.75, TextOverlap.RougeL("abcd".ToCharArray(), "acxd".ToCharArray()));
        Assert.Equal(0, TextOverlap.RougeL("abcd".ToCharArray(), []));
        Assert.Equal(2 * 2 / 5.0, TextOverlap.SetF1("aab".ToCharArray(), "abc".ToCharArray()));
        Assert.Equal(0, TextOverlap.SetF1<char>([], []));
        Assert.True(TextOverlap.HasMostOf("the card 4111 1111 1112 1111 is", "4111 1111 1111 1111"));
        Assert.True(TextOverlap.HasMostOf("ask MARSHAL", "Marshall"));
        Assert.False(TextOverlap.HasMostOf("Marsden", "Marshall"));
    }

    [Fact]
    public void A_tally_divides_sums_and_its_interval_holds_the_value()
    {
        var tally = new Tally();
        Assert.Null(tally.Value);
        Assert.Null(tally.Interval(100, 0));
        tally.Add(1, 4);
        Assert.Equal(0.25, tally.Value);
        Assert.Null(tally.Interval(100, 0));
        for (var i = 0; i < 99; i++)
        {
            tally.Add(i % 2, 1);
        }

        Assert.Equal(50 / 103.0, tally.Value!.Value, 1e-12);
        var (low, high) = tally.Interval(1000, 7)!.Value;
        Assert.Equal((low, high), tally.Interval(1000, 7));

        // The normal approximation: 1.96·√(p(1 − p)/n) is 0.098.
        Assert.InRange(tally.Value!.Value - low, 0.06, 0.14);
        Assert.InRange(high - tally.Value!.Value, 0.06, 0.14);
    }
}
