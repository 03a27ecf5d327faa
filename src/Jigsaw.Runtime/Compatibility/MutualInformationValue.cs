using static TorchSharp.torch;

namespace Jigsaw.Compatibility;

/// <summary>Mutual information in nats per counted feature, and the two parts of its mixture entropy.</summary>
/// <param name="Value">I = H_mix − H_cond, a differentiable scalar.</param>
/// <param name="MahalanobisDistance">Mean over pairs of ½·((x̃ − x − μ)/σ)², a detached scalar; part of H_mix.</param>
/// <param name="LogConstantsAndDeterminant">Mean over pairs of ½·log 2π + log σ, a detached scalar; the other part of H_mix.</param>
public readonly record struct MutualInformationValue(Tensor Value, Tensor MahalanobisDistance, Tensor LogConstantsAndDeterminant);
