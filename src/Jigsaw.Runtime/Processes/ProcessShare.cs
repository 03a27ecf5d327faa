namespace Jigsaw.Processes;

/// <summary>What of many independent pieces of work a process does.</summary>
internal static class ProcessShare
{
    /// <summary>Every so manyth piece, from the process's own number on; all of them without a group.</summary>
    public static IEnumerable<T> Share<T>(this IProcessGroup? processes, IEnumerable<T> pieces) =>
        processes is null ? pieces : pieces.Where((_, i) => i % processes.Size == processes.Rank);
}
