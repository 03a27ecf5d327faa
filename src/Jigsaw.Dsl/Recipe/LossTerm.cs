namespace Jigsaw;

/// <summary>The built-in terms of a recipe: <c>[LossTerm.CePerformance(1.0)]</c> and so on. Custom terms are <see cref="LossTermAttribute"/>.</summary>
public static partial class LossTerm
{
}
