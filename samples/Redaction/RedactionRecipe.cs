using Jigsaw;

namespace Redaction;

// The transform is given and is not trained, so that no term has to drive it away from the clean embeddings.
#pragma warning disable JIG0049

/// <summary>The student answers on the redacted prompt as the teacher does on the whole one; nothing else is asked.</summary>
[LossRecipe]
[LossTerm.CePerformance(1.0, Mask = TokenMask.Loss)]
public partial class RedactionRecipe;
