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

    /// <summary>The tokens that the term averages over; with several flags, those where all hold. Not written: the term's own default. Structure.</summary>
    [Hyperparameter("{key}_mask", Structure = true)]
    public TokenMask Mask { get; set; }
}
