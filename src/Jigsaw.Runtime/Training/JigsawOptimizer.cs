using Jigsaw.Steps;
using Jigsaw.Transforms;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Jigsaw.Training;

/// <summary>Optimizers over what a recipe trains.</summary>
public static class JigsawOptimizer
{
    /// <summary>AdamW over a transform and a student's adapters; the heads of μ and ρ get no weight decay.</summary>
    /// <param name="transform">The transform.</param>
    /// <param name="student">The student.</param>
    /// <param name="lr">Learning rate.</param>
    /// <param name="beta1">Decay of the first moment.</param>
    /// <param name="beta2">Decay of the second moment.</param>
    /// <param name="weightDecay">Decoupled weight decay of all but the heads.</param>
    public static AdamW AdamW(StainedGlassTransform transform, NoisyStudent student, double lr, double beta1 = 0.9, double beta2 = 0.95, double weightDecay = 0.01)
    {
        ArgumentNullException.ThrowIfNull(transform);
        ArgumentNullException.ThrowIfNull(student);
        var decayed = student.Adapters.NamedParameters.Select(parameter => parameter.Value)
            .Concat(transform.Parameters.Where(parameter => !parameter.IsHead).Select(parameter => parameter.Value));
        var heads = transform.Parameters.Where(parameter => parameter.IsHead).Select(parameter => parameter.Value);
        return AdamW(decayed, heads, lr, beta1, beta2, weightDecay);
    }

    internal static AdamW AdamW(IEnumerable<Parameter> decayed, IEnumerable<Parameter> heads, double lr, double beta1, double beta2, double weightDecay) =>
        optim.AdamW(
            [
                new AdamW.ParamGroup { Parameters = decayed.ToArray(), Options = new AdamW.Options { weight_decay = weightDecay } },
                new AdamW.ParamGroup { Parameters = heads.ToArray(), Options = new AdamW.Options { weight_decay = 0 } },
            ],
            lr,
            beta1,
            beta2);
}
