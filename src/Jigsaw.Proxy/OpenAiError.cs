using System.Text.Json;

namespace Jigsaw.Proxy;

/// <summary>An error in OpenAI's shape. Its message never has a caller's text.</summary>
internal static class OpenAiError
{
    /// <summary>Answers a request with an error.</summary>
    public static async Task WriteAsync(HttpResponse response, int status, string code, string message)
    {
        response.StatusCode = status;
        response.ContentType = "application/json";
        await response.Body.WriteAsync(Json(code, message));
    }

    /// <summary>The JSON of an error.</summary>
    public static byte[] Json(string code, string message)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteStartObject("error");
            json.WriteString("message", message);
            json.WriteString("type", code == "server_error" ? "server_error" : "invalid_request_error");
            json.WriteNull("param");
            json.WriteString("code", code);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        return stream.ToArray();
    }
}
