namespace Jigsaw.Evaluation.Attacks;

/// <summary>What the search read of one row.</summary>
/// <param name="Hypotheses">The row as far as its last transformed token, for each hypothesis, the likeliest first.</param>
/// <param name="Scores">Their ln prior + ln density.</param>
/// <param name="WithReply">Number of the hypothesis that is likeliest when the plain tokens behind the prompt, the reply among them, are counted.</param>
/// <param name="Row">The row's tokens; of the transformed ones only their places are known.</param>
internal sealed record BeamReading(IReadOnlyList<long[]> Hypotheses, IReadOnlyList<double> Scores, int WithReply, long[] Row)
{
    /// <summary>The whole row as the attack reads it.</summary>
    public long[] Best => [.. Hypotheses[WithReply], .. Row[Hypotheses[WithReply].Length..]];
}
