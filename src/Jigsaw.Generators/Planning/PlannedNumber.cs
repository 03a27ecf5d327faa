using Jigsaw.Generators.Gathering;

namespace Jigsaw.Generators.Planning;

/// <summary>A number of the recipe that can be changed without recompiling.</summary>
/// <param name="Term">The term it belongs to; null for one of the recipe.</param>
/// <param name="Property">Its property in the record of hyperparameters.</param>
/// <param name="Field">The field behind it.</param>
internal sealed record PlannedNumber(PlannedTerm? Term, ArgumentModel Argument, string Property, string Field)
{
    public bool IsInteger => Argument.Kind == ArgumentKind.Int32;

    public double Value => Argument.Effective ?? 0;
}
