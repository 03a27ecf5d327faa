using Jigsaw.Data;

namespace Jigsaw.Runtime.Tests.ChatData;

public sealed class TokenOrderTests
{
    private const int Rows = 500;
    private const int Most = 90;
    private static readonly int[] _lengths = Lengths(Rows);

    [Fact]
    public void A_batch_has_as_many_rows_as_its_tokens_allow()
    {
        var batches = Epoch(Order(), 0, Rows);
        Assert.InRange(batches.Count(batch => batch.Count > 2 && batch.Sum(row => _lengths[row]) > Most), 0, 1);
        Assert.All(batches, batch => Assert.True(batch.Count >= 2));
        Assert.InRange(batches.Average(batch => batch.Sum(row => _lengths[row])), 0.8 * Most, Most);
        Assert.True(batches.Select(batch => batch.Count).Distinct().Count() > 3);
    }

    [Fact]
    public void Each_epoch_has_each_row_once_in_another_order()
    {
        var order = Order();
        var (first, second) = (Epoch(order, 0, Rows), Epoch(order, order.FirstEpoch, Rows));
        Assert.Equal(Enumerable.Range(0, Rows), first.SelectMany(batch => batch).Order());
        Assert.Equal(Enumerable.Range(0, Rows), second.SelectMany(batch => batch).Order());
        Assert.NotEqual(first.SelectMany(batch => batch), second.SelectMany(batch => batch));
    }

    [Fact]
    public void A_number_gives_the_same_rows_whatever_was_asked_before()
    {
        var expected = Enumerable.Range(0, 300).Select(step => Order().At(step)).ToArray();
        var order = Order();
        foreach (var step in (int[])[299, 0, 150, 149, 151, 10, 299, 200])
        {
            Assert.Equal(expected[step], order.At(step));
        }
    }

    [Fact]
    public void Only_the_rows_of_the_windows_so_far_are_read()
    {
        var read = new HashSet<int>();
        var order = new TokenOrder(Rows, Most, 1, rows => read.UnionWith(rows.ToArray()), row => read.Contains(row) ? _lengths[row] : throw new InvalidOperationException("unknown"), _ => true);
        order.At(3);
        Assert.InRange(read.Count, 1, Rows / 2);
    }

    [Fact]
    public void Rows_that_are_left_out_are_in_no_batch()
    {
        var order = new TokenOrder(Rows, Most, 1, _ => { }, row => _lengths[row], row => row % 3 != 0);
        Assert.Equal(Enumerable.Range(0, Rows).Where(row => row % 3 != 0), Epoch(order, 0, Rows - ((Rows + 2) / 3)).SelectMany(batch => batch).Order());
        Assert.Empty(new TokenOrder(5, Most, 1, _ => { }, _ => 3, _ => false).At(4));
        Assert.Equal([0], new TokenOrder(1, Most, 1, _ => { }, _ => 3, _ => true).At(7));
    }

    private static TokenOrder Order() => new(Rows, Most, 1, _ => { }, row => _lengths[row], _ => true);

    private static int[] Lengths(int rows)
    {
        var random = new Random(5);
        return [.. Enumerable.Range(0, rows).Select(_ => random.Next(3, 40))];
    }

    /// <summary>The batches from one on until there were as many rows as are kept.</summary>
    private static List<IReadOnlyList<int>> Epoch(TokenOrder order, long from, int kept)
    {
        var batches = new List<IReadOnlyList<int>>();
        for (var step = from; batches.Sum(batch => batch.Count) < kept; step++)
        {
            batches.Add(order.At(step));
        }

        return batches;
    }
}
