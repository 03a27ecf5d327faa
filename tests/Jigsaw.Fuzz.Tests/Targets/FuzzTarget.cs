using Jigsaw.Fuzz.Tests.Mutations;

namespace Jigsaw.Fuzz.Tests.Targets;

/// <summary>A kind of file that is damaged, and what reads it.</summary>
/// <param name="Name">The kind.</param>
/// <param name="Prepare">Writes good files into an empty folder, once.</param>
/// <param name="File">The damaged file, relative to the folder.</param>
/// <param name="Mutator">How it is damaged.</param>
/// <param name="Read">Reads the folder, and uses what was read a little.</param>
internal sealed record FuzzTarget(string Name, Action<string> Prepare, string File, Mutator Mutator, Action<string> Read)
{
    /// <summary>Good files, one of which is damaged; empty for the one that <see cref="Prepare"/> writes.</summary>
    public IReadOnlyList<string> Seeds { get; init; } = [];

    /// <summary>The file of each number, in the place of a damaged one; null damages.</summary>
    public Func<int, byte[]>? Given { get; init; }

    /// <summary>Done to the folder after the damage, such as hashes that fit again, so that more than the hash is tried.</summary>
    public Action<string>? Repair { get; init; }

    /// <summary>The least share of damaged files that must be refused, as a check that the damage bites.</summary>
    public double LeastRefused { get; init; } = 0.02;
}
