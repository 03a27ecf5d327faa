using System.Text.Json;
using Jigsaw.Checkpoints;

namespace Jigsaw.Tokenization;

/// <summary>What the files beside tokenizer.json say: the special tokens, whether a text begins and ends with them, and the chat template.</summary>
internal sealed class TokenizerConfig(string directory)
{
    private static readonly string[] _names = ["bos_token", "eos_token", "pad_token", "unk_token", "sep_token", "cls_token", "mask_token"];

    public Tokenizer Configure(TokenizerModel model, Func<TokenizerModel, IReadOnlyDictionary<string, string>, ChatTemplate?, Tokenizer> make)
    {
        var tokens = new Dictionary<string, string>(StringComparer.Ordinal);
        Read("special_tokens_map.json", (_, fields) => AddTokens(fields, tokens));
        var framed = model;
        string? templatePath = null;
        List<(string Name, string Source)> templates = [];
        Read("tokenizer_config.json", (path, fields) =>
        {
            AddTokens(fields, tokens);
            framed = model with { Frame = Frame(model, fields, tokens) };
            (templatePath, templates) = (path, Templates(path, fields));
        });
        Read("chat_template.json", (path, fields) => (templatePath, templates) = templates.Count > 0 ? (templatePath, templates) : (path, Templates(path, fields)));
        var file = Path.Combine(directory, "chat_template.jinja");
        if (File.Exists(file))
        {
            (templatePath, templates) = (file, [("default", TextFile.Read(file))]);
        }

        return make(framed, tokens, Template(templatePath, templates, tokens));
    }

    private void Read(string name, Action<string, JsonFields> read)
    {
        var path = Path.Combine(directory, name);
        if (File.Exists(path))
        {
            JsonFile.Read(path, root =>
            {
                read(path, new JsonFields(path, root));
                return true;
            });
        }
    }

    private static void AddTokens(JsonFields fields, Dictionary<string, string> tokens)
    {
        foreach (var name in _names)
        {
            var token = fields.Find(name) switch
            {
                null => null,
                { ValueKind: JsonValueKind.Object } => fields.Object(name)!.Text("content"),
                _ => fields.Text(name),
            };
            if (token is not null)
            {
                tokens[name] = token;
            }
        }
    }

    /// <summary>The tokens around a text: the post-processor's, with the begin and end token as add_bos_token and add_eos_token want them.</summary>
    private static (IReadOnlyList<int> Before, IReadOnlyList<int> After) Frame(TokenizerModel model, JsonFields fields, Dictionary<string, string> tokens)
    {
        return (Wanted("add_bos_token", "bos_token", model.Frame.Before, atEnd: false), Wanted("add_eos_token", "eos_token", model.Frame.After, atEnd: true));

        IReadOnlyList<int> Wanted(string flag, string name, IReadOnlyList<int> ids, bool atEnd)
        {
            if (fields.Flag(flag) is not { } wanted)
            {
                return ids;
            }

            var id = tokens.TryGetValue(name, out var token) ? Array.IndexOf(model.Tokens, token) : -1;
            if (id < 0)
            {
                return wanted ? throw fields.Wrong(flag, $"false, or a '{name}' that the tokenizer has,") : ids;
            }

            return !wanted ? [.. ids.Where(other => other != id)] : ids.Contains(id) ? ids : atEnd ? [.. ids, id] : [id, .. ids];
        }
    }

    private static List<(string Name, string Source)> Templates(string path, JsonFields fields) => fields.Find("chat_template") switch
    {
        null => [],
        { ValueKind: JsonValueKind.Array } named => [.. named.EnumerateArray().Select(entry => new JsonFields(path, entry)).Select(entry => (
            entry.Text("name") ?? throw new CheckpointException(path, "has a chat template in a list without 'name'; give it one, such as \"default\"."),
            entry.Text("template") ?? throw new CheckpointException(path, "has a chat template in a list without 'template'; fetch it again.")))],
        _ => [("default", fields.Text("chat_template")!)],
    };

    private static ChatTemplate? Template(string? path, List<(string Name, string Source)> templates, Dictionary<string, string> tokens)
    {
        var toolUse = Make("tool_use", null);
        return Make("default", toolUse) ?? toolUse;

        ChatTemplate? Make(string name, ChatTemplate? other) => templates.Where(template => template.Name == name).Select(template => template.Source).FirstOrDefault() is { } source
            ? new ChatTemplate(ChatTemplate.Parse(path!, source, tokens.GetValueOrDefault("bos_token"), tokens.GetValueOrDefault("eos_token"))) { SpecialTokens = tokens, ToolUse = other }
            : null;
    }
}
