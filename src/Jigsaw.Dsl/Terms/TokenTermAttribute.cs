using Jigsaw.CompilerServices;

namespace Jigsaw;

/// <summary>A term that averages over tokens.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct, AllowMultiple = true, Inherited = false)]
public abstract class TokenTermAttribute : WeightedTermAttribute
{
    private protected TokenTermAttribute(double weight)
        : base(weight)
    {
    }

    /// <summary>
    /// The term's component key, a name in snake case such as <c>"information_rate_in_reply"</c>: its hyperparameters are named after it, and its properties are it in Pascal case. With a key of its own a
    /// term may be in a recipe that has it already. Not written: the term's usual key.
    /// </summary>
    public string? Key { get; set; }

    /// <summary>The tokens that the term averages over; with several flags, those where all hold. Not written: the term's own default. Structure.</summary>
    [Hyperparameter("{key}_mask", Structure = true)]
    public TokenMask Mask { get; set; }
}
