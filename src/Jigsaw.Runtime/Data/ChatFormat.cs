using System.Text.Json;
using Jigsaw.Tokenization;

namespace Jigsaw.Data;

/// <summary>One way to write a chat as fields of a row.</summary>
/// <param name="Name">What people call it.</param>
/// <param name="Required">The fields that tell it, and that it reads.</param>
/// <param name="Optional">Further fields that it reads.</param>
/// <param name="Read">Makes the messages of a row's fields.</param>
internal sealed record ChatFormat(string Name, IReadOnlyList<string> Required, IReadOnlyList<string> Optional, Func<IReadOnlyDictionary<string, JsonElement>, IEnumerable<ChatMessage>> Read);
