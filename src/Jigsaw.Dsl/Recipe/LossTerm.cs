namespace Jigsaw;

/// <summary>The built-in terms of a recipe: <c>[LossTerm.CePerformance(1.0)]</c> and so on. Terms of one's own are <see cref="LossTermAttribute"/>.</summary>
public static partial class LossTerm
{
}
