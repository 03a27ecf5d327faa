using Jigsaw.Losses.Gradients;
using Jigsaw.Losses.Kernels;
using Jigsaw.Tensors;
using static TorchSharp.torch;

namespace Jigsaw.Losses.Pairs;

/// <summary>The terms on one pair of tensors, computed together.</summary>
internal static class PairKernel
{
    private const int Directions = 1 + (int)PairDirection.Together;

    /// <summary>The value of each term, differentiable, in the caller's dispose scope.</summary>
    /// <param name="inputs">Two tensors of one shape (batch, sequence, features).</param>
    /// <param name="terms">The terms, at least one.</param>
    internal static IReadOnlyList<Tensor> Compute(Tensor[] inputs, IReadOnlyList<PairTerm> terms)
    {
        KnownGradient.ThrowRefusal();
        using var scope = NewDisposeScope();
        bool[] asked = [.. inputs.Select(input => is_grad_enabled() && input.requires_grad)];
        var type = KernelArguments.AccumulationType(inputs);
        List<RowCoefficient> coefficients = [];
        PackedRows rows;
        Tensor values;
        using (no_grad())
        {
            rows = new PackedRows(terms.Select(term => term.Mask).Distinct().Aggregate((left, right) => left | right), type);
            var measures = Measure(inputs, rows, type, terms.SelectMany(term => term.Reads).Distinct());
            var means = new List<Tensor>();
            foreach (var term in terms)
            {
                var (leftOut, denominator) = (rows.LeftOutBy(term.Mask), rows.Denominator(term.Mask));

                // Not a weight of 0: where x̃ is x, as outside the noise mask, a power may be infinite.
                Tensor Counted(Tensor perRow) => leftOut is null ? perRow : perRow.masked_fill(leftOut, Scalars.Of(0));
                var computed = term.Compute(measures);
                coefficients.AddRange(computed.Slopes
                    .Where(slope => asked[slope.Input])
                    .Select(slope => new RowCoefficient(means.Count, RoleOf(slope.Input, slope.Direction), Counted(slope.Factor) / denominator)));
                means.Add(Counted(computed.Values).sum() / denominator);
            }

            values = means.Count == 1 ? means[0] : stack(means);
        }

        bool[] wanted = [.. inputs.Select((_, i) => coefficients.Any(coefficient => coefficient.Role / Directions == i))];
        values = RowGradients.Attach(values, inputs, wanted, rows, type, Gradients, coefficients);
        var single = terms.Count == 1 ? [values] : values.unbind();
        return [.. terms.Select((term, i) => LossCap.Of(single[i], term.MaxLoss, term.ScalingFactor, term.Mask.Step).MoveToOuterDisposeScope())];
    }

    private static int RoleOf(int input, PairDirection direction) => (input * Directions) + (int)direction;

    private static Dictionary<PairMeasure, Tensor> Measure(Tensor[] inputs, PackedRows rows, ScalarType type, IEnumerable<PairMeasure> asked)
    {
        var (features, device) = (inputs[0].shape[^1], inputs[0].device);
        var all = inputs.Select(input => input.detach().reshape(-1, features)).ToArray();
        var measures = asked.ToDictionary(measure => measure, _ => empty([rows.Count, 1], dtype: type, device: device));
        foreach (var (start, length) in rows.Blocks(features, device))
        {
            using var here = NewDisposeScope();
            var (first, second) = (rows.Read(all[0], start, length), rows.Read(all[1], start, length));
            foreach (var (measure, numbers) in measures)
            {
                numbers.narrow(0, start, length).copy_(measure.Of(first, second));
            }
        }

        return measures;
    }

    private static Tensor?[] Gradients(Tensor[] rows, Tensor?[] factors, bool[] wanted)
    {
        Tensor? difference = null;
        Tensor? sum = null;
        var gradients = new Tensor?[2];
        for (var input = 0; input < 2; input++)
        {
            if (!wanted[input])
            {
                continue;
            }

            foreach (var direction in Enum.GetValues<PairDirection>())
            {
                if (factors.ElementAtOrDefault(RoleOf(input, direction)) is not { } factor)
                {
                    continue;
                }

                var along = direction switch
                {
                    PairDirection.Own => rows[input],
                    PairDirection.Other => rows[1 - input],
                    PairDirection.Apart => difference ??= rows[0] - rows[1],
                    _ => sum ??= rows[0].Plus(rows[1]),
                };
                factor = direction == PairDirection.Apart && input == 1 ? factor.neg() : factor;
                gradients[input] = gradients[input] is { } gradient ? gradient.addcmul_(along, factor, Scalars.Of(1)) : along * factor;
            }
        }

        return gradients;
    }
}
