using System.Text.Json;
using Jigsaw.Batches;
using Jigsaw.Checkpoints;
using Jigsaw.Data;
using Jigsaw.Steps;
using Jigsaw.Training;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Jigsaw.Runtime.Tests.Training;

/// <summary>A trainer with another optimizer, schedule, clipping, checkpoint format or data.</summary>
public sealed class ReplacedPartsTests : IDisposable
{
    private const int Steps = 8;

    private static readonly Dictionary<string, Func<IReadOnlyList<ParameterGroup>, optim.Optimizer>> _optimizers = new()
    {
        ["SGD"] = groups => optim.SGD(Values(groups), 0.1),
        ["SGD with momentum"] = groups => optim.SGD(Values(groups), 0.1, momentum: 0.9, weight_decay: 0.01),
        ["Adam"] = groups => optim.Adam(Values(groups), amsgrad: true),
        ["NAdam"] = groups => optim.NAdam(Values(groups)),
        ["RMSProp"] = groups => optim.RMSProp(Values(groups), momentum: 0.5),
        ["AdamW in the groups' other order"] = groups => JigsawOptimizer.AdamW([.. groups.Reverse()], 0.1),
        ["a custom Lion"] = groups => new Lion(Values(groups)),
        ["the library's SGD"] = groups => JigsawOptimizer.Sgd(groups, 0.1),
        ["the library's Lion"] = groups => JigsawOptimizer.Lion(groups, 0.1),
        ["the library's Muon"] = groups => JigsawOptimizer.Muon(groups, 0.1),
    };

    private readonly string _directory = Directory.CreateTempSubdirectory("jigsaw-parts").FullName;

    public static TheoryData<string> Optimizers => [.. _optimizers.Keys];

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [MemberData(nameof(Optimizers))]
    public void A_stopped_run_resumes_to_the_same_numbers_with_any_optimizer(string optimizer) =>
        AssertResumes(options => options with { Optimizer = _optimizers[optimizer] });

    [Fact]
    public void A_stopped_run_resumes_to_the_same_numbers_from_a_custom_checkpoint_format() =>
        AssertResumes(options => options with { CheckpointFormat = new OneFile(), Optimizer = _optimizers["SGD with momentum"] });

    [Fact]
    public void A_stopped_run_with_a_gradient_filter_resumes_to_the_same_numbers() =>
        AssertResumes(options => options with { Steps = 12 }, stopAfter: 10, (teacher, student) => FilteredRecipe.Bind(teacher, student));

    [Fact]
    public void An_optimizers_tensors_are_saved_under_the_names_of_what_it_trains()
    {
        using (var session = new TrainingSession(Options(_directory)))
        {
            session.Run();
        }

        using var file = SafetensorsFile.Open(Path.Combine(_directory, "step-000008", "optimizer.safetensors"));
        using var again = new TrainingSession(Options());
        var expected = again.Named().Take(4).Select(pair => $"optimizer.student.{pair.Name}").Append("optimizer.transform.mean.bias").SelectMany(name => (string[])[name + ".exp_avg", name + ".exp_avg_sq"]);
        Assert.All(expected, name => Assert.Contains(name, file.Entries.Keys));
    }

    [Fact]
    public void Another_optimizer_schedule_or_data_does_not_resume()
    {
        var options = Options(_directory);
        using (var session = new TrainingSession(options))
        {
            session.Run();
        }

        AssertRefused(new TrainingSession(options with { Optimizer = _optimizers["Adam"] }), "optimizer = AdamW, now it is Adam");
        AssertRefused(new TrainingSession(options with { Schedule = new Constant(0.5) }), "schedule = from the options, now it is Constant { Rate = 0.5 }");
        AssertRefused(new TrainingSession(options, batches: new Told(seed: 2)), "batches = unknown, now it is seed 2");
    }

    [Fact]
    public void The_librarys_SGD_is_TorchSharps()
    {
        float[] After(Func<IReadOnlyList<ParameterGroup>, optim.Optimizer> optimizer)
        {
            using var session = new TrainingSession(Options() with { LearningRate = 0.1, Optimizer = optimizer });
            session.Run();
            return session.Values();
        }

        var expected = After(groups => optim.SGD(Values(groups), 0.1, momentum: 0.9, weight_decay: 0.02));
        var found = After(groups => JigsawOptimizer.Sgd([.. groups.Select(group => group with { Decays = true })], 0.1, momentum: 0.9, weightDecay: 0.02));
        Assert.All(expected.Zip(found), pair => Assert.Equal(pair.First, pair.Second, 1e-6));
        Assert.NotEqual(expected, After(groups => JigsawOptimizer.Sgd(groups, 0.1, momentum: 0.9, weightDecay: 0.02)));
    }

    [Fact]
    public void The_librarys_Lion_follows_the_papers_formula()
    {
        var weight = new Parameter(tensor((float[])[1, -2, 0.5f]));
        using var optimizer = JigsawOptimizer.Lion([new ParameterGroup { Name = "all", Parameters = [("weight", weight)] }], lr: 0.1, beta1: 0.9, beta2: 0.99, weightDecay: 0.2);
        (double[] values, double[] momentum) = ([1, -2, 0.5], [0, 0, 0]);
        foreach (var gradient in new float[][] { [0.5f, -1, 2], [-4, 0.1f, -0.2f], [0.3f, 0.3f, 0.3f] })
        {
            weight.grad = tensor(gradient);
            optimizer.step();
            for (var i = 0; i < 3; i++)
            {
                values[i] -= 0.1 * (Math.Sign((0.9 * momentum[i]) + (0.1 * gradient[i])) + (0.2 * values[i]));
                momentum[i] = (0.99 * momentum[i]) + (0.01 * gradient[i]);
                Assert.Equal(values[i], weight[i].item<float>(), 1e-6);
            }
        }
    }

    [Theory]
    [InlineData(3, 5)]
    [InlineData(6, 2)]
    [InlineData(4, 4)]
    [InlineData(1, 7)]
    [InlineData(3, 40)]
    [InlineData(50, 4)]
    public void The_librarys_Muon_moves_a_matrix_along_the_singular_vectors_of_its_momentum(int rows, int columns)
    {
        using var random = new Generator(1, CPU);
        Tensor Random() => randn([rows, columns], generator: random, dtype: ScalarType.Float64);
        var weights = Enumerable.Range(0, 2).Select(_ => new Parameter(Random())).ToArray();
        using var optimizer = JigsawOptimizer.Muon([new ParameterGroup { Name = "all", Parameters = [.. weights.Select((weight, i) => ($"weight{i}", weight))] }], lr: 0.1, momentum: 0.9, weightDecay: 0.2);
        var values = Array.ConvertAll(weights, weight => weight.detach().clone());
        var momenta = Array.ConvertAll(weights, weight => zeros_like(weight));
        for (var step = 0; step < 3; step++)
        {
            for (var i = 0; i < 2; i++)
            {
                var gradient = weights[i].grad = Random();
                momenta[i] = (momenta[i] * 0.9) + gradient;
                var (u, singular, vt) = linalg.svd(gradient + (momenta[i] * 0.9), fullMatrices: false);
                singular /= singular.square().sum().sqrt();
                for (var k = 0; k < 5; k++)
                {
                    singular = (singular * 3.4445) - (singular.pow(3) * 4.775) + (singular.pow(5) * 2.0315);
                }

                Assert.All(singular.data<double>(), value => Assert.InRange(value, 0.5, 1.3));
                values[i] = (values[i] * (1 - (0.1 * 0.2))) - (u.matmul(singular.diag()).matmul(vt) * (0.1 * 0.2 * Math.Sqrt(Math.Max(rows, columns))));
            }

            optimizer.step();
            Assert.All(weights.Zip(values), pair => Assert.True(pair.First.allclose(pair.Second, rtol: 1e-5, atol: 1e-6)));
        }
    }

    [Fact]
    public void The_librarys_Muon_moves_what_is_no_matrix_as_AdamW_does_and_leaves_what_has_no_gradient()
    {
        Parameter[] Tensors() => [new(tensor((float[])[1, -2, 0.5f])), new(ones(2, 3, dtype: ScalarType.Float32)), new(ones(2, dtype: ScalarType.Float32))];
        ParameterGroup[] Group(Parameter[] parameters) => [new ParameterGroup { Name = "all", Parameters = [.. parameters.Select((parameter, i) => ($"{i}", parameter))] }];
        var (found, expected) = (Tensors(), Tensors());
        using var muon = JigsawOptimizer.Muon(Group(found), lr: 0.1, weightDecay: 0.2);
        using var adam = JigsawOptimizer.AdamW(Group(expected), lr: 0.1, weightDecay: 0.2);
        foreach (var gradient in new float[][] { [0.5f, -1, 2], [-4, 0.1f, -0.2f], [0.3f, 0.3f, 0.3f] })
        {
            found[0].grad = tensor(gradient);
            expected[0].grad = tensor(gradient);
            muon.step();
            adam.step();
            Assert.Equal(expected[0].data<float>().ToArray(), found[0].data<float>().ToArray());
        }

        Assert.Equal(expected[1..].SelectMany(parameter => parameter.data<float>().ToArray()), found[1..].SelectMany(parameter => parameter.data<float>().ToArray()));
    }

    [Theory]
    [InlineData(8, 8)]
    [InlineData(8, 64)]
    [InlineData(64, 8)]
    public void Muon_in_float32_moves_a_matrix_as_in_float64_however_far_its_singular_values_lie_apart(int rows, int columns)
    {
        using var random = new Generator(1, CPU);
        var (u, _, vt) = linalg.svd(randn([rows, columns], generator: random, dtype: ScalarType.Float64), fullMatrices: false);
        var gradient = u.matmul(logspace(0, -6, 8, dtype: ScalarType.Float64).diag()).matmul(vt);
        double[] Moved(ScalarType type)
        {
            var weight = new Parameter(zeros([rows, columns], dtype: type));
            using var optimizer = Muon(weight);
            weight.grad = gradient.to(type);
            optimizer.step();
            return weight.detach().to(ScalarType.Float64).data<double>().ToArray();
        }

        var (expected, found) = (Moved(ScalarType.Float64), Moved(ScalarType.Float32));
        Assert.True(expected.Max(Math.Abs) > 0.01);
        Assert.InRange(Math.Sqrt(expected.Zip(found, (one, other) => Math.Pow(one - other, 2)).Sum() / expected.Sum(one => one * one)), 0, 1e-3);
    }

    [Fact]
    public void A_gradient_of_zero_moves_nothing_by_Muon()
    {
        var weight = new Parameter(ones(2, 3, dtype: ScalarType.Float32));
        using var optimizer = Muon(weight);
        weight.grad = zeros_like(weight);
        optimizer.step();
        Assert.All(weight.data<float>(), value => Assert.Equal(1, value));
    }

    [Fact]
    public void A_matrix_comes_to_rest_by_Muon_when_its_gradients_end()
    {
        using var random = new Generator(1, CPU);
        var weight = new Parameter(randn([4, 6], generator: random));
        using var optimizer = Muon(weight);
        weight.grad = randn([4, 6], generator: random);
        optimizer.step();
        weight.grad = zeros_like(weight);
        void Step(int times) => Enumerable.Range(0, times).ToList().ForEach(_ => optimizer.step());
        Step(500);
        var before = weight.detach().clone();
        Step(500);
        Assert.True(weight.isfinite().all().item<bool>());
        Assert.True(weight.equal(before).all().item<bool>());
    }

    [Theory]
    [InlineData(1e-3f)]
    [InlineData(1f)]
    [InlineData(1e18f)]
    [InlineData(1e30f)]
    public void The_size_of_a_gradient_does_not_matter_to_Muon(float size)
    {
        using var random = new Generator(1, CPU);
        var gradient = randn([4, 6], generator: random);
        Tensor Moved(float by)
        {
            var weight = new Parameter(zeros(4, 6));
            using var optimizer = Muon(weight);
            weight.grad = gradient * by;
            optimizer.step();
            return weight.detach();
        }

        Assert.True(Moved(1).abs().max().item<float>() > 0.01f);
        Assert.True(Moved(size).allclose(Moved(1), rtol: 1e-3, atol: 1e-5));
        foreach (var tiny in new[] { 1e-20f, 1e-25f, 1e-30f, 1e-38f })
        {
            Assert.True(Moved(tiny).abs().max().item<float>() < 1e-6f);
        }
    }

    [Theory]
    [InlineData("momentum of an optimizer is 1.5; use a number in [0, 1).", 0.1, 1.5, 0)]
    [InlineData("momentum of an optimizer is NaN; use a number in [0, 1).", 0.1, double.NaN, 0)]
    [InlineData("momentum of an optimizer is -1; use a number in [0, 1).", 0.1, -1, 0)]
    [InlineData("weightDecay of an optimizer is NaN; use a finite number that is at least 0.", 0.1, 0.9, double.NaN)]
    [InlineData("lr of an optimizer is -1; use a finite number that is at least 0.", -1, 0.9, 0)]
    public void An_optimizers_numbers_are_checked(string sentence, double lr, double momentum, double weightDecay)
    {
        ParameterGroup[] groups = [new() { Name = "all", Parameters = [("weight", new Parameter(ones(2, 3)))] }];
        Assert.StartsWith(sentence, Assert.Throws<ArgumentOutOfRangeException>(() => JigsawOptimizer.Muon(groups, lr, momentum, weightDecay)).Message, StringComparison.Ordinal);
        Assert.StartsWith(sentence, Assert.Throws<ArgumentOutOfRangeException>(() => JigsawOptimizer.Sgd(groups, lr, momentum, weightDecay)).Message, StringComparison.Ordinal);
        sentence = sentence.Replace("momentum", "beta1", StringComparison.Ordinal);
        Assert.StartsWith(sentence, Assert.Throws<ArgumentOutOfRangeException>(() => JigsawOptimizer.Lion(groups, lr, momentum, weightDecay: weightDecay)).Message, StringComparison.Ordinal);
        Assert.StartsWith(sentence, Assert.Throws<ArgumentOutOfRangeException>(() => JigsawOptimizer.AdamW(groups, lr, momentum, weightDecay: weightDecay)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Another_momentum_does_not_resume()
    {
        var options = Options(_directory) with { Optimizer = groups => JigsawOptimizer.Muon(groups, 0.1, momentum: 0.95) };
        using (var session = new TrainingSession(options))
        {
            session.Run();
        }

        AssertRefused(new TrainingSession(options with { Optimizer = groups => JigsawOptimizer.Muon(groups, 0.1) }), "optimizer's numbers = momentum 0.95, beta1 0.9, beta2 0.95, weight decay 0.01, now it is momentum 0.9, beta1 0.9, beta2 0.95, weight decay 0.01");
    }

    [Fact]
    public void A_schedule_sets_the_learning_rate_of_each_step()
    {
        using var session = new TrainingSession(Options() with { Steps = 3, Schedule = new Halving() });
        Assert.Equal([1e-3, 5e-4, 2.5e-4], session.Run().Select(step => step.LearningRate));
    }

    [Fact]
    public void Clipping_sees_all_trained_tensors_and_returns_the_norm()
    {
        var seen = new List<int>();
        using var session = new TrainingSession(Options() with
        {
            Steps = 2,
            Optimizer = groups => optim.SGD(Values(groups), 1),
            Clipping = trained =>
            {
                seen.Add(trained.Count);
                foreach (var parameter in trained)
                {
                    parameter.grad?.zero_();
                }

                return 7;
            },
        });
        var before = session.Values();
        Assert.Equal([7.0, 7.0], session.Run().Select(step => step.GradientNorm));
        Assert.Equal([session.Named().Count(), session.Named().Count()], seen);
        Assert.Equal(before, session.Values());
    }

    [Fact]
    public void Adapters_and_transform_can_be_clipped_apart()
    {
        using var session = new TrainingSession(Options() with { Steps = 1, ClipNorm = 1e-3, ClipsApart = true, Optimizer = groups => optim.SGD(Values(groups), 1), Schedule = new LearningRateSchedule(1, 0, 1, 1) });
        var before = session.Named().ToDictionary(pair => pair.Name, pair => pair.Value.clone());
        var norm = session.Run()[0].GradientNorm;
        double Moved(bool adapters) => Math.Sqrt(session.Named().Where(pair => pair.Name.StartsWith("base_model.", StringComparison.Ordinal) == adapters).Sum(pair => (pair.Value - before[pair.Name]).square().sum().item<float>()));
        Assert.True(norm > 0.01, $"a gradient of {norm} is not clipped");
        Assert.Equal(1e-3, Moved(adapters: true), 1e-5);
        Assert.Equal(1e-3, Moved(adapters: false), 1e-5);
    }

    [Fact]
    public void An_optimizer_over_some_of_the_tensors_leaves_the_others()
    {
        using var session = new TrainingSession(Options() with { Steps = 2, Optimizer = groups => optim.SGD(groups[0].Parameters.Select(parameter => parameter.Value), 0.1) });
        var before = session.Named().ToDictionary(pair => pair.Name, pair => pair.Value.clone());
        session.Run();
        Assert.All(session.Named(), pair => Assert.Equal(pair.Name.StartsWith("base_model.", StringComparison.Ordinal), !pair.Value.IsSame(before[pair.Name])));
    }

    [Fact]
    public void An_optimizer_whose_state_no_checkpoint_can_hold_is_refused()
    {
        var exception = Assert.Throws<ArgumentException>(() => new TrainingSession(Options() with { Optimizer = groups => optim.LBFGS(Values(groups)) }));
        Assert.Contains("LBFGS is not derived from TorchSharp.Modules.OptimizerHelper", exception.Message, StringComparison.Ordinal);
        exception = Assert.Throws<ArgumentException>(() => new TrainingSession(Options() with { Optimizer = groups => new Historian(Values(groups)) }));
        Assert.Contains("Historian keeps 'Norms' of the type List`1", exception.Message, StringComparison.Ordinal);
        using var stranger = new Parameter(zeros(3));
        exception = Assert.Throws<ArgumentException>(() => new TrainingSession(Options() with { Optimizer = groups => optim.SGD([stranger], 0.1) }));
        Assert.Contains("trains a tensor of shape (3) that is in no parameter group", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Progress_receives_each_step()
    {
        using var session = new TrainingSession(Options() with { Steps = 3 });
        var told = new Told.Steps();
        session.Trainer.Run(told);
        Assert.Equal([1, 2, 3], told.Numbers);
    }

    [Fact]
    public void A_checkpoint_of_an_earlier_version_is_refused()
    {
        using (var session = new TrainingSession(Options(_directory)))
        {
            session.Run();
        }

        File.WriteAllText(Path.Combine(_directory, "step-000008", "training.json"), """{ "Step": 8, "Options": {}, "OptimizerSteps": [8], "Files": {} }""");
        AssertRefused(new TrainingSession(Options(_directory)), "has version 0, but this library reads version 3");
    }

    private static OptimizerHelper Muon(Parameter weight) => JigsawOptimizer.Muon([new ParameterGroup { Name = "all", Parameters = [("weight", weight)] }], lr: 0.1, weightDecay: 0);

    private static TrainingOptions Options(string? directory = null) => new() { Steps = Steps, WarmupSteps = 2, CheckpointDirectory = directory, CheckpointEvery = 3 };

    private static Parameter[] Values(IReadOnlyList<ParameterGroup> groups) => [.. groups.SelectMany(group => group.Parameters).Select(parameter => parameter.Value)];

    private static void AssertRefused(TrainingSession session, string message)
    {
        using (session)
        {
            Assert.Contains(message, Assert.Throws<TrainingCheckpointException>(() => session.Trainer.Resume()).Message, StringComparison.Ordinal);
        }
    }

    private void AssertResumes(Func<TrainingOptions, TrainingOptions> with, int stopAfter = 5, Func<NoisyTeacher, NoisyStudent, BoundLoss>? bind = null)
    {
        using var whole = new TrainingSession(with(Options()), bind: bind);
        var expected = whole.Run();
        using (var stopped = new TrainingSession(with(Options(_directory)), bind: bind))
        {
            using var stop = new CancellationTokenSource();
            Assert.Throws<OperationCanceledException>(() => stopped.Trainer.Run(
                step =>
                {
                    if (step.Step == stopAfter)
                    {
                        stop.Cancel();
                    }
                },
                stop.Token));
        }

        using var resumed = new TrainingSession(with(Options(_directory)), bind: bind);
        Assert.True(resumed.Trainer.Resume());
        Assert.Equal(stopAfter, resumed.Trainer.StepsDone);
        var found = resumed.Run();
        Assert.Equal(expected.Skip(stopAfter).SelectMany(step => step.Components.Values), found.SelectMany(step => step.Components.Values));
        Assert.Equal(expected.Skip(stopAfter).Select(step => step.GradientNorm), found.Select(step => step.GradientNorm));
        Assert.Equal(whole.Values(), resumed.Values());
    }

    private sealed record Constant(double Rate) : ILearningRateSchedule
    {
        public double At(long step) => Rate;
    }

    private sealed class Halving : ILearningRateSchedule
    {
        public double At(long step) => 1e-3 * Math.Pow(0.5, step);
    }

    private sealed class Told(int seed) : ITokenBatches
    {
        public string Fingerprint => $"seed {seed}";

        public TokenBatch At(long step) => throw new NotSupportedException();

        internal sealed class Steps : IProgress<TrainingStep>
        {
            public List<int> Numbers { get; } = [];

            public void Report(TrainingStep value) => Numbers.Add(value.Step);
        }
    }

    /// <summary>An optimizer that keeps a list.</summary>
    private sealed class Historian : OptimizerHelper
    {
        public Historian(Parameter[] parameters)
        {
            _parameter_groups = [new ParamGroup { Parameters = parameters, Options = new OptimizerOptions { LearningRate = 0 } }];
            foreach (var parameter in parameters)
            {
                _state[parameter.Handle] = new History(parameter);
            }
        }

        private sealed class History(Parameter parameter) : OptimizerState(parameter)
        {
            public List<double> Norms { get; } = [];

            public override void SaveStateDict(BinaryWriter writer) => throw new NotSupportedException();

            public override void LoadStateDict(BinaryReader reader) => throw new NotSupportedException();

            public override void LoadStateDict(OptimizerState source) => throw new NotSupportedException();

            public override void Initialize(OptimizerOptions options) => Norms.Clear();
        }
    }

    /// <summary>All tensors in one file, and the rest beside it.</summary>
    private sealed class OneFile : ICheckpointFormat
    {
        public void Write(string directory, TrainingState state)
        {
            using var scope = NewDisposeScope();
            SafetensorsWriter.Write(Path.Combine(directory, "all.safetensors"), state.Tensors());
            File.WriteAllText(Path.Combine(directory, "step"), $"{state.Step}");
            File.WriteAllText(Path.Combine(directory, "settings"), JsonSerializer.Serialize(state.Settings));
            File.WriteAllText(Path.Combine(directory, "numbers"), JsonSerializer.Serialize(state.Numbers()));
        }

        public void Read(string directory, TrainingState state)
        {
            using var scope = NewDisposeScope();
            using var file = SafetensorsFile.Open(Path.Combine(directory, "all.safetensors"));
            state.RequireSettings(directory, JsonSerializer.Deserialize<Dictionary<string, string>>(File.ReadAllText(Path.Combine(directory, "settings")))!);
            state.Restore(
                directory,
                int.Parse(File.ReadAllText(Path.Combine(directory, "step")), System.Globalization.CultureInfo.InvariantCulture),
                file.Entries.Keys.ToDictionary(name => name, name => file.Read(name)),
                JsonSerializer.Deserialize<Dictionary<string, double>>(File.ReadAllText(Path.Combine(directory, "numbers")))!);
        }
    }
}
