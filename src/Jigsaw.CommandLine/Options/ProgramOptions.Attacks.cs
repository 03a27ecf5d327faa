using System.CommandLine;

namespace Jigsaw.CommandLine.Options;

/// <content>What tells which attacks run, and on how much.</content>
internal sealed partial class ProgramOptions
{
    internal Option<int?> AttackSteps { get; } = new("--attack-steps") { Description = "Batches that the trained inversion attacks are fitted on. [default: 400]" };

    internal Option<string> Attacks { get; }

    internal Option<int?> PosteriorChats { get; } = new("--posterior-chats") { Description = "Chats whose tokens get an exact posterior. [default: 60]" };

    internal Option<int?> SearchedChats { get; } = new("--searched-chats") { Description = "Chats that the exact attack searches for their likeliest prompt, its slowest part with a large model. [default: 20, of --attacks all 40]" };

    internal Option<int?> AttackedFacts { get; } = new("--attacked-facts") { Description = "Facts that get the bound, and facts that are hidden among decoys, at most. [default: 100, of --attacks all every one]" };

    internal Option<int?> Candidates { get; } = new("--candidates") { Description = "Tokens that the exact attack tries at each place. [default: the vocabulary up to 8192 tokens, of a larger one 512]" };

    /// <summary>The options of the attack suite.</summary>
    internal IReadOnlyList<Option> Attacking => [Attacks, PosteriorChats, SearchedChats, AttackedFacts, Candidates];
}
