using System.Globalization;
using Jigsaw.CommandLine.Options;
using Jigsaw.CommandLine.Output;
using Jigsaw.Data;
using Jigsaw.Tokenization;

namespace Jigsaw.CommandLine.Running;

/// <summary>The chats that a run trains on: in memory, or, where they are large or a folder for their cache is told, read row by row.</summary>
internal sealed class RunData : IDisposable
{
    private const long LargestInMemory = 256L << 20;
    private const int PackedFactor = 8;
    private const int MostInMemory = 20_000;

    private readonly RunSettings _settings;
    private readonly ChatDataset? _chats;
    private readonly ChatFiles? _files;
    private readonly List<IDisposable> _batches = [];

    private RunData(RunSettings settings, ChatDataset? chats, ChatFiles? files) => (_settings, _chats, _files) = (settings, chats, files);

    /// <summary>How many chats there are.</summary>
    public int Count => _chats?.Examples.Count ?? _files!.Count;

    /// <summary>What should be known about them, in sentences.</summary>
    public IReadOnlyList<string> Notes => _chats?.Notes ?? _files!.Notes;

    /// <summary>Opens the data of a run.</summary>
    /// <exception cref="ChatDataException">A row is not a chat, or a file is damaged.</exception>
    public static RunData Open(RunSettings settings) => IsLarge(settings)
        ? new RunData(settings, null, ChatFiles.Open(settings.Data, settings.CacheFolder))
        : new RunData(settings, ChatDataset.Read(settings.Data), null);

    /// <summary>The chats, or the first of very many, for attacks that know the training's data.</summary>
    public static ChatDataset Known(RunContext context)
    {
        if (!IsLarge(context.Settings))
        {
            return ChatDataset.Read(context.Settings.Data);
        }

        context.Output.Say(string.Create(CultureInfo.InvariantCulture, $"The attacks know the first {MostInMemory} chats of the training's data."));
        return ChatDataset.Read(context.Settings.Data, MostInMemory);
    }

    /// <summary>Batches in the order of a seed; this frees them.</summary>
    public ITokenBatches Batches(NoiseTokenizer tokenizer, long seed)
    {
        if (_chats is not null)
        {
            return _settings.TokensPerStep is { } tokens
                ? ChatBatches.OfTokens(_chats, tokenizer, tokens, seed, _settings.MaxLength)
                : new ChatBatches(_chats, tokenizer, _settings.Batch, seed, _settings.MaxLength);
        }

        var batches = _settings.TokensPerStep is { } most
            ? ChatFileBatches.OfTokens(_files!, tokenizer, most, seed, _settings.MaxLength)
            : new ChatFileBatches(_files!, tokenizer, _settings.Batch, seed, _settings.MaxLength);
        _batches.Add(batches);
        return batches;
    }

    /// <summary>Says what became of the chats in batches.</summary>
    public static void Say(LoggedOutput output, ITokenBatches batches)
    {
        foreach (var note in (batches as ChatBatches)?.Notes ?? (batches as ChatFileBatches)?.Notes ?? [])
        {
            output.Say(note);
        }
    }

    /// <summary>Bytes as people read them.</summary>
    public static string Mebibytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1 << 20):0.0} MiB");

    public void Dispose()
    {
        foreach (var batches in _batches)
        {
            batches.Dispose();
        }

        _files?.Dispose();
    }

    /// <summary>True if the chats are read from the disk row by row.</summary>
    internal static bool IsLarge(RunSettings settings) => settings.Cache is not null || ChatFiles.SizeOf(settings.Data, PackedFactor) > LargestInMemory;
}
