using Jigsaw;
using Jigsaw.CommandLine;

namespace RecipeNamespace;

/// <summary>The student answers on transformed prompts as the teacher does on clean ones, and the teacher can't use transformed ones.</summary>
[LossRecipe]
[TrainingDefaults(Steps = 700)]
[LossTerm.CePerformance(1.0, Mask = TokenMask.Loss)]
[LossTerm.CeProtection(0.25, MaxLoss = 10, ScalingFactor = 0.2)]
[LossTerm.AbsoluteCosineSimilarity(0.5)]
public partial class NewRecipe;
