using Jigsaw.Data;
using Jigsaw.Models.Decoder;
using Jigsaw.Transforms;

namespace Jigsaw.Evaluation.Attacks;

/// <summary>How an attack suite measures.</summary>
public sealed record AttackSuiteOptions
{
    /// <summary>Which attacks.</summary>
    public AttackSet Attacks { get; init; } = AttackSet.Default;

    /// <summary>Numbers of draws of x̃ of one prompt that an attacker sees, each at least 1.</summary>
    public IReadOnlyList<int> Draws { get; init; } = [1, 4];

    /// <summary>Chats whose tokens get an exact posterior.</summary>
    public int PosteriorChats { get; init; } = 60;

    /// <summary>Chats that are searched for their likeliest prompt.</summary>
    public int SearchedChats { get; init; } = 20;

    /// <summary>Untold facts that get the bound, and facts that are hidden among decoys, at most.</summary>
    public int Facts { get; init; } = 100;

    /// <summary>Values of a fact in the bound, the true one among them, at least 2.</summary>
    public int BoundValues { get; init; } = 100;

    /// <summary>Numbers of values in the decoys, the true one among them, each at least 2. Facts with fewer others of their kind and token length are left out.</summary>
    public IReadOnlyList<int> DecoyValues { get; init; } = [10, 100];

    /// <summary>Hypotheses of the search.</summary>
    public int Beams { get; init; } = 8;

    /// <summary>Tokens tried at each place; null is as in <see cref="ExactLikelihoodAttack"/>.</summary>
    public int? Candidates { get; init; }

    /// <summary>Chats that the evaluation doesn't use: other facts of a kind, and the pairs of attackers who learn from pairs. Without them both are taken from the evaluation itself, and attacks that learn are left out.</summary>
    public IReadOnlyList<ChatExample> OtherChats { get; init; } = [];

    /// <summary>The student's adapters: for the figures of utility, and for the attacks of the server. Without them these are left out.</summary>
    public IAdapters? Adapters { get; init; }

    /// <summary>A transform of the same model that was trained with another seed: what an attacker may hold who doesn't have the one under attack. Null leaves its row out.</summary>
    public StainedGlassTransform? OtherTransform { get; init; }

    /// <summary>Resamples of the bootstrap.</summary>
    public int Resamples { get; init; } = 1000;

    /// <summary>Seed of the evaluation's own choices: other facts, resamples, initial weights of trained attacks. Not of the transform's noise.</summary>
    public long Seed { get; init; }

    internal void Validate()
    {
        Require(Draws.Count > 0 && Draws.All(draws => draws >= 1), nameof(Draws), string.Join(", ", Draws), "numbers from 1 on");
        Require(PosteriorChats >= 0, nameof(PosteriorChats), $"{PosteriorChats}", "0 or more");
        Require(SearchedChats >= 0, nameof(SearchedChats), $"{SearchedChats}", "0 or more");
        Require(Facts >= 0, nameof(Facts), $"{Facts}", "0 or more");
        Require(BoundValues >= 2, nameof(BoundValues), $"{BoundValues}", "at least 2, since one value alone is known");
        Require(DecoyValues.All(count => count >= 2), nameof(DecoyValues), string.Join(", ", DecoyValues), "numbers from 2 on, since one value alone is known");
        Require(Resamples >= 1, nameof(Resamples), $"{Resamples}", "at least 1");
    }

    private static void Require(bool holds, string name, string value, string rule)
    {
        if (!holds)
        {
            throw new ArgumentException($"{nameof(AttackSuiteOptions)}.{name} is {value}; use {rule}.", name);
        }
    }
}
