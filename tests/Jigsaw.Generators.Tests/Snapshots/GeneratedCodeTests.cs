using Jigsaw.Generators.Tests.Compiling;

namespace Jigsaw.Generators.Tests.Snapshots;

public class GeneratedCodeTests
{
    [Fact]
    public void A_full_recipe()
    {
        Snapshot.Verify(Compiled.Of("""
            using Jigsaw;
            using static TorchSharp.torch;

            namespace Shop.Training;

            /// <summary>What the support model is trained with.</summary>
            [LossRecipe(DistillationLayer = 2)]
            [LossTerm.CePerformance(1.0)]
            [LossTerm.CeProtection(0.25, MaxLoss = 10)]
            [LossTerm.CleanEmbeddingsGuardrails(0.1, MaxLoss = 10)]
            [LossTerm.L2Performance(0.5)]
            [LossTerm.MutualInformation(0.01)]
            [LossTerm.AbsoluteCosineSimilarity(0.5, Mask = TokenMask.Loss | TokenMask.Noise)]
            [LossTerm.MedianNorm(0.1)]
            public partial class ChatRecipe
            {
                /// <summary>Keeps a floor of noise under every token.</summary>
                [LossTerm(0.05)]
                private static Tensor NoiseFloor(TransformStds stds, NoiseMask mask) => (stds.Value * mask.Value.unsqueeze(-1)).mean();
            }
            """));
    }
}
