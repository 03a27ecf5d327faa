using System.Buffers;
using System.Globalization;
using System.Numerics.Tensors;
using System.Text.Json;
using Jigsaw.Checkpoints;
using Jigsaw.Client.Arithmetic;
using Jigsaw.Client.Bundles;
using Jigsaw.Client.Embeddings;
using Jigsaw.Tokenization;
using Jigsaw.Transforms;
using Jigsaw.Transforms.Noise;

namespace Jigsaw.Client;

/// <summary>
/// The company's side of a transformed model: renders and tokenizes a conversation, and replaces its embeddings x by x̃ = x + m·(μ(x) + σ(x)·ε), in managed code alone.
/// The noise comes from the operating system's random generator; there is no seed. Threads may share one.
/// </summary>
/// <remarks>x, μ and σ are float32; x̃ is added up in float64 and rounded once to <see cref="Type"/>. Of the embedding table only the rows of a prompt's tokens are read.</remarks>
public sealed class PromptTransform : IDisposable
{
    private const long MostNumbers = 1L << 28;
    private const double LargestHalf = 65504;
    private const int ProbedTokens = 8;
    private const int NoiseOfATask = 2048;

    // A number of noise takes as long as about so many multiplications of a product.
    private const int NoiseCost = 1024;

    private readonly EmbeddingTable _table;
    private readonly TransformBlock _block;
    private readonly string _weights;
    private readonly ChatEncoder _encoder;

    private PromptTransform(EmbeddingTable table, TransformBlock block, string weights, Tokenizer tokenizer, NoiseScope scope, EmbeddingType? type)
    {
        (_table, _block, _weights, Scope, Type) = (table, block, weights, scope, type ?? table.DefaultType);
        _encoder = new ChatEncoder(tokenizer) { NoiseRoles = scope.Roles };
    }

    /// <summary>The tokenizer.</summary>
    public Tokenizer Tokenizer => _encoder.Tokenizer;

    /// <summary>Which tokens are transformed, as in training.</summary>
    public NoiseScope Scope { get; }

    /// <summary>The type that x̃ is sent in.</summary>
    public EmbeddingType Type { get; }

    /// <summary>Features of an embedding.</summary>
    public int Features => _block.Features;

    /// <summary>Token ids that the embedding table has rows for.</summary>
    public int Vocabulary => _table.Vocabulary;

    /// <summary>Ids of the tokens that end a reply, as far as the tokenizer says: to be named in a request.</summary>
    public IReadOnlyList<int> StopTokenIds => Tokenizer.EndToken is { } end && Tokenizer.IdOf(end) is { } id ? [id] : [];

    /// <summary>Opens a bundle that <see cref="ClientBundle.Export"/> wrote, and compares each of its files with the manifest's hash.</summary>
    /// <param name="directory">The bundle.</param>
    /// <param name="type">The type that x̃ is sent in; null for the embedding table's.</param>
    /// <exception cref="CheckpointException">A file is missing, damaged, or not the one that was exported.</exception>
    public static PromptTransform Load(string directory, EmbeddingType? type = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        var manifest = BundleManifest.Read(directory);
        manifest.Verify(directory);
        var transform = Open(() => new EmbeddingTable(Path.Combine(directory, ClientBundle.TableName)), directory, directory, manifest.Noise, type, checkNorm: false);
        if ((transform.Features, transform.Vocabulary) != (manifest.Features, manifest.Vocabulary))
        {
            transform.Dispose();
            throw new CheckpointException(Path.Combine(directory, ClientBundle.ManifestName), $"is of an embedding table of ({manifest.Vocabulary}, {manifest.Features}), and the bundle's is ({transform.Vocabulary}, {transform.Features}); export the bundle again.");
        }

        return transform;
    }

    /// <summary>Opens a model and a transform where they are, without a bundle.</summary>
    /// <param name="modelDirectory">A Hugging Face checkpoint: its embedding table, tokenizer and chat template are read.</param>
    /// <param name="transformDirectory">Where the transform was saved to.</param>
    /// <param name="scope">Which tokens are transformed: what training did.</param>
    /// <param name="type">The type that x̃ is sent in; null for the embedding table's.</param>
    /// <exception cref="CheckpointException">A file is missing or damaged, or the transform is of another model.</exception>
    public static PromptTransform Load(string modelDirectory, string transformDirectory, NoiseScope scope, EmbeddingType? type = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(modelDirectory);
        ArgumentException.ThrowIfNullOrEmpty(transformDirectory);
        ArgumentNullException.ThrowIfNull(scope);
        return Open(() => EmbeddingTable.Find(modelDirectory), modelDirectory, transformDirectory, scope, type, checkNorm: true);
    }

    /// <summary>Renders, tokenizes and transforms a conversation up to where the model's reply begins.</summary>
    /// <param name="messages">The conversation.</param>
    /// <param name="conversation">What was sent of it before; null sends every row with fresh noise, which is right once only.</param>
    /// <param name="tools">Descriptions of the tools that the model may call, as JSON schemas; none when null.</param>
    /// <param name="documents">Documents that the model may read; none when null.</param>
    /// <param name="arguments">Further variables of the chat template, such as <c>enable_thinking</c>.</param>
    /// <exception cref="ArgumentException">No message has a role that is transformed, or the template refuses the conversation.</exception>
    /// <exception cref="InvalidOperationException">The tokenizer has no chat template.</exception>
    /// <exception cref="CheckpointException">The embedding table or the transform has numbers that are not finite.</exception>
    public TransformedPrompt Transform(
        IReadOnlyList<ChatMessage> messages,
        Conversation? conversation = null,
        IReadOnlyList<JsonElement>? tools = null,
        IReadOnlyList<JsonElement>? documents = null,
        IReadOnlyDictionary<string, object?>? arguments = null)
    {
        var chat = Tokenize(messages, tools, documents, arguments);
        return Transform([.. chat.Ids], [.. chat.Noise], conversation);
    }

    /// <summary>Renders and tokenizes a conversation up to where the model's reply begins: what <see cref="Transform(int[], bool[], Conversation?)"/> takes.</summary>
    /// <param name="messages">The conversation.</param>
    /// <param name="tools">Descriptions of tools; none when null.</param>
    /// <param name="documents">Documents; none when null.</param>
    /// <param name="arguments">Further variables of the chat template.</param>
    public TokenizedChat Tokenize(
        IReadOnlyList<ChatMessage> messages,
        IReadOnlyList<JsonElement>? tools = null,
        IReadOnlyList<JsonElement>? documents = null,
        IReadOnlyDictionary<string, object?>? arguments = null)
    {
        var chat = _encoder.Encode(messages, addGenerationPrompt: true, transformAllTokens: Scope.AllTokens, tools: tools, documents: documents, arguments: arguments);
        return chat.Noise.Contains(true)
            ? chat
            : throw new ArgumentException("No token of the conversation is transformed, so all of it would be sent as it is; give the messages of a role that is transformed a text.", nameof(messages));
    }

    /// <summary>Transforms tokens.</summary>
    /// <param name="ids">Token ids, at least one.</param>
    /// <param name="noised">Which of them the transform changes; the others are sent as the embedding table has them.</param>
    /// <param name="conversation">What was sent before; null sends every row with fresh noise.</param>
    /// <exception cref="ArgumentException">There is no token, an id has no row, or the two differ in length.</exception>
    /// <exception cref="CheckpointException">The embedding table or the transform has numbers that are not finite.</exception>
    public TransformedPrompt Transform(int[] ids, bool[] noised, Conversation? conversation = null)
    {
        ArgumentNullException.ThrowIfNull(ids);
        ArgumentNullException.ThrowIfNull(noised);
        if (ids.Length == 0 || ids.Length != noised.Length)
        {
            throw new ArgumentException($"There are {ids.Length} token ids and {noised.Length} marks of which are transformed; give at least one id, and one mark for each.", nameof(noised));
        }

        if ((long)ids.Length * Features > MostNumbers)
        {
            throw new ArgumentException($"The prompt has {ids.Length} tokens of {Features} features, and {MostNumbers / Features} tokens are the most; send less at once.", nameof(ids));
        }

        using var once = conversation is null ? new Conversation() : null;
        var owner = conversation ?? once!;
        var (rows, fresh) = owner.Send(
            this,
            NewCache,
            [.. ids],
            [.. noised],
            Features * EmbeddingNumbers.SizeOf(Type),
            (cache, computed, known, fresh) => Sample(ids, noised, cache, computed, known, fresh));
        return new TransformedPrompt(rows, ids.Length, Features, Type, fresh, owner.CacheSalt);
    }

    /// <summary>An empty cache of keys and values.</summary>
    internal AttentionCache NewCache() => _block.NewCache();

    /// <summary>x, μ and σ of tokens.</summary>
    internal (float[] Clean, float[] Means, float[] Stds) Moments(ReadOnlySpan<int> ids, AttentionCache cache)
    {
        var size = ids.Length * Features;
        var (clean, means, stds) = (new float[size], new float[size], new float[size]);
        Moments(ids, cache, clean, means, stds);
        return (clean, means, stds);
    }

    private void Moments(ReadOnlySpan<int> ids, AttentionCache cache, Memory<float> clean, Memory<float> means, Memory<float> stds)
    {
        _table.Read(ids, clean.Span);
        for (var (from, atOnce) = (0, _block.RowsAtOnce); from < ids.Length; from += atOnce)
        {
            var rows = Math.Min(atOnce, ids.Length - from);
            var part = new Range(from * Features, (from + rows) * Features);
            _block.Run(clean[part], rows, cache, means[part], stds[part]);
        }

        if (!float.IsFinite(TensorPrimitives.SumOfMagnitudes<float>(means.Span)) || !float.IsFinite(TensorPrimitives.Sum<float>(stds.Span)) || !(TensorPrimitives.Min<float>(stds.Span) > 0))
        {
            throw float.IsFinite(TensorPrimitives.SumOfMagnitudes<float>(clean.Span))
                ? new CheckpointException(_weights, "gives μ or σ that are not finite, or a σ that is not above 0, so x̃ would hide nothing or say nothing; it is damaged, or the embedding table is: export both again.")
                : new CheckpointException(_table.Path, "has a number that is not finite in the row of one of these tokens; export it again.");
        }
    }

    /// <summary>Closes the embedding table.</summary>
    public void Dispose() => _table.Dispose();

    private static PromptTransform Open(Func<EmbeddingTable> open, string tokenizerDirectory, string transformDirectory, NoiseScope scope, EmbeddingType? type, bool checkNorm)
    {
        if (type is { } sent && !Enum.IsDefined(sent))
        {
            throw new ArgumentException($"x̃ can't be sent as {sent}; use BFloat16, Float16 or Float32.", nameof(type));
        }

        var table = open();
        try
        {
            var block = TransformBlock.Read(transformDirectory, out var stored);
            RequireSameModel(Path.Combine(transformDirectory, StoredTransform.ConfigName), stored, table, checkNorm);
            var transform = new PromptTransform(table, block, Path.Combine(transformDirectory, StoredTransform.WeightsName), Tokenizer.Load(tokenizerDirectory), scope, type);

            // A damaged number may be finite, and what comes of it not: the transform is run on a few tokens.
            _ = transform.Moments(Enumerable.Range(0, Math.Min(ProbedTokens, table.Vocabulary)).ToArray(), transform.NewCache());
            return transform;
        }
        catch
        {
            table.Dispose();
            throw;
        }
    }

    /// <summary>Refuses a table that the transform wasn't trained for.</summary>
    internal static void RequireSameModel(string path, StoredTransform stored, EmbeddingTable table, bool checkNorm)
    {
        if (stored.Features != table.Features)
        {
            throw new CheckpointException(path, $"the transform is for embeddings of {stored.Features} features, the model's have {table.Features}; use the model it was trained for.");
        }

        // A table that was cast or quantized differs a little; another one would leave σ in the wrong unit.
        if (checkNorm && table.MedianNorm() is var norm && !(Math.Abs(norm - stored.MedianNorm) <= 0.02 * stored.MedianNorm))
        {
            throw new CheckpointException(path, string.Create(CultureInfo.InvariantCulture, $"the transform is for embeddings of the median norm {stored.MedianNorm:G4}, the model's have {norm:G4}; use the model it was trained for."));
        }
    }

    /// <summary>x̃ of the tokens from <paramref name="known"/> on, as bytes; keys and values come from <paramref name="computed"/> on.</summary>
    private void Sample(int[] ids, bool[] noised, AttentionCache cache, int computed, int known, Memory<byte> bytes)
    {
        var size = (ids.Length - computed) * Features;
        var rented = ArrayPool<float>.Shared.Rent(3 * size);
        var used = rented.AsMemory(0, 3 * size);
        try
        {
            var (clean, means, stds) = (used[..size], used.Slice(size, size), used[(2 * size)..]);
            Moments(ids.AsSpan(computed), cache, clean, means, stds);
            var (count, atOnce) = (ids.Length - known, Math.Max(1, NoiseOfATask / Features));
            using var team = new CoreTeam((long)count * Features * NoiseCost, _block.Cores);
            team.For((count + atOnce - 1) / atOnce, task =>
            {
                var from = known + (task * atOnce);
                var rows = new Range(from, Math.Min(from + atOnce, ids.Length));
                var numbers = new Range((from - computed) * Features, (rows.End.Value - computed) * Features);
                var sent = new Range((from - known) * Features * EmbeddingNumbers.SizeOf(Type), (rows.End.Value - known) * Features * EmbeddingNumbers.SizeOf(Type));
                Draw(noised.AsSpan(rows), clean.Span[numbers], means.Span[numbers], stds.Span[numbers], bytes.Span[sent]);
            });
        }
        finally
        {
            used.Span.Clear();
            ArrayPool<float>.Shared.Return(rented);
        }
    }

    /// <summary>x̃ = x + m·(μ + σ·ε) of some rows, as bytes. Noise is drawn for the rows that have some.</summary>
    private void Draw(ReadOnlySpan<bool> noised, ReadOnlySpan<float> clean, ReadOnlySpan<float> means, ReadOnlySpan<float> stds, Span<byte> bytes)
    {
        var drawn = noised.Count(true) * Features;
        var rented = ArrayPool<double>.Shared.Rent(drawn + clean.Length);
        try
        {
            var noise = rented.AsSpan(0, drawn);
            var numbers = rented.AsSpan(drawn, clean.Length);
            SecureNormals.Fill(noise);
            for (var at = 0; at < clean.Length; at += Features)
            {
                if (!noised[at / Features])
                {
                    TensorPrimitives.ConvertTruncating(clean.Slice(at, Features), numbers.Slice(at, Features));
                    continue;
                }

                for (var i = 0; i < Features; i++)
                {
                    numbers[at + i] = clean[at + i] + (double)means[at + i] + (stds[at + i] * noise[i]);
                }

                noise = noise[Features..];
            }

            if (Type == EmbeddingType.Float16 && TensorPrimitives.MaxMagnitude<double>(numbers) is > LargestHalf or < -LargestHalf)
            {
                throw new InvalidOperationException("A number of x̃ is too large for Float16; send BFloat16 or Float32.");
            }

            EmbeddingNumbers.Write(numbers, Type, bytes);
        }
        finally
        {
            rented.AsSpan(0, drawn + clean.Length).Clear();
            ArrayPool<double>.Shared.Return(rented);
        }
    }
}
