using System.Text.Encodings.Web;
using System.Text.Json;

namespace Jigsaw.CompilerServices;

/// <summary>Writes hyperparameters as JSON.</summary>
internal static class HyperparameterWriting
{
    /// <summary>A writer of indented lines that end alike on every machine.</summary>
    public static Utf8JsonWriter Open(Stream stream) => new(stream, new JsonWriterOptions { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    /// <summary>Writes a number or a part of the structure.</summary>
    public static void Write(Utf8JsonWriter writer, string name, object? value)
    {
        switch (value)
        {
            case null:
                writer.WriteNull(name);
                break;
            case double number:
                writer.WriteNumber(name, number);
                break;
            case int whole:
                writer.WriteNumber(name, whole);
                break;
            case bool truth:
                writer.WriteBoolean(name, truth);
                break;
            default:
                writer.WriteString(name, (string)value);
                break;
        }
    }
}
