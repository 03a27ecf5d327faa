namespace Jigsaw.Planning;

/// <summary>One term of the program.</summary>
/// <param name="Term">What the recipe says of it.</param>
/// <param name="Group">Where it is computed.</param>
/// <param name="Property">The name of its typed component.</param>
/// <param name="Local">The variable that holds its value.</param>
/// <param name="WeightLocal">The variable that holds its weight at this step, where that is more than a number of the recipe.</param>
/// <param name="Mask">The tokens that it averages over; none for a custom term that gives a scalar.</param>
/// <param name="Inputs">The arguments of its kernel, behind the tensors that a pair compares or the pass and the weight of a term on logits.</param>
/// <param name="Parts">What its kernel gives beside the value.</param>
internal sealed record PlannedTerm(
    TermModel Term,
    TermGroup Group,
    string Property,
    string Local,
    string WeightLocal,
    TokenMask Mask,
    EquatableArray<PlannedInput> Inputs,
    EquatableArray<PlannedPart> Parts)
{
    public bool IsCapped => Term.Argument("MaxLoss") is { IsWritten: true };

    public bool IsRamped => Term.Argument("RampSteps") is { IsWritten: true };

    public Ramp Ramp => (Ramp)(int)(Term.Argument("Ramp")!.Value ?? 0);

    /// <summary>True if it is left out of some steps, where the number of its <c>Every</c> is above 1.</summary>
    public bool HasEvery => Term.HasEvery;

    /// <summary>True if its weight depends on the step or on that number.</summary>
    public bool IsWeighed => IsRamped || HasEvery;

    public bool IsGeometric => IsRamped && Ramp == Ramp.Geometric;

    /// <summary>The pass that is compared with the teacher's clean one; null for a term that reads no other pass.</summary>
    public Pass? Source => Term.Custom is { } custom ? custom.Source : Group is TermGroup.Logits or TermGroup.Layer ? Term.Definition!.Source : null;

    /// <summary>Its components' keys: its own and those of its parts.</summary>
    public IEnumerable<string> Keys => Parts.Select(part => part.Key).Prepend(Term.Key);
}
