using Jigsaw;
using Jigsaw.CommandLine;

namespace JigsawApp;

/// <summary>
/// The student answers on transformed prompts as the teacher does on clean ones, and the teacher can't use transformed ones. What the reply doesn't repeat must not be told by a token's x̃: the rate weighs most what surprises.
/// </summary>
[LossRecipe]
[TrainingDefaults(Steps = 1000, Rank = 16, ClipsApart = true, RampsInProportion = true)]
[LossTerm.CePerformance(1.0, Mask = TokenMask.Loss)]
[LossTerm.CeProtection(0.1, MaxLoss = 10, ScalingFactor = 0.2)]
[LossTerm.InformationRate(0.5, Mask = TokenMask.NotInReply, Weighting = TokenWeighting.Surprisal, Ramp = Ramp.Geometric, RampStart = 0.0015, RampStartFrom = 25, RampFrom = 50, RampSteps = 450)]
public partial class ChatRecipe;
