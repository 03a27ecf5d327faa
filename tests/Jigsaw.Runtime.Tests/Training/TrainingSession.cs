using Jigsaw.Data;
using Jigsaw.Models;
using Jigsaw.Models.Lora;
using Jigsaw.Steps;
using Jigsaw.Training;
using Jigsaw.Transforms;
using Jigsaw.Transforms.Noise;
using static TorchSharp.torch;

namespace Jigsaw.Runtime.Tests.Training;

/// <summary>A small training run on a tiny model, with all its parts.</summary>
internal sealed class TrainingSession : IDisposable
{
    private readonly CausalLM _model;
    private readonly NoisyTeacher _teacher;
    private readonly NoisyStudent _student;

    public TrainingSession(TrainingOptions options, TrajectoryRecipe.Hyperparameters? hyperparameters = null, int differentBatches = int.MaxValue, ITokenBatches? batches = null, Func<NoisyTeacher, NoisyStudent, BoundLoss>? bind = null, string model = "llama-gqa", LoraConfig? adapters = null, Device? device = null, Func<CausalLM, TeacherCache>? cache = null)
    {
        _model = CausalLM.Load(TestData.Path("models", model), device ?? CPU, ScalarType.Float32);
        _teacher = new NoisyTeacher(_model);
        _student = new NoisyStudent(_model, adapters ?? new LoraConfig { Rank = 2 }, seed: 1);
        Transform = new StainedGlassTransform(_model.EmbeddingTable, new TransformConfig { Std = new TanhStd { InitialRho = 0 } }, seed: 1);
        Loss = bind?.Invoke(_teacher, _student) ?? TrajectoryRecipe.Bind(_teacher, _student, hyperparameters ?? TrajectoryRecipe.Defaults);
        Trainer = new Trainer(Loss, Transform, batches ?? new RandomBatches((int)_model.EmbeddingTable.shape[0], differentBatches, device: device), cache is null ? options : options with { TeacherCache = Cache = cache(_model) });
    }

    public StainedGlassTransform Transform { get; }

    public BoundLoss Loss { get; }

    public Trainer Trainer { get; }

    public TeacherCache? Cache { get; }

    public List<TrainingStep> Run()
    {
        var steps = new List<TrainingStep>();
        Trainer.Run(steps.Add);
        return steps;
    }

    public IEnumerable<(string Name, Tensor Value)> Named() =>
        _student.Adapters.NamedParameters.Select(parameter => (parameter.Name, (Tensor)parameter.Value))
            .Concat(Transform.Parameters.Select(parameter => (parameter.Name, (Tensor)parameter.Value)));

    public float[] Values() => [.. Named().SelectMany(pair => pair.Value.detach().cpu().data<float>().ToArray())];

    public void Dispose()
    {
        Trainer.Dispose();
        Cache?.Dispose();
        Transform.Dispose();
        _student.Dispose();
        _teacher.Dispose();
        _model.Dispose();
    }
}
