namespace Jigsaw.CommandLine.Sweeps;

/// <summary>What the command line tells a sweep.</summary>
/// <param name="File">The file of the sweep.</param>
/// <param name="Folder">Where everything of it goes.</param>
/// <param name="Workers">Trials at a time; null for as many as fit.</param>
/// <param name="Shard">Which part, from 0, of how many.</param>
/// <param name="RunsFailedAgain">True if failed trials run again.</param>
internal sealed record SweepOptions(string File, string Folder, int? Workers, (int Index, int Count) Shard, bool RunsFailedAgain);
