using Jigsaw.Tensors;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Jigsaw.Training.Optimizers;

/// <summary>
/// Muon (Jordan et al., 2024) with the factor of arXiv 2502.16982: a matrix moves along its momentum with the singular values brought near one, m ← β·m + g, w ← w − η·(0.2·√max(rows, columns)·O(g + β·m) + λ·w). What is no matrix moves as in <see cref="AdamW"/>.
/// </summary>
internal sealed class Muon : OptimizerHelper, IDescribedOptimizer
{
    // AdamW's steps have a root mean square of about 0.2, so with it both want the same learning rate.
    private const double RootMeanSquare = 0.2;
    private const double Epsilon = 1e-8;

    // Jordan's: what is this small, in norm, moves its matrix less.
    private const double SmallestNorm = 1e-7;
    private const int Iterations = 5;
    private const float A = 3.4445f;
    private const float B = -4.7750f;
    private const float C = 2.0315f;

    private readonly Dictionary<ParamGroup, Group> _groups = [];
    private readonly double _momentum;
    private readonly double _beta1;
    private readonly double _beta2;

    public Muon(IEnumerable<(Parameter[] Parameters, double Decay)> groups, double lr, double momentum, double beta1, double beta2)
    {
        (_momentum, _beta1, _beta2) = (momentum, beta1, beta2);
        _parameter_groups = [];
        var decays = new List<double>();
        foreach (var (parameters, decay) in groups)
        {
            var added = new ParamGroup { Parameters = parameters, Options = new OptimizerOptions { LearningRate = lr, InitialLearningRate = lr } };
            _parameter_groups.Add(added);
            _groups.Add(added, new Group(parameters, decay));
            decays.Add(decay);
            foreach (var parameter in parameters)
            {
                _state[parameter.Handle] = IsMatrix(parameter) ? new MomentumState(parameter) : new MomentsState(parameter);
            }
        }

        Numbers = OptimizerNumbers.Text(("momentum", momentum), ("beta1", beta1), ("beta2", beta2), ("weight decay", decays.DefaultIfEmpty().Max()));
    }

    /// <inheritdoc/>
    public string Numbers { get; }

    /// <inheritdoc/>
    public override Tensor step(Func<Tensor>? closure = null) => _step<ParamGroup>(
        group =>
        {
            var (rate, decay) = (group.LearningRate, _groups[group].Decay);
            foreach (var alike in _groups[group].Matrices)
            {
                Move(alike, rate, decay);
            }

            foreach (var parameter in _groups[group].Others)
            {
                Move(parameter, rate, decay);
            }
        },
        closure);

    /// <summary>About U·Vᵀ of each U·Σ·Vᵀ: five Newton–Schulz steps x ← a·x + b·(x·xᵀ)·x + c·(x·xᵀ)²·x, whose a, b and c bring every singular value that isn't tiny to 0.7–1.2 quickly, not to 1 in the end.</summary>
    /// <param name="matrices">Shape (matrices, rows, columns).</param>
    /// <returns>The same shape, in the caller's dispose scope.</returns>
    internal static Tensor Orthogonalized(Tensor matrices)
    {
        using var scope = NewDisposeScope();
        var isTall = matrices.shape[1] > matrices.shape[2];
        var x = isTall ? matrices.transpose(1, 2) : matrices;

        // Divided by the largest first: squares of what is under 1e-19 or over 1e19 are no float32 numbers.
        var largest = x.amax([1, 2], keepdim: true).maximum(x.amin([1, 2], keepdim: true).neg()).clamp_min(Scalars.Of(finfo(x.dtype).tiny));
        x = x.div(largest);
        x = x.div(x.Squared().sum([1, 2], keepdim: true).sqrt().add(largest.reciprocal().mul(Scalars.Of(SmallestNorm)), Scalars.One));
        x = x.shape[2] >= 2 * x.shape[1] ? IteratedByGram(x) : Iterated(x);
        return (isTall ? x.transpose(1, 2) : x).MoveToOuterDisposeScope();
    }

    private static Tensor Iterated(Tensor x)
    {
        for (var i = 0; i < Iterations; i++)
        {
            var gram = x.bmm(x.transpose(1, 2));
            x = Polynomial(gram).baddbmm(x, x, beta: A);
        }

        return x;
    }

    /// <summary>The same, faster for matrices at least twice as long as wide, and in float32 to about a thousandth: x becomes p(x·xᵀ)·x in each step, so the product of all polynomials is formed first, on the short side alone.</summary>
    private static Tensor IteratedByGram(Tensor x)
    {
        var gram = x.bmm(x.transpose(1, 2));
        var product = (Tensor?)null;
        for (var i = 0; i < Iterations; i++)
        {
            // All of them are polynomials of one symmetric matrix: they commute.
            var factor = Polynomial(gram);
            factor.diagonal(0, 1, 2).add_(Scalars.Of(A), Scalars.One);
            product = product is null ? factor : factor.bmm(product);
            gram = i + 1 < Iterations ? factor.bmm(gram).bmm(factor) : gram;
        }

        return product!.bmm(x);
    }

    /// <summary>b·g + c·g².</summary>
    private static Tensor Polynomial(Tensor gram) => gram.baddbmm(gram, gram, beta: B, alpha: C);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        foreach (var (_, state) in _state)
        {
            ((IDisposable)state).Dispose();
        }

        base.Dispose(disposing);
    }

    private static bool IsMatrix(Parameter parameter) => parameter.dim() == 2;

    private void Move(Parameter[] alike, double rate, double decay)
    {
        using var scope = NewDisposeScope();
        var moved = alike.Select(parameter => (Parameter: parameter, Gradient: parameter.grad)).Where(pair => pair.Gradient is not null).ToArray();
        if (moved.Length == 0)
        {
            return;
        }

        var directions = Orthogonalized(stack([.. moved.Select(pair =>
        {
            var momentum = ((MomentumState)_state[pair.Parameter.Handle]).Momentum;
            momentum.mul_(Scalars.Of(_momentum)).add_(pair.Gradient!, Scalars.One);
            return pair.Gradient!.add(momentum, Scalars.Of(_momentum));
        })]));
        var step = rate * RootMeanSquare * Math.Sqrt(Math.Max(directions.shape[1], directions.shape[2]));
        foreach (var ((parameter, _), direction) in moved.Zip(directions.unbind()))
        {
            parameter.mul_(Scalars.Of(1 - (rate * decay))).add_(direction, Scalars.Of(-step));
        }
    }

    private void Move(Parameter parameter, double rate, double decay)
    {
        using var gradient = parameter.grad;
        if (gradient is not null)
        {
            var state = (MomentsState)_state[parameter.Handle];
            AdamW.Move(parameter, gradient, state.Mean, state.Square, ++state.Step, rate, decay, _beta1, _beta2, Epsilon);
        }
    }

    private sealed class Group(Parameter[] parameters, double decay)
    {
        public double Decay { get; } = decay;

        /// <summary>Matrices of one shape together: their many small products are one.</summary>
        public IReadOnlyList<Parameter[]> Matrices { get; } = [.. parameters.Where(IsMatrix).GroupBy(parameter => (parameter.shape[0], parameter.shape[1])).Select(alike => alike.ToArray())];

        public IReadOnlyList<Parameter> Others { get; } = [.. parameters.Where(parameter => !IsMatrix(parameter))];
    }
}
