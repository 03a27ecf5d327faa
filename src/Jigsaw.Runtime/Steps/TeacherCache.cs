using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Jigsaw.Batches;
using Jigsaw.Models;
using Jigsaw.Models.Decoder;
using Jigsaw.Passes;
using Jigsaw.Steps.Caching;
using Jigsaw.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Jigsaw.Steps;

/// <summary>
/// Keeps what the teacher's clean pass leaves for the loss on the disk, so that the pass runs once for each row of the data: its last hidden states, and those of the distillation layer if the plan
/// reads them, for each row without its padding. It is filled as rows come by, and belongs to the very weights of the model. Several processes may use one folder at a time.
/// </summary>
public sealed class TeacherCache : IDisposable
{
    private const int Version = 1;

    private readonly CausalLM _model;
    private readonly byte[] _hash;
    private readonly int _features;
    private readonly Dictionary<string, HiddenStateStore> _stores = [];
    private readonly List<string> _notes = [];

    /// <summary>Opens the cache of a model, or begins it.</summary>
    /// <param name="directory">The folder, made if it isn't there. It may hold the caches of several models.</param>
    /// <param name="model">The frozen base; all its weights are read once for their hash.</param>
    /// <param name="dtype">How hidden states are kept: BFloat16, rounded to 8 bits of precision, or Float32.</param>
    /// <exception cref="ArgumentException">The dtype is another one, or adapters are merged into the model.</exception>
    /// <exception cref="IOException">The folder can't be made.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder can't be made.</exception>
    public TeacherCache(string directory, CausalLM model, ScalarType dtype = ScalarType.BFloat16)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        ArgumentNullException.ThrowIfNull(model);
        if (dtype is not (ScalarType.BFloat16 or ScalarType.Float32))
        {
            throw new ArgumentException($"A teacher's cache can't be of the type {dtype}; use BFloat16 or Float32.", nameof(dtype));
        }

        if (model.IsMerged)
        {
            throw new ArgumentException("Adapters are merged into the model, which is then no teacher; call Unmerge() first.", nameof(model));
        }

        (_model, DType, Folder) = (model, dtype, Path.GetFullPath(directory));
        _features = model.Config.HiddenSize;
        _hash = model.ContentHash();
        Directory.CreateDirectory(Folder);
    }

    /// <summary>The folder.</summary>
    public string Folder { get; }

    /// <summary>How hidden states are kept.</summary>
    public ScalarType DType { get; }

    /// <summary>How many rows were read from it so far.</summary>
    public long RowsRead { get; private set; }

    /// <summary>How many rows were in a batch for which the pass was run so far.</summary>
    public long RowsComputed { get; private set; }

    /// <summary>Bytes of what has been read or written of it so far, those of other processes included.</summary>
    public long Bytes => _stores.Values.Sum(store => store.Bytes);

    /// <summary>What should be known about it, in sentences: what was damaged and is computed again, or why it can't be written.</summary>
    public IReadOnlyList<string> Notes => _notes;

    /// <summary>The bytes that the cache of data takes once each of its rows has come by.</summary>
    /// <param name="plan">The plan of the recipe: it says which hidden states are kept.</param>
    /// <param name="model">The frozen base.</param>
    /// <param name="tokens">Tokens of all rows, without padding.</param>
    /// <param name="rows">How many rows.</param>
    /// <param name="dtype">How hidden states are kept.</param>
    public static long SizeOf(LossPlan plan, ICausalLM model, long tokens, long rows, ScalarType dtype = ScalarType.BFloat16)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(model);
        var places = plan.Find(Pass.TeacherClean) is { } pass ? (pass.Logits ? 1 : 0) + (pass.Layer ? 1 : 0) : 0;
        return places * ((tokens * model.EmbeddingTable.shape[1] * dtype.ElementSize()) + (rows * HiddenStateFile.RecordHeader));
    }

    /// <summary>Closes its files; what has been added stays in them.</summary>
    public void Dispose()
    {
        foreach (var store in _stores.Values)
        {
            store.Dispose();
        }

        _stores.Clear();
    }

    /// <summary>True if it is the cache of this model.</summary>
    internal bool IsOf(ICausalLM model) => ReferenceEquals(_model, model);

    /// <summary>What the teacher's clean pass leaves for a batch: read, or computed and kept. In either case the numbers are those that are kept.</summary>
    /// <param name="batch">The batch; its clean embeddings are those of its ids.</param>
    /// <param name="layer">The layer that is read; null for none.</param>
    /// <param name="toEnd">True if the last hidden states are read.</param>
    /// <param name="run">Runs the pass.</param>
    internal HiddenStates Run(TransformedBatch batch, int? layer, bool toEnd, Func<HiddenStates> run)
    {
        using var scope = NewDisposeScope();
        using var grad = no_grad();
        var rows = CachedRow.Of(batch);
        var stores = (Last: toEnd ? Store("last") : null, Layer: layer is { } index ? Store(string.Create(CultureInfo.InvariantCulture, $"layer-{index}")) : null);
        if (Found() is not { } states)
        {
            stores.Last?.Refresh();
            stores.Layer?.Refresh();
            if (Found() is { } added)
            {
                states = added;
            }
            else
            {
                RequireEmbeddings(batch);
                RequireUnmerged();
                var computed = run();
                states = new HiddenStates(Kept(stores.Last, computed.Last, rows), Kept(stores.Layer, computed.Layer, rows));
                RowsComputed += rows.Length;
                return Moved(states);
            }
        }

        RowsRead += rows.Length;
        return Moved(states);

        HiddenStates? Found()
        {
            var sequence = batch.InputIds.shape[1];
            var last = stores.Last is null ? null : Assemble(stores.Last, rows, sequence, computed: null);
            if (last is null && stores.Last is not null)
            {
                return null;
            }

            var at = stores.Layer is null ? null : Assemble(stores.Layer, rows, sequence, computed: null);
            return at is null && stores.Layer is not null ? null : new HiddenStates(last, at);
        }

        HiddenStates Moved(HiddenStates found) => new(OnDevice(found.Last, batch)?.MoveToOuterDisposeScope(), OnDevice(found.Layer, batch)?.MoveToOuterDisposeScope());
    }

    private Tensor? OnDevice(Tensor? host, TransformedBatch batch) =>
        host is null ? null : (batch.Clean.device_type == DeviceType.CPU ? host : DeviceCopy.Of(host, batch.Clean.device)).to(_model.DType);

    /// <summary>Adds the rows that are not there, and returns what is kept of all.</summary>
    private Tensor? Kept(HiddenStateStore? store, Tensor? computed, CachedRow[] rows)
    {
        if (store is null || computed is null)
        {
            return null;
        }

        var host = computed.to(DType).cpu().contiguous();
        for (var i = 0; i < rows.Length; i++)
        {
            if (rows[i].Length > 0)
            {
                using var inner = NewDisposeScope();
                store.Add(rows[i].Key, TokensOf(host, i, rows[i]).bytes);
            }
        }

        return Assemble(store, rows, computed.shape[1], host);
    }

    /// <summary>The rows of a batch on the host, shape (batch, sequence, hidden): from the store, or else from what was computed. Padding has the numbers of a token, so nothing divides by 0.</summary>
    /// <returns>Null if a row is in neither.</returns>
    private Tensor? Assemble(HiddenStateStore store, CachedRow[] rows, long sequence, Tensor? computed)
    {
        using var scope = NewDisposeScope();
        var host = empty([rows.Length, sequence, _features], dtype: DType);
        for (var i = 0; i < rows.Length; i++)
        {
            using var inner = NewDisposeScope();
            var (row, whole) = (rows[i], host.select(0, i));
            if (row.Length == 0)
            {
                whole.fill_(Scalars.Of(1.0));
                continue;
            }

            var tokens = TokensOf(host, i, row);
            if (!store.TryRead(row.Key, tokens.bytes))
            {
                if (computed is null)
                {
                    return null;
                }

                tokens.copy_(TokensOf(computed, i, row));
            }

            Pad(whole, 0, row.First, row.First);
            Pad(whole, row.First + row.Length, sequence - row.First - row.Length, row.First + row.Length - 1);
        }

        return host.MoveToOuterDisposeScope();
    }

    private static Tensor TokensOf(Tensor batch, int index, CachedRow row) => batch.select(0, index).narrow(0, row.First, row.Length);

    private static void Pad(Tensor row, long start, long count, long like)
    {
        if (count > 0)
        {
            row.narrow(0, start, count).copy_(row.narrow(0, like, 1));
        }
    }

    private HiddenStateStore Store(string place)
    {
        if (!_stores.TryGetValue(place, out var store))
        {
            var of = $"{place}-{(DType == ScalarType.BFloat16 ? "bf16" : "f32")}";
            var key = SHA256.HashData([.. _hash, .. Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{of} {_features} version {Version}"))]);
            _stores.Add(place, store = new HiddenStateStore(Folder, $"teacher-{Convert.ToHexStringLower(_hash)[..16]}-{of}", key, checked((int)(_features * DType.ElementSize())), _notes));
            store.Refresh();
        }

        return store;
    }

    private void RequireUnmerged()
    {
        if (_model.IsMerged)
        {
            throw new InvalidOperationException("Adapters have been merged into the model of the teacher's cache, whose rows are of the base alone; call Unmerge() first.");
        }
    }

    /// <summary>Rows are known by their ids, so embeddings that are none of the model's would be taken for others. On other devices than the CPU nothing is compared, since that would wait for them.</summary>
    private void RequireEmbeddings(TransformedBatch batch)
    {
        if (batch.Clean.device_type == DeviceType.CPU && !_model.Embed(batch.InputIds).to(batch.Clean.dtype).eq(batch.Clean).all().item<bool>())
        {
            throw new InvalidOperationException("The clean embeddings of the batch are not those of its token ids, by which the teacher's cache knows its rows; train on such batches without a cache.");
        }
    }
}
