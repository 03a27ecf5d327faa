using Jigsaw.Tokenization;

namespace Jigsaw.Client;

/// <summary>Which tokens of a conversation are transformed. It must be what training did: a model that was fitted to transformed contents doesn't understand clean ones, and the other way round.</summary>
public sealed record NoiseScope
{
    /// <summary>Roles whose contents are transformed, with <see cref="ChatEncoder.ToolsRole"/> for the descriptions of tools and <see cref="ChatEncoder.DocumentsRole"/> for documents; all when null.</summary>
    public IReadOnlyCollection<string>? Roles { get; init; }

    /// <summary>True if the chat template's own tokens are transformed, too.</summary>
    public bool AllTokens { get; init; }

    /// <summary>The contents of what users say: what the quick start trains.</summary>
    public static NoiseScope Users { get; } = new() { Roles = ["user"] };
}
