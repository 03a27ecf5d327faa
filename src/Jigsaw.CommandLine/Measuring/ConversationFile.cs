using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Jigsaw.Checkpoints;

namespace Jigsaw.CommandLine.Measuring;

/// <summary>One chat as a file in the folder of a run. It holds a prompt in plain text, so it is written only where it is asked for.</summary>
internal static class ConversationFile
{
    /// <summary>The file in the folder of a run.</summary>
    internal const string Name = "chat.json";

    private static readonly JsonSerializerOptions _indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes it.</summary>
    internal static void Write(string folder, Conversation conversation) => AtomicFile.WriteText(Path.Combine(folder, Name), new JsonObject
    {
        ["prompt"] = conversation.Prompt,
        ["recovered"] = new JsonArray([.. conversation.Recovered.Select(recovered => (JsonNode)new JsonObject { ["attack"] = recovered.Attack, ["text"] = recovered.Text })]),
        ["teacher_on_clean"] = conversation.TeacherOnClean,
        ["teacher_on_noisy"] = conversation.TeacherOnNoisy,
        ["student_on_noisy"] = conversation.StudentOnNoisy,
    }.ToJsonString(_indented) + "\n");

    /// <summary>Reads it.</summary>
    /// <exception cref="FormatException">The file isn't one that was written here.</exception>
    internal static Conversation Read(JsonObject file)
    {
        string Text(JsonObject of, string name) => of[name] is JsonValue value && value.TryGetValue<string>(out var text) ? text : throw new FormatException($"it has no text '{name}'");
        return new Conversation(
            Text(file, "prompt"),
            file["recovered"] is JsonArray recovered ? [.. recovered.OfType<JsonObject>().Select(one => (Text(one, "attack"), Text(one, "text")))] : throw new FormatException("it has no list 'recovered'"),
            Text(file, "teacher_on_clean"),
            Text(file, "teacher_on_noisy"),
            Text(file, "student_on_noisy"));
    }
}
