namespace Jigsaw.Planning;

/// <summary>A number of the recipe that can be changed without recompiling.</summary>
/// <param name="Term">The term that it belongs to; null for one of the recipe.</param>
/// <param name="Argument">The argument that says it.</param>
/// <param name="Property">Its property in the record of hyperparameters.</param>
internal sealed record PlannedNumber(PlannedTerm? Term, ArgumentModel Argument, string Property)
{
    public bool IsInteger => Argument.Kind == ArgumentKind.Int32;

    public double Value => Argument.Effective ?? 0;
}
