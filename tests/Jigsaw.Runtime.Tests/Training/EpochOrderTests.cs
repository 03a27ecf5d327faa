using CsCheck;
using Jigsaw.Data;

namespace Jigsaw.Runtime.Tests.Training;

public sealed class EpochOrderTests
{
    [Fact]
    public void Every_epoch_has_every_row_once_and_no_batch_of_one() =>
        Gen.Select(Gen.Int[2, 60], Gen.Int[2, 17], Gen.Int, Gen.Bool).Sample((rows, batchSize, seed, sorted) =>
        {
            var order = new EpochOrder(rows, batchSize, seed, sorted ? [.. Enumerable.Range(0, rows).Select(row => row * 7 % 11)] : null);
            for (var epoch = 0; epoch < 3; epoch++)
            {
                var seen = new List<int>();
                for (var batch = 0; batch < order.BatchesPerEpoch; batch++)
                {
                    var found = order.At((epoch * order.BatchesPerEpoch) + batch).ToArray();
                    Assert.InRange(found.Length, 2, batchSize + 1);
                    seen.AddRange(found);
                }

                Assert.Equal(Enumerable.Range(0, rows), seen.Order());
            }
        });

    [Fact]
    public void The_same_number_gives_the_same_batch_in_any_order_of_asking()
    {
        var (forwards, backwards) = (new EpochOrder(37, 5, 1), new EpochOrder(37, 5, 1));
        var expected = Enumerable.Range(0, 30).Select(step => forwards.At(step).ToArray()).ToArray();
        for (var step = 29; step >= 0; step--)
        {
            Assert.Equal(expected[step], backwards.At(step).ToArray());
        }
    }

    [Fact]
    public void Another_seed_or_epoch_gives_another_order()
    {
        var order = new EpochOrder(40, 10, 1);
        Assert.NotEqual(order.At(0).ToArray(), new EpochOrder(40, 10, 2).At(0).ToArray());
        Assert.NotEqual(order.At(0).ToArray(), order.At(4).ToArray());
    }

    [Fact]
    public void Rows_of_similar_length_share_a_batch()
    {
        var lengths = Enumerable.Range(0, 800).Select(row => 20 + (row * 37 % 60)).ToArray();
        int Padding(EpochOrder order) => Enumerable.Range(0, order.BatchesPerEpoch).Sum(step =>
        {
            var rows = order.At(step).ToArray();
            return rows.Sum(row => rows.Max(other => lengths[other]) - lengths[row]);
        });
        Assert.True(Padding(new EpochOrder(800, 16, 3, lengths)) < 0.15 * Padding(new EpochOrder(800, 16, 3)));
    }

    [Fact]
    public void Sorting_what_is_asked_for_gives_the_order_of_sorting_the_whole_epoch() =>
        Gen.Select(Gen.Int[1, 400], Gen.Int[1, 6], Gen.Int, Gen.Int[0, 3]).Sample((rows, batchSize, seed, epoch) =>
        {
            int[] lengths = [.. Enumerable.Range(0, rows).Select(row => row * 7 % 11)];
            var order = new EpochOrder(rows, batchSize, seed, lengths);
            var random = new Random(unchecked((int)((seed * 2654435761L) ^ (epoch * 40503L))));
            var whole = Enumerable.Range(0, rows).ToArray();
            random.Shuffle(whole);
            for (var start = 0; start < rows; start += 16 * batchSize)
            {
                whole.AsSpan(start, Math.Min(16 * batchSize, rows - start)).Sort((left, right) => lengths[left].CompareTo(lengths[right]));
            }

            var batches = Enumerable.Range(0, order.BatchesPerEpoch - 1).ToArray();
            random.Shuffle(batches);
            for (var batch = order.BatchesPerEpoch - 1; batch >= 0; batch--)
            {
                var step = ((long)epoch * order.BatchesPerEpoch) + batch;
                var start = (batch < batches.Length ? batches[batch] : batch) * batchSize;
                var expected = whole[start..(batch < batches.Length ? start + batchSize : rows)];
                Assert.Equal(expected, order.At(step).ToArray());
                Assert.Empty(expected.Except(order.NeededAt(step).ToArray()));
            }
        });
}
