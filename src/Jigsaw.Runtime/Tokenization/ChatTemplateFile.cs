using System.Text.Json;
using Jigsaw.Checkpoints;

namespace Jigsaw.Tokenization;

/// <summary>Finds the chat template of a checkpoint: in chat_template.jinja, else in tokenizer_config.json.</summary>
internal static class ChatTemplateFile
{
    private const string FileName = "chat_template.jinja";

    public static ChatTemplate? Read(string directory, string configPath, JsonFields config, string? beginToken, string? endToken)
    {
        var path = Path.Combine(directory, FileName);
        if (File.Exists(path))
        {
            return ChatTemplate.Parse(path, File.ReadAllText(path), beginToken, endToken);
        }

        return config.Find("chat_template") switch
        {
            null => null,
            { ValueKind: JsonValueKind.Array } named => Default(configPath, named, beginToken, endToken),
            _ => ChatTemplate.Parse(configPath, config.Text("chat_template")!, beginToken, endToken),
        };
    }

    private static ChatTemplate? Default(string path, JsonElement named, string? beginToken, string? endToken)
    {
        foreach (var entry in named.EnumerateArray())
        {
            var fields = new JsonFields(path, entry);
            if (fields.Text("name") == "default" && fields.Text("template") is { } template)
            {
                return ChatTemplate.Parse(path, template, beginToken, endToken);
            }
        }

        return null;
    }
}
