namespace Jigsaw.Client.Bundles;

/// <summary>A file of a bundle, as its manifest has it.</summary>
/// <param name="Bytes">Its length.</param>
/// <param name="Sha256">Its SHA-256 in lower-case hexadecimal.</param>
internal sealed record BundledFile(long Bytes, string Sha256);
