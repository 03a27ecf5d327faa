using System.Net;
using System.Runtime.CompilerServices;
using global::LLama;
using global::LLama.Common;
using global::LLama.Exceptions;
using global::LLama.Native;
using global::LLama.Sampling;
using Jigsaw.Client;
using Jigsaw.Client.Transports;

namespace Jigsaw.LLamaSharp;

/// <summary>
/// llama.cpp in process: answers transformed prompts with a GGUF model. Prompts are computed one after another, in the order in which they came; threads may share one. A program brings the native library,
/// such as the package LLamaSharp.Backend.Cpu, and decides where its log goes (<c>NativeLibraryConfig.All.WithLogCallback</c>).
/// </summary>
public sealed class LLamaTransport : ICompletionTransport, IDisposable
{
    private static readonly LLamaSeqId _sequence = (LLamaSeqId)0;

    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly LLamaWeights _weights;
    private readonly LLamaContext _context;
    private bool _disposed;

    private LLamaTransport(LLamaWeights weights, LLamaContext context)
    {
        (_weights, _context) = (weights, context);
    }

    /// <summary>Features of an embedding.</summary>
    public int Features => _weights.EmbeddingSize;

    /// <summary>How many tokens prompt and reply may have together.</summary>
    public int ContextTokens => (int)_context.ContextSize;

    /// <summary>Loads a model.</summary>
    /// <param name="options">Which, and how.</param>
    /// <exception cref="FileNotFoundException">A file is not there.</exception>
    /// <exception cref="InvalidDataException">llama.cpp can't load a file, or the model has no tokenizer, so no reply could be written.</exception>
    /// <exception cref="ArgumentException">A number is out of its range.</exception>
    public static LLamaTransport Load(LLamaOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        foreach (var path in new[] { options.ModelPath, options.AdapterPath }.OfType<string>().Where(path => !File.Exists(path)))
        {
            throw new FileNotFoundException($"There is no file '{path}'; name a GGUF file.", path);
        }

        if (options.ContextTokens is < 1 || options.Threads is < 1)
        {
            throw new ArgumentException($"ContextTokens is {options.ContextTokens} and Threads {options.Threads}; use at least 1, or null.", nameof(options));
        }

        var parameters = new ModelParams(options.ModelPath)
        {
            ContextSize = (uint?)options.ContextTokens,
            Threads = options.Threads,
            BatchThreads = options.Threads,
            GpuLayerCount = options.GpuLayers,
            SeqMax = 1,
        };
        if (options.Float32Cache)
        {
            (parameters.TypeK, parameters.TypeV, parameters.FlashAttention) = (GGMLType.GGML_TYPE_F32, GGMLType.GGML_TYPE_F32, false);
        }

        var weights = Loaded(options.ModelPath, () => LLamaWeights.LoadFromFile(parameters));
        LLamaContext? context = null;
        try
        {
            if (weights.Vocab.Type == LLamaVocabType.None)
            {
                throw new InvalidDataException($"{options.ModelPath}: has no tokenizer, so no reply could be written; export it from a checkpoint that has one.");
            }

            parameters.ContextSize ??= (uint)weights.ContextSize;
            context = Loaded(options.ModelPath, () => weights.CreateContext(parameters));
            if (options.AdapterPath is { } path)
            {
                var adapter = Loaded(path, () => weights.NativeHandle.LoadLoraFromFile(path));
                context.NativeHandle.SetLoraAdapters([(adapter, 1f)]);
            }

            return new LLamaTransport(weights, context);
        }
        catch
        {
            context?.Dispose();
            weights.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    /// <exception cref="TransportException">A prompt is of another width, or leaves no room in the context for a reply; or llama.cpp fails.</exception>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    /// <remarks>A reply ends with <c>length</c>, too, where the context is full. Without a temperature tokens are drawn at 1. Top-k and top-p are applied before the temperature, as llama.cpp does.</remarks>
    public async IAsyncEnumerable<CompletionPart> StreamAsync(IReadOnlyList<TransformedPrompt> prompts, CompletionOptions options, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(prompts);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        foreach (var prompt in prompts)
        {
            Require(prompt);
        }

        for (var index = 0; index < prompts.Count; index++)
        {
            var decoder = new StreamingTokenDecoder(_context) { DecodeSpecialTokens = false };
            var stops = new StopTexts(options.Stop);
            var (count, reason) = (0, "length");
            await foreach (var token in TokensAsync(prompts[index], options, cancellationToken).ConfigureAwait(false))
            {
                count++;
                if (Ends(token, options))
                {
                    reason = "stop";
                    break;
                }

                decoder.Add(token);
                var (text, stopped) = stops.Push(decoder.Read());
                if (text.Length > 0)
                {
                    yield return new CompletionPart { Index = index, Text = text };
                }

                if (stopped)
                {
                    reason = "stop";
                    stops = new StopTexts([]);
                    break;
                }
            }

            yield return new CompletionPart { Index = index, Text = stops.Finish(), FinishReason = reason, PromptTokens = prompts[index].TokenCount, CompletionTokens = count };
        }
    }

    /// <summary>Frees the model; a prompt that is being computed is finished first.</summary>
    public void Dispose()
    {
        _turn.Wait();
        if (!_disposed)
        {
            _disposed = true;
            _context.Dispose();
            _weights.Dispose();
        }

        _turn.Release();
    }

    /// <summary>True if a token ends a reply: asked for, or the model's own.</summary>
    internal bool Ends(LLamaToken token, CompletionOptions options) => options.StopTokenIds.Contains((int)token) || token.IsEndOfGeneration(_weights.Vocab);

    /// <summary>The tokens of a reply, up to <see cref="CompletionOptions.MaxTokens"/> or the end of the context; who reads them decides where a reply ends.</summary>
    internal async IAsyncEnumerable<LLamaToken> TokensAsync(TransformedPrompt prompt, CompletionOptions options, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        using var sampler = Sampler(options);
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            _context.NativeHandle.MemoryClear();
            var last = await ReadAsync(prompt, cancellationToken).ConfigureAwait(false);
            var batch = new LLamaBatch();
            for (var (count, position) = (0, prompt.TokenCount); count < options.MaxTokens && position <= ContextTokens; count++, position++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var token = sampler.Sample(_context.NativeHandle, last);
                yield return token;
                if (count + 1 < options.MaxTokens && position < ContextTokens)
                {
                    batch.Clear();
                    last = batch.Add(token, position, _sequence, logits: true);
                    RequireDecoded(await _context.DecodeAsync(batch, cancellationToken).ConfigureAwait(false));
                }
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>The logits behind each row of a prompt.</summary>
    internal async Task<float[][]> LogitsAsync(TransformedPrompt prompt, CancellationToken cancellationToken = default)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            _context.NativeHandle.MemoryClear();
            var logits = new List<float[]>();
            _ = await ReadAsync(prompt, cancellationToken, rows => logits.AddRange(rows)).ConfigureAwait(false);
            return [.. logits];
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Computes a prompt's rows, and gives the place of the last one's logits.</summary>
    private async Task<int> ReadAsync(TransformedPrompt prompt, CancellationToken cancellationToken, Action<IEnumerable<float[]>>? seen = null)
    {
        var numbers = prompt.ToSingles();
        var last = 0;
        for (var (from, atOnce) = (0, (int)_context.BatchSize); from < prompt.TokenCount; from += atOnce)
        {
            var batch = new LLamaBatchEmbeddings(Features);
            var rows = Math.Min(atOnce, prompt.TokenCount - from);
            for (var row = from; row < from + rows; row++)
            {
                last = batch.Add(numbers.AsSpan(row * Features, Features), row, _sequence, logits: seen is not null || row == prompt.TokenCount - 1);
            }

            RequireDecoded(await _context.DecodeAsync(batch, cancellationToken).ConfigureAwait(false));
            seen?.Invoke(Enumerable.Range(0, rows).Select(row => _context.NativeHandle.GetLogitsIth(row).ToArray()));
        }

        Array.Clear(numbers);
        return last;
    }

    private static DefaultSamplingPipeline Sampler(CompletionOptions options)
    {
        var sampler = new DefaultSamplingPipeline
        {
            Temperature = (float)(options.Temperature ?? 1),
            TopK = options.Temperature == 0 ? 1 : options.TopK ?? 0,
            TopP = (float)(options.TopP ?? 1),
            MinP = 0,
            TypicalP = 1,
            RepeatPenalty = 1,
            FrequencyPenalty = (float)(options.FrequencyPenalty ?? 0),
            PresencePenalty = (float)(options.PresencePenalty ?? 0),
            PenaltyCount = -1,
            PenalizeNewline = true,
            Seed = options.Seed is { } seed ? unchecked((uint)seed) : (uint)System.Security.Cryptography.RandomNumberGenerator.GetInt32(int.MaxValue),
        };
        return sampler;
    }

    private static T Loaded<T>(string path, Func<T> load)
    {
        try
        {
            return load();
        }
        catch (Exception exception) when (exception is RuntimeError or IOException or InvalidOperationException)
        {
            throw new InvalidDataException($"{path}: llama.cpp can't load it ({exception.Message}); its log says why.", exception);
        }
    }

    private static void RequireDecoded(DecodeResult result)
    {
        if (result != DecodeResult.Ok)
        {
            throw new TransportException($"llama.cpp failed to compute a part of the prompt or reply: {result}.");
        }
    }

    private void Require(TransformedPrompt prompt)
    {
        if (prompt.Features != Features)
        {
            throw new TransportException($"The prompt has {prompt.Features} features, and the model {Features}; use the model that the transform was trained for.", HttpStatusCode.BadRequest);
        }

        if (prompt.TokenCount >= ContextTokens)
        {
            throw new TransportException($"The prompt has {prompt.TokenCount} tokens, and the context holds {ContextTokens} with the reply; send less, or load the model with more {nameof(LLamaOptions.ContextTokens)}.", HttpStatusCode.BadRequest);
        }
    }
}
