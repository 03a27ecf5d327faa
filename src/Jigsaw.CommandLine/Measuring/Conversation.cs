namespace Jigsaw.CommandLine.Measuring;

/// <summary>One chat, as everybody sees it.</summary>
/// <param name="Prompt">What the user wrote.</param>
/// <param name="Recovered">What each inversion attack recovers of the prompt.</param>
/// <param name="TeacherOnClean">The base model's answer to the prompt itself.</param>
/// <param name="TeacherOnNoisy">The base model's answer to the transformed prompt.</param>
/// <param name="StudentOnNoisy">The adapted model's answer to the transformed prompt.</param>
internal sealed record Conversation(string Prompt, IReadOnlyList<(string Attack, string Text)> Recovered, string TeacherOnClean, string TeacherOnNoisy, string StudentOnNoisy);
