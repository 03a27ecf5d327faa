using System.Text.Json;
using Jigsaw.Checkpoints;
using Jigsaw.Models.Configuration;
using Jigsaw.Tokenization;

namespace Jigsaw.Gguf;

/// <summary>The tokenizer of a checkpoint under llama.cpp's keys.</summary>
internal static class GgufVocabulary
{
    private const int Normal = 1;
    private const int Unknown = 2;
    private const int Control = 3;
    private const int UserDefined = 4;
    private const int Unused = 5;
    private const int Byte = 6;

    /// <summary>Adds the tokenizer. A checkpoint without one gets none: llama.cpp then takes ids and embeddings alone.</summary>
    /// <exception cref="CheckpointException">It is damaged, splits texts in a way that llama.cpp has no name for, or has more tokens than the model.</exception>
    public static void AddTo(GgufMetadata metadata, string directory, CausalLMConfig config)
    {
        var path = Path.Combine(directory, "tokenizer.json");
        if (!File.Exists(path))
        {
            metadata.Add("tokenizer.ggml.model", "no_vocab");
            return;
        }

        var tokenizer = Tokenizer.Load(directory);
        if (tokenizer.VocabularySize > config.VocabularySize)
        {
            throw new CheckpointException(path, $"has {tokenizer.VocabularySize} token ids, and the model's embedding table {config.VocabularySize} rows; the tokenizer is of another model.");
        }

        JsonFile.Read(path, root =>
        {
            Add(metadata, path, new JsonFields(path, root), tokenizer, config.VocabularySize);
            return true;
        });
        AddIds(metadata, tokenizer, config);
        if (tokenizer.ChatTemplate is { } template)
        {
            metadata.Add("tokenizer.chat_template", template.Source);
        }
    }

    private static void Add(GgufMetadata metadata, string path, JsonFields root, Tokenizer tokenizer, int count)
    {
        var model = root.Object("model")!;
        var tokens = Enumerable.Range(0, count).Select(id => tokenizer.TokenOf(id, skipSpecial: false)).ToArray();
        var unknown = model.Text("unk_token");
        var types = tokens.Select((token, id) =>
            token is null ? Unused
            : tokenizer.IsSpecial(id) ? token == unknown && !tokenizer.IsByteLevel ? Unknown : Control
            : tokenizer.IsAdded(id) ? UserDefined
            : !tokenizer.IsByteLevel && token is ['<', '0', 'x', _, _, '>'] ? Byte
            : Normal).ToArray();
        metadata.Add("tokenizer.ggml.model", tokenizer.IsByteLevel ? "gpt2" : "llama");
        metadata.Add("tokenizer.ggml.pre", tokenizer.IsByteLevel ? GgufPreTokenizer.NameOf(path, root) : "default");
        metadata.Add("tokenizer.ggml.tokens", [.. tokens.Select((token, id) => token ?? $"[PAD{id}]")]);
        metadata.Add("tokenizer.ggml.token_type", types);
        var merges = model.Find("merges")!.Value.EnumerateArray().Select(Pair).ToArray();
        if (tokenizer.IsByteLevel)
        {
            metadata.Add("tokenizer.ggml.merges", [.. merges.Select(merge => $"{merge.Left} {merge.Right}")]);
        }
        else
        {
            metadata.Add("tokenizer.ggml.add_space_prefix", GgufPreTokenizer.AddsSpace(path, root));
            metadata.Add("tokenizer.ggml.scores", Scores(tokens, merges));
        }
    }

    /// <summary>SentencePiece merges the pair whose token has the highest score: the rank of the merge that makes it, negative.</summary>
    private static float[] Scores(string?[] tokens, (string Left, string Right)[] merges)
    {
        var ranks = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var rank = 0; rank < merges.Length; rank++)
        {
            ranks.TryAdd(merges[rank].Left + merges[rank].Right, rank);
        }

        return [.. tokens.Select(token => token is not null && ranks.TryGetValue(token, out var rank) ? -rank : -(float)merges.Length)];
    }

    private static void AddIds(GgufMetadata metadata, Tokenizer tokenizer, CausalLMConfig config)
    {
        void Named(string key, int? id)
        {
            if (id is { } value)
            {
                metadata.Add($"tokenizer.ggml.{key}", value);
            }
        }

        int? Id(string? token) => token is null ? null : tokenizer.IdOf(token);
        var end = Id(tokenizer.EndToken) ?? config.EndTokens.Cast<int?>().FirstOrDefault();
        var begin = Id(tokenizer.BeginToken);
        Named("bos_token_id", begin);
        Named("eos_token_id", end);

        // What else ends a reply.
        Named("eot_token_id", config.EndTokens.Cast<int?>().FirstOrDefault(id => id != end));
        Named("padding_token_id", Id(tokenizer.PadToken));
        var framed = tokenizer.Encode("", addFrame: true);
        metadata.Add("tokenizer.ggml.add_bos_token", begin is { } first && framed.Contains(first));
        metadata.Add("tokenizer.ggml.add_eos_token", end is { } last && last != begin && framed.Contains(last));
    }

    private static (string Left, string Right) Pair(JsonElement merge) => merge.ValueKind == JsonValueKind.Array
        ? (merge[0].GetString()!, merge[1].GetString()!)
        : merge.GetString()!.Split(' ', 2) is [var left, var right] ? (left, right) : default;
}
