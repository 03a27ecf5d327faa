using System.Globalization;

namespace Jigsaw.Fuzz.Tests.Running;

/// <summary>What became of the damaged files of a kind.</summary>
/// <param name="Target">The kind.</param>
internal sealed record FuzzReport(string Target)
{
    /// <summary>Read, as if nothing were wrong: the damage was harmless, or hit a number that any other could stand for.</summary>
    public int Read { get; set; }

    /// <summary>Refused in a sentence.</summary>
    public int Refused { get; set; }

    /// <summary>Everything else, by number: exceptions of others, crashes, hangs, memory.</summary>
    public List<(int Number, string What)> Faults { get; } = [];

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Target,-24} {Read + Refused + Faults.Count,7} files {Refused,7} refused {Read,7} read {Faults.Count,5} faults");
}
