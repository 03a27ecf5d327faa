using Jigsaw.Steps;
using Jigsaw.Transforms;
using TorchSharp.Modules;

namespace Jigsaw.Training;

/// <summary>Optimizers over the tensors that a recipe trains.</summary>
public static class JigsawOptimizer
{
    /// <summary>The trained tensors of a student and a transform: the adapters, the transform's block, and its heads.</summary>
    /// <param name="transform">The transform.</param>
    /// <param name="student">The student.</param>
    public static IReadOnlyList<ParameterGroup> Groups(StainedGlassTransform transform, NoisyStudent student)
    {
        ArgumentNullException.ThrowIfNull(transform);
        ArgumentNullException.ThrowIfNull(student);
        (string, Parameter)[] Of(bool heads) => [.. transform.Parameters.Where(parameter => parameter.IsHead == heads).Select(parameter => (TrainingState.TransformPrefix + parameter.Name, parameter.Value))];
        return
        [
            new ParameterGroup { Name = "adapters", Parameters = [.. student.Adapters.NamedParameters.Select(parameter => (TrainingState.StudentPrefix + parameter.Name, parameter.Value))] },
            new ParameterGroup { Name = "transform", Parameters = Of(heads: false) },
            new ParameterGroup { Name = "transform heads", Parameters = Of(heads: true), Decays = false },
        ];
    }

    /// <summary>The groups without what is frozen, and without those of which nothing is left.</summary>
    internal static IReadOnlyList<ParameterGroup> Without(this IEnumerable<ParameterGroup> groups, TrainedParts frozen) =>
    [
        .. groups.Select(group => group with { Parameters = [.. group.Parameters.Where(parameter => (PartOf(parameter.Name) & frozen) == 0)] }).Where(group => group.Parameters.Count > 0),
    ];

    private static TrainedParts PartOf(string name) => name.Split('.') switch
    {
        _ when name.StartsWith(TrainingState.StudentPrefix, StringComparison.Ordinal) => TrainedParts.Adapters,
        [_, "mean", ..] => TrainedParts.Mean,
        [_, "std", ..] => TrainedParts.Std,
        _ => TrainedParts.Block,
    };

    /// <summary>AdamW over a transform and a student's adapters; the heads of μ and ρ get no weight decay.</summary>
    /// <param name="transform">The transform.</param>
    /// <param name="student">The student.</param>
    /// <param name="lr">Learning rate.</param>
    /// <param name="beta1">Decay of the first moment.</param>
    /// <param name="beta2">Decay of the second moment.</param>
    /// <param name="weightDecay">Decoupled weight decay of all but the heads.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of its range: rates and decays are finite and at least 0, shares of the past in [0, 1).</exception>
    public static AdamW AdamW(StainedGlassTransform transform, NoisyStudent student, double lr, double beta1 = 0.9, double beta2 = 0.95, double weightDecay = 0.01) =>
        AdamW(Groups(transform, student), lr, beta1, beta2, weightDecay);

    /// <summary>AdamW over groups of trained tensors.</summary>
    /// <param name="groups">The groups.</param>
    /// <param name="lr">Learning rate.</param>
    /// <param name="beta1">Decay of the first moment.</param>
    /// <param name="beta2">Decay of the second moment.</param>
    /// <param name="weightDecay">Decoupled weight decay of the groups that decay.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of its range: rates and decays are finite and at least 0, shares of the past in [0, 1).</exception>
    public static AdamW AdamW(IReadOnlyList<ParameterGroup> groups, double lr, double beta1 = 0.9, double beta2 = 0.95, double weightDecay = 0.01)
    {
        ArgumentNullException.ThrowIfNull(groups);
        Optimizers.OptimizerNumbers.RequireRates(lr, weightDecay);
        Optimizers.OptimizerNumbers.RequireShare(beta1, nameof(beta1));
        Optimizers.OptimizerNumbers.RequireShare(beta2, nameof(beta2));
        return new Optimizers.AdamW(
            [.. groups.Select(group => new AdamW.ParamGroup
            {
                Parameters = group.Parameters.Select(parameter => parameter.Value).ToArray(),
                Options = new AdamW.Options { weight_decay = group.Decays ? weightDecay : 0 },
            })],
            lr,
            beta1,
            beta2);
    }

    /// <summary>Stochastic gradient descent with momentum over groups of trained tensors, as PyTorch's without dampening: m ← β·m + g + λ·w, w ← w − η·m.</summary>
    /// <param name="groups">The groups.</param>
    /// <param name="lr">Learning rate η.</param>
    /// <param name="momentum">β.</param>
    /// <param name="weightDecay">λ of the groups that decay.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of its range: rates and decays are finite and at least 0, shares of the past in [0, 1).</exception>
    public static OptimizerHelper Sgd(IReadOnlyList<ParameterGroup> groups, double lr, double momentum = 0.9, double weightDecay = 0)
    {
        ArgumentNullException.ThrowIfNull(groups);
        Optimizers.OptimizerNumbers.RequireRates(lr, weightDecay);
        Optimizers.OptimizerNumbers.RequireShare(momentum, nameof(momentum));
        return new Optimizers.Sgd(Decayed(groups, weightDecay), lr, momentum);
    }

    /// <summary>Lion (arXiv 2302.06675) over groups of trained tensors: w ← w − η·(sign(β₁·m + (1 − β₁)·g) + λ·w), m ← β₂·m + (1 − β₂)·g. It wants a learning rate three to ten times below that of AdamW.</summary>
    /// <param name="groups">The groups.</param>
    /// <param name="lr">Learning rate η.</param>
    /// <param name="beta1">β₁.</param>
    /// <param name="beta2">β₂.</param>
    /// <param name="weightDecay">λ of the groups that decay.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of its range: rates and decays are finite and at least 0, shares of the past in [0, 1).</exception>
    public static OptimizerHelper Lion(IReadOnlyList<ParameterGroup> groups, double lr, double beta1 = 0.9, double beta2 = 0.99, double weightDecay = 0.01)
    {
        ArgumentNullException.ThrowIfNull(groups);
        Optimizers.OptimizerNumbers.RequireRates(lr, weightDecay);
        Optimizers.OptimizerNumbers.RequireShare(beta1, nameof(beta1));
        Optimizers.OptimizerNumbers.RequireShare(beta2, nameof(beta2));
        return new Optimizers.Lion(Decayed(groups, weightDecay), lr, beta1, beta2);
    }

    /// <summary>
    /// Muon over groups of trained tensors: a matrix moves along its momentum with the singular values brought near one by five Newton–Schulz steps O, m ← β·m + g, w ← w − η·(0.2·√max(rows, columns)·O(g + β·m) + λ·w); what is no matrix moves as in AdamW.
    /// It takes a learning rate of the size of AdamW's. Sources: Jordan et al. (2024), and for the factor arXiv 2502.16982.
    /// </summary>
    /// <param name="groups">The groups.</param>
    /// <param name="lr">Learning rate η.</param>
    /// <param name="momentum">β.</param>
    /// <param name="weightDecay">λ of the groups that decay.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of its range: rates and decays are finite and at least 0, shares of the past in [0, 1).</exception>
    public static OptimizerHelper Muon(IReadOnlyList<ParameterGroup> groups, double lr, double momentum = 0.9, double weightDecay = 0.01)
    {
        ArgumentNullException.ThrowIfNull(groups);
        Optimizers.OptimizerNumbers.RequireRates(lr, weightDecay);
        Optimizers.OptimizerNumbers.RequireShare(momentum, nameof(momentum));
        return new Optimizers.Muon(Decayed(groups, weightDecay), lr, momentum, beta1: 0.9, beta2: 0.95);
    }

    private static IEnumerable<(Parameter[] Parameters, double Decay)> Decayed(IReadOnlyList<ParameterGroup> groups, double weightDecay) =>
        groups.Select(group => (group.Parameters.Select(parameter => parameter.Value).ToArray(), group.Decays ? weightDecay : 0));
}
