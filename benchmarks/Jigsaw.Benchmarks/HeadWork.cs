using Jigsaw.Batches;
using Jigsaw.CompilerServices;
using Jigsaw.Losses.Filtering;
using Jigsaw.Passes;
using TorchSharp;
using static TorchSharp.torch;

namespace Jigsaw.Benchmarks;

/// <summary>Hidden states of four passes and an LM head, and the work done with them.</summary>
internal sealed class HeadWork : IDisposable
{
    private static readonly Pass[] _sources = [Pass.StudentNoisy, Pass.TeacherNoisy, Pass.StudentClean];

    private readonly Tensor _weight;
    private readonly Tensor[] _hidden;
    private readonly RowMask _all;
    private readonly RowMask _half;
    private readonly StepActivations _activations;

    public HeadWork(int rows, int hidden, int vocabulary, ScalarType type, Device? device = null)
        : this(Seeded(() => (randn(vocabulary, hidden) * 0.05).to(type).to(device ?? CPU)), randn(1, rows, hidden).to(device ?? CPU), 0.5)
    {
    }

    /// <summary>A head, the teacher's hidden states, and the noise, in multiples of their standard deviation, that turns them into the sources'.</summary>
    public HeadWork(Tensor weight, Tensor teacher, double noise)
    {
        var rows = (int)teacher.shape[1];
        Rows = rows;
        Type = weight.dtype;
        _weight = weight;
        var deviation = teacher.std().ToDouble();
        _hidden = [teacher.to(Type), .. _sources.Select(_ => (teacher + (noise * deviation * randn_like(teacher))).to(Type).requires_grad_())];
        _all = RowMask.FromHost(Enumerable.Repeat(true, rows).ToArray(), 1, rows, _weight.device);
        _half = RowMask.FromHost(Enumerable.Range(0, rows).Select(row => row % 2 == 0).ToArray(), 1, rows, _weight.device);
        using var nothing = zeros(1, rows, 1, device: _weight.device);
        var head = new LanguageModelHead(_weight);
        var batch = new TransformedBatch
        {
            InputIds = zeros([1, rows], dtype: ScalarType.Int64, device: _weight.device),
            AttentionMask = _all,
            NoiseMask = _all,
            Clean = zeros(1, rows, 1, device: _weight.device),
            Noisy = zeros(1, rows, 1, device: _weight.device),
            Means = zeros(1, rows, 1, device: _weight.device),
            Stds = zeros(1, rows, 1, device: _weight.device),
            StdMax = 1,
            MedianNorm = 1,
        };
        _activations = new StepActivations(batch, new PassActivations(Pass.TeacherClean, _hidden[0], null, head), new PassActivations(_sources[0], _hidden[1], null, head), new PassActivations(_sources[1], _hidden[2], null, head), new PassActivations(_sources[2], _hidden[3], null, head)) { Services = [new FilterCalibrations()] };
    }

    public int Rows { get; }

    public ScalarType Type { get; }

    /// <summary>The matrix products alone: one for the teacher, two for each source, 256 rows at a time into one buffer.</summary>
    public void Bare(int sources = 3, double share = 1)
    {
        using var scope = NewDisposeScope();
        using var inference = no_grad();
        var chunk = Math.Min(256, Rows);
        var buffer = empty([chunk, _weight.shape[0]], dtype: Type, device: _weight.device);
        var gradient = empty([chunk, _weight.shape[1]], dtype: Type, device: _weight.device);
        var transposed = _weight.t();
        for (var start = 0; start < Rows * share; start += chunk)
        {
            buffer.addmm_(_hidden[0][0].narrow(0, start, chunk), transposed, beta: 0, alpha: 1);
            for (var source = 1; source <= sources; source++)
            {
                buffer.addmm_(_hidden[source][0].narrow(0, start, chunk), transposed, beta: 0, alpha: 1);
                gradient.addmm_(buffer, _weight, beta: 0, alpha: 1);
            }
        }
    }

    /// <summary>Three cross-entropies on three sources, value and gradient.</summary>
    public void Jigsaw(CeTarget target, int sources = 3, int termsOnEach = 1, bool half = false, double filter = 0)
    {
        using var scope = NewDisposeScope();
        Run(target, sources, termsOnEach, half, filter);
        Forget();
    }

    /// <summary>The error of the filtered gradients, as a share of their norm.</summary>
    public double Error(CeTarget target, double filter)
    {
        using var scope = NewDisposeScope();
        Tensor Gradients(double of)
        {
            Run(target, 3, 1, half: false, of);
            var all = stack(_hidden.Skip(1).Select(hidden => hidden.grad!));
            Forget();
            return all;
        }

        var exact = Gradients(0);
        return ((Gradients(filter) - exact).norm() / exact.norm()).ToDouble();
    }

    private void Run(CeTarget target, int sources, int termsOnEach, bool half, double filter)
    {
        var head = LogitTerms.Begin(_activations, target, filter);
        var mask = half ? _half : _all;
        for (var source = 0; source < sources; source++)
        {
            for (var term = 0; term < termsOnEach; term++)
            {
                head.CrossEntropy(_sources[source], source == 0 ? 1 : -0.25, mask, source == 1 ? 10 : null);
            }
        }

        head.Run().Loss.Value.backward();
    }

    /// <summary>The straightforward libtorch version: logits, cross-entropy, autograd.</summary>
    public void Naive(CeTarget target)
    {
        using var scope = NewDisposeScope();
        var transposed = _weight.t();
        Tensor goal;
        using (no_grad())
        {
            var logits = _hidden[0][0].mm(transposed).to(ScalarType.Float32);
            goal = target == CeTarget.Soft ? logits.softmax(1) : logits.argmax(1);
        }

        Tensor? loss = null;
        for (var source = 1; source <= 3; source++)
        {
            var ce = nn.functional.cross_entropy(_hidden[source][0].mm(transposed).to(ScalarType.Float32), goal);
            var term = source == 1 ? ce : -0.25 * (source == 2 ? 10 * ce.sigmoid() : ce);
            loss = loss is null ? term : loss + term;
        }

        loss!.backward();
        Forget();
    }

    public void Dispose()
    {
        _weight.Dispose();
        foreach (var hidden in _hidden)
        {
            hidden.Dispose();
        }

        _all.Dispose();
        _half.Dispose();
    }

    private static Tensor Seeded(Func<Tensor> make)
    {
        manual_seed(1);
        return make();
    }

    private void Forget()
    {
        foreach (var hidden in _hidden)
        {
            hidden.grad?.Dispose();
            hidden.grad = null;
        }
    }
}
