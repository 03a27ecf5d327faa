using System.Security.Cryptography;
using System.Text;

namespace Jigsaw.Proxy;

/// <summary>Who calls.</summary>
internal static class CallerKey
{
    /// <summary>Where the caller is in a request's items.</summary>
    public const string Item = "jigsaw.caller";

    /// <summary>The caller of a request: the number of its key; null if it has none that is known. All keys are compared, in the same time.</summary>
    public static string? Of(HttpRequest request, IReadOnlyList<string> keys)
    {
        if (keys.Count == 0)
        {
            return "";
        }

        var header = request.Headers.Authorization.ToString();
        var given = SHA256.HashData(Encoding.UTF8.GetBytes(header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? header[7..].Trim() : ""));
        string? caller = null;
        for (var i = 0; i < keys.Count; i++)
        {
            if (CryptographicOperations.FixedTimeEquals(given, SHA256.HashData(Encoding.UTF8.GetBytes(keys[i]))))
            {
                caller = $"key {i}";
            }
        }

        return caller;
    }
}
