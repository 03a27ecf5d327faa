using Jigsaw.Generators.Gathering;

namespace Jigsaw.Generators.Planning;

/// <summary>One term of the program.</summary>
/// <param name="Property">The name of its typed component.</param>
/// <param name="Local">The variable that holds its value.</param>
/// <param name="WeightLocal">The variable that holds its weight at this step, where that rises.</param>
/// <param name="Mask">The tokens that it averages over; none for one of the user's own that gives a scalar.</param>
/// <param name="Parts">What its kernel gives beside the value.</param>
internal sealed record PlannedTerm(TermModel Term, TermGroup Group, string Property, string Local, string WeightLocal, TokenMask Mask, EquatableArray<PlannedPart> Parts)
{
    public bool IsCapped => Term.Argument("MaxLoss") is { IsWritten: true };

    public bool IsRamped => Term.Argument("RampSteps") is { IsWritten: true };

    /// <summary>What the two tensors that it compares row by row are called together; null: it is no comparison of two.</summary>
    public string? PairName => Group switch
    {
        TermGroup.Layer => $"{Term.Definition!.Source}Pair",
        TermGroup.Embeddings when Term.Definition!.Pair.Count > 0 => string.Concat(Term.Definition.Pair) + "Pair",
        _ => null,
    };
}
