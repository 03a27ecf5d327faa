namespace Jigsaw.Data;

/// <summary>
/// Cuts shuffled epochs into batches of about as many tokens each, by number and without state beyond what is known of the data: rows are taken as long as their tokens, without padding, are no more than the limit, at least two.
/// Rows of similar length share a batch, and batches come in random order within a window of them. The rows that don't fill the last batch of a window begin the next one; at the end of an epoch, a single one joins the batch before it.
/// </summary>
internal sealed class TokenOrder
{
    // Rows are sorted among this many batches, as those of a fixed number are.
    private const int BatchesSortedTogether = 16;

    // How many rows become known together, so that reading them is worth a call.
    private const int RowsPreparedTogether = 64;

    private readonly int _rows;
    private readonly int _tokens;
    private readonly long _seed;
    private readonly Action<ReadOnlySpan<int>> _prepare;
    private readonly Func<int, int> _lengthOf;
    private readonly Func<int, bool> _isKept;
    private readonly List<long> _ends = [];
    private Epoch _epoch;

    /// <summary>An order over rows.</summary>
    /// <param name="rows">Rows of the data, at least 1.</param>
    /// <param name="tokens">The most tokens of a batch, at least 1.</param>
    /// <param name="seed">Seed of the shuffles.</param>
    /// <param name="prepare">Makes the lengths of rows known.</param>
    /// <param name="lengthOf">Tokens of a row, which is known.</param>
    /// <param name="isKept">True if a row, which is known, has a token that counts.</param>
    public TokenOrder(int rows, int tokens, long seed, Action<ReadOnlySpan<int>> prepare, Func<int, int> lengthOf, Func<int, bool> isKept)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(tokens, 1);
        (_rows, _tokens, _seed, _prepare, _lengthOf, _isKept) = (rows, tokens, seed, prepare, lengthOf, isKept);
        _epoch = Begin(0);
    }

    /// <summary>How many batches have each row of the first epoch once.</summary>
    public long FirstEpoch => EndOf(0);

    /// <summary>The rows of a batch; none if no row of the data is kept.</summary>
    /// <param name="step">Number of the batch, counted from 0 through all epochs.</param>
    public IReadOnlyList<int> At(long step)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(step);
        var number = 0;
        while (number < _ends.Count && _ends[number] <= step)
        {
            number++;
        }

        while (true)
        {
            if (_epoch.Number != number)
            {
                _epoch = Begin(number);
            }

            var first = number == 0 ? 0 : _ends[number - 1];
            while (_epoch.Batches.Count <= step - first && !_epoch.IsDone)
            {
                AddWindow(_epoch);
            }

            if (step - first < _epoch.Batches.Count)
            {
                return _epoch.Batches[(int)(step - first)];
            }

            if (_epoch.Batches.Count == 0)
            {
                return [];
            }

            if (_ends.Count == number)
            {
                _ends.Add(first + _epoch.Batches.Count);
            }

            number++;
        }
    }

    private long EndOf(int epoch)
    {
        while (_ends.Count <= epoch)
        {
            var last = _ends.Count == 0 ? 0 : _ends[^1];
            if (At(last).Count == 0)
            {
                return 0;
            }

            while (!_epoch.IsDone)
            {
                AddWindow(_epoch);
            }

            _ends.Add(last + _epoch.Batches.Count);
        }

        return _ends[epoch];
    }

    /// <summary>Cuts the next window of an epoch.</summary>
    private void AddWindow(Epoch epoch)
    {
        var (rows, tokens) = (epoch.Carried, epoch.Carried.Sum(row => (long)_lengthOf(row)));
        while (tokens < (long)BatchesSortedTogether * _tokens && epoch.Next < _rows)
        {
            if (epoch.Next >= epoch.Prepared)
            {
                var some = epoch.Order.AsSpan(epoch.Next, Math.Min(RowsPreparedTogether, _rows - epoch.Next));
                _prepare(some);
                epoch.Prepared = epoch.Next + some.Length;
            }

            var row = epoch.Order[epoch.Next++];
            if (_isKept(row))
            {
                rows.Add(row);
                tokens += _lengthOf(row);
            }
        }

        epoch.IsDone = epoch.Next == _rows;
        var batches = Cut([.. rows.OrderBy(_lengthOf)]);
        epoch.Carried = [];
        if (!epoch.IsDone && batches.Count > 1)
        {
            epoch.Carried = batches[^1];
            batches.RemoveAt(batches.Count - 1);
        }
        else if (epoch.IsDone && batches is [.., var before, [var single]])
        {
            before.Add(single);
            batches.RemoveAt(batches.Count - 1);
        }

        var order = batches.ToArray();
        epoch.Random.Shuffle(order);
        epoch.Batches.AddRange(order);
    }

    private List<List<int>> Cut(int[] sorted)
    {
        var batches = new List<List<int>>();
        var tokens = 0L;
        foreach (var row in sorted)
        {
            var length = _lengthOf(row);
            if (batches.Count == 0 || (batches[^1].Count >= 2 && tokens + length > _tokens))
            {
                batches.Add([]);
                tokens = 0;
            }

            batches[^1].Add(row);
            tokens += length;
        }

        return batches;
    }

    private Epoch Begin(int number)
    {
        var random = EpochOrder.RandomOf(_seed, number);
        var order = Enumerable.Range(0, _rows).ToArray();
        random.Shuffle(order);
        return new Epoch(number, order, random);
    }

    /// <summary>An epoch, as far as it has been cut.</summary>
    private sealed class Epoch(int number, int[] order, Random random)
    {
        public int Number => number;

        public int[] Order => order;

        public Random Random => random;

        public List<List<int>> Batches { get; } = [];

        /// <summary>The rows that begin the next window.</summary>
        public List<int> Carried { get; set; } = [];

        /// <summary>The next row of the order.</summary>
        public int Next { get; set; }

        /// <summary>Rows of the order that are known.</summary>
        public int Prepared { get; set; }

        public bool IsDone { get; set; }
    }
}
