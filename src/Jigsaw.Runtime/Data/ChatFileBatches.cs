using System.Globalization;
using System.Runtime.ExceptionServices;
using System.Security.Cryptography;
using System.Text;
using Jigsaw.Batches;
using Jigsaw.Tokenization;

namespace Jigsaw.Data;

/// <summary>
/// The batches that <see cref="ChatBatches"/> would make of the same chats, from files that may be larger than memory. A thread tokenizes ahead of the
/// training into a cache beside the index of the files; a later run with the same files and tokenizer finds it there.
/// </summary>
public sealed class ChatFileBatches : ITokenBatches, IDisposable
{
    // Where a step's rows depend on the lengths of those before it, the thread goes through the rows in order.
    private const int RowsAhead = 64;

    private readonly ChatFiles _files;
    private readonly NoiseTokenizer _tokenizer;
    private readonly RowTokenizer _rows;
    private readonly LengthLimit _limit;
    private readonly TokenCache _cache;
    private readonly EpochOrder _ahead;
    private readonly Func<long, IReadOnlyList<int>> _rowsAt;
    private readonly bool _isOfTokens;
    private readonly System.Collections.BitArray _counted;
    private readonly List<string> _notes = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _lock = new();
    private Thread? _worker;
    private ExceptionDispatchInfo? _failure;
    private long _asked;
    private bool _disposed;

    /// <summary>Opens or begins the cache of tokens.</summary>
    /// <param name="files">The chats, which the caller disposes after these.</param>
    /// <param name="tokenizer">Makes ids and masks from them.</param>
    /// <param name="batchSize">Chats per batch; a single leftover chat joins the batch before it.</param>
    /// <param name="seed">Seed of the order.</param>
    /// <param name="maxLength">The most tokens of a chat, at least 2; what is longer is cut at its end. No limit when null.</param>
    /// <exception cref="ChatDataException">The folder of the cache can't be written.</exception>
    public ChatFileBatches(ChatFiles files, NoiseTokenizer tokenizer, int batchSize, long seed, int? maxLength = null)
        : this(files, tokenizer, batchSize, null, seed, maxLength)
    {
    }

    private ChatFileBatches(ChatFiles files, NoiseTokenizer tokenizer, int batchSize, int? tokens, long seed, int? maxLength)
    {
        ArgumentNullException.ThrowIfNull(files);
        ArgumentNullException.ThrowIfNull(tokenizer);
        (_files, _tokenizer, _rows, _limit) = (files, tokenizer, new RowTokenizer(tokenizer), new LengthLimit(maxLength));
        _counted = new System.Collections.BitArray(files.Count);
        var key = Key(files, tokenizer);
        _isOfTokens = tokens is not null;
        _ahead = new EpochOrder(files.Count, _isOfTokens ? RowsAhead : batchSize, seed);
        _cache = new TokenCache(files.CacheDirectory, key, files.Count, _notes);
        var lengths = new Lengths(this);
        bool IsKept(int row) => _limit.Keeps(_cache.FirstCountedOf(row));
        _rowsAt = tokens is { } most
            ? new TokenOrder(files.Count, most, seed, Prepare, row => lengths[row], IsKept).At
            : new KeptRows(new EpochOrder(files.Count, batchSize, seed, lengths), batchSize, Prepare, IsKept).At;
        Fingerprint = string.Create(CultureInfo.InvariantCulture, $"{files.Count} chats of files ({Convert.ToHexStringLower(key)[..12]}), {ChatBatches.Size(batchSize, tokens)} per batch, seed {seed}{ChatBatches.Most(maxLength)}");
    }

    /// <summary>Batches of so many tokens in place of so many chats, those that <see cref="ChatBatches.OfTokens"/> would make of the same chats.</summary>
    /// <param name="files">The chats, which the caller disposes after these.</param>
    /// <param name="tokenizer">Makes ids and masks from them.</param>
    /// <param name="tokens">The most tokens of a batch, at least 1; a single chat that is left at the end of an epoch joins the batch before it.</param>
    /// <param name="seed">Seed of the order.</param>
    /// <param name="maxLength">The most tokens of a chat, at least 2; what is longer is cut at its end. No limit when null.</param>
    /// <exception cref="ChatDataException">The folder of the cache can't be written.</exception>
    public static ChatFileBatches OfTokens(ChatFiles files, NoiseTokenizer tokenizer, int tokens, long seed, int? maxLength = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(tokens, 1);
        return new ChatFileBatches(files, tokenizer, batchSize: 0, tokens, seed, maxLength);
    }

    /// <inheritdoc/>
    public string Fingerprint { get; }

    /// <summary>Tokens of all chats, each counted once and without padding; null as long as some chat has not been tokenized.</summary>
    public long? TokensPerEpoch => _cache.IsComplete
        ? Enumerable.Range(0, _files.Count).Where(row => _limit.Keeps(_cache.FirstCountedOf(row))).Sum(row => (long)Math.Min(_cache.LengthOf(row), _limit.MaxLength ?? int.MaxValue))
        : null;

    /// <summary>Chats that are cut at their end, of those in the batches so far.</summary>
    public long CutChats => _limit.Cut;

    /// <summary>Chats without a token that counts, which are left out, of those in the batches so far.</summary>
    public long LeftOutChats => _limit.LeftOut;

    /// <summary>What should be known about the chats of the batches so far, in sentences: what is cut, left out, not read by the template, or was damaged in the cache.</summary>
    public IReadOnlyList<string> Notes
    {
        get
        {
            lock (_lock)
            {
                return [.. _notes, .. _limit.Notes(), .. _rows.Note is { } note ? [note] : Array.Empty<string>()];
            }
        }
    }

    /// <summary>True if every chat is in the cache.</summary>
    internal bool IsComplete => _cache.IsComplete;

    /// <summary>How many chats are in the cache.</summary>
    internal int TokenizedRows => _cache.Known;

    /// <inheritdoc/>
    /// <exception cref="ChatDataException">A chat can't be rendered, nothing of it is transformed, or no chat has a token that counts.</exception>
    public TokenBatch At(long step)
    {
        var rows = Rows(step);
        return _tokenizer.ToBatch([.. rows.Select(Read)], truncation: _limit.MaxLength is not null, maxLength: _limit.MaxLength);
    }

    /// <summary>The file and line (or row) of each chat of a batch.</summary>
    /// <param name="step">Counted from 0, without limit.</param>
    public IReadOnlyList<string> RowsAt(long step) => [.. Rows(step).Select(_files.PlaceOf)];

    /// <summary>Stops the thread and closes the cache; rows that were tokenized stay in it.</summary>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        _stop.Cancel();
        _worker?.Join();
        _cache.Dispose();
        _stop.Dispose();
    }

    private IReadOnlyList<int> Rows(long step)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        _failure?.Throw();
        Volatile.Write(ref _asked, _isOfTokens ? 0 : step);
        if (_worker is null && !_cache.IsComplete)
        {
            _worker = new Thread(TokenizeAhead) { IsBackground = true, Name = "Jigsaw tokenizer" };
            _worker.Start();
        }

        lock (_lock)
        {
            var rows = _rowsAt(step);
            return rows.Count > 0 ? rows : throw ChatBatches.NothingCounts(_files.Read(0), _limit);
        }
    }

    private TokenizedChat Read(int row)
    {
        if (_cache.Read(row) is { } chat)
        {
            return chat;
        }

        lock (_lock)
        {
            if (_notes.Count < 10)
            {
                _notes.Add($"The cache of tokens in {_files.CacheDirectory} is damaged at {_files.PlaceOf(row)}, which is tokenized again.");
            }
        }

        return _rows.Tokenize(_files.Read(row), row + 1L);
    }

    /// <summary>Makes the lengths of rows known, and counts each once.</summary>
    private void Prepare(ReadOnlySpan<int> rows)
    {
        foreach (var row in rows)
        {
            Tokenize(row);
            if (!_counted[row])
            {
                _counted[row] = true;
                _limit.Add(_cache.LengthOf(row), _cache.FirstCountedOf(row), () => _files.PlaceOf(row));
            }
        }
    }

    private void Tokenize(int row)
    {
        if (!_cache.Has(row))
        {
            _cache.Add(row, _rows.Tokenize(_files.Read(row), row + 1L));
        }
    }

    /// <summary>Goes through the steps from the one that was asked for last, then through what is left.</summary>
    private void TokenizeAhead()
    {
        try
        {
            var step = Volatile.Read(ref _asked);
            for (var done = 0L; done < _ahead.BatchesPerEpoch && !_cache.IsComplete; done++, step++)
            {
                step = Math.Max(step, Volatile.Read(ref _asked));
                foreach (var row in _ahead.NeededAt(step))
                {
                    _stop.Token.ThrowIfCancellationRequested();
                    Tokenize(row);
                }
            }

            for (var row = 0; row < _files.Count && !_cache.IsComplete; row++)
            {
                _stop.Token.ThrowIfCancellationRequested();
                Tokenize(row);
            }
        }
        catch (OperationCanceledException)
        {
            // Disposed; the rows so far are in the cache.
        }
        catch (Exception exception)
        {
            _failure = ExceptionDispatchInfo.Capture(exception);
        }
    }

    /// <summary>All that decides on ids and masks: the files, the tokenizer with its template, which roles are transformed, and this code. A template that writes the day is of that day.</summary>
    private static byte[] Key(ChatFiles files, NoiseTokenizer tokenizer)
    {
        var template = tokenizer.Tokenizer.ChatTemplate;
        var text = new StringBuilder();
        void Add(string name, object? value) => text.Append(CultureInfo.InvariantCulture, $"{name}={value}\n");
        foreach (var hash in files.Hashes)
        {
            Add("file", hash);
        }

        Add("tokenizer", tokenizer.Tokenizer.Fingerprint);
        Add("template", template?.Source);
        Add("tool template", template?.ToolUse?.Source);
        Add("begin", template?.BeginToken);
        Add("end", template?.EndToken);
        Add("tokens", tokenizer.ContentTokens);
        Add("roles", tokenizer.NoiseRoles is { } roles ? string.Join(',', roles.Order(StringComparer.Ordinal)) : null);
        Add("code", typeof(Tokenizer).Assembly.ManifestModule.ModuleVersionId);
        if ((template?.Source + template?.ToolUse?.Source).Contains("strftime_now", StringComparison.Ordinal))
        {
            Add("day", (template!.Now ?? template.Today?.ToDateTime(TimeOnly.MinValue) ?? DateTime.Today).ToString("s", CultureInfo.InvariantCulture));
        }

        return SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString()));
    }

    /// <summary>The lengths of rows as far as they are known, after the cut.</summary>
    private sealed class Lengths(ChatFileBatches batches) : IReadOnlyList<int>
    {
        public int Count => batches._files.Count;

        public int this[int row] => Math.Min(batches._cache.LengthOf(row), batches._limit.MaxLength ?? int.MaxValue);

        public IEnumerator<int> GetEnumerator() => Enumerable.Range(0, Count).Select(row => this[row]).GetEnumerator();

        System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
