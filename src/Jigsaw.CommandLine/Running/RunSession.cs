using System.Globalization;
using Jigsaw.CommandLine.Options;
using Jigsaw.Models;
using Jigsaw.Models.Lora;
using Jigsaw.Steps;
using Jigsaw.Tokenization;
using Jigsaw.Transforms;
using Jigsaw.Transforms.Noise;

namespace Jigsaw.CommandLine.Running;

/// <summary>What a training needs: the base, a new transform, new adapters, and the recipe bound to them.</summary>
internal sealed class RunSession : IDisposable
{
    private readonly NoisyTeacher _teacher;
    private readonly LoraAdapters? _warmAdapters;

    internal RunSession(RunSettings settings)
    {
        var device = settings.TorchDevice();
        if (settings.WarmStart is { } begun)
        {
            RequireRun(settings, begun);
            Model = CausalLM.Load(settings.Model, device, settings.DType);
            Transform = StainedGlassTransform.LoadForTraining(RunSettings.TransformOf(begun), Model.EmbeddingTable, settings.Seed);
            _warmAdapters = LoraAdapters.Load(RunSettings.AdapterOf(begun), Model);
            Student = new NoisyStudent(Model, _warmAdapters);
        }
        else
        {
            Model = CausalLM.Load(settings.Model, device, settings.DType);
            RequireRank(settings.Rank, Model);
            Transform = new StainedGlassTransform(Model.EmbeddingTable, new TransformConfig { Std = new TanhStd { Min = RunSettings.StdMin, Max = settings.StdMax, InitialRho = settings.InitialRho }, Rank = settings.TransformRank }, settings.Seed);
            Student = new NoisyStudent(Model, new LoraConfig { Rank = settings.Rank, Alpha = 2 * settings.Rank }, settings.Seed);
        }

        _teacher = new NoisyTeacher(Model);
        Loss = settings.Recipe.Bind(_teacher, Student, settings.Steps, settings.Hyperparameters, settings.Numbers);
        Tokenizer = new NoiseTokenizer(Jigsaw.Tokenization.Tokenizer.Load(settings.Model), device) { NoiseRoles = [.. settings.NoiseRoles] };
        Chats = new Lazy<RunData>(() => RunData.Open(settings));
    }

    /// <summary>The frozen base.</summary>
    internal CausalLM Model { get; }

    /// <summary>The transform that is trained.</summary>
    internal StainedGlassTransform Transform { get; }

    /// <summary>The base with the adapters that are trained.</summary>
    internal NoisyStudent Student { get; }

    /// <summary>The bound recipe.</summary>
    internal BoundLoss Loss { get; }

    /// <summary>The tokenizer.</summary>
    internal NoiseTokenizer Tokenizer { get; }

    /// <summary>The chats to train on.</summary>
    internal Lazy<RunData> Chats { get; }

    public void Dispose()
    {
        if (Chats.IsValueCreated)
        {
            Chats.Value.Dispose();
        }

        Student.Dispose();
        _warmAdapters?.Dispose();
        _teacher.Dispose();
        Transform.Dispose();
        Model.Dispose();
    }

    /// <exception cref="ArgumentException">The folder of the warm start has no run.</exception>
    private static void RequireRun(RunSettings settings, string begun)
    {
        if (!Directory.Exists(RunSettings.TransformOf(begun)) || !Directory.Exists(RunSettings.AdapterOf(begun)))
        {
            throw new ArgumentException($"--warm-start is {begun}, which has no transform/ and adapter/ of a trained run; name the folder of one.");
        }
    }

    /// <exception cref="ArgumentException">The adapters would have a higher rank than any map that they are added to.</exception>
    private static void RequireRank(int rank, CausalLM model)
    {
        var most = Math.Max(model.Config.HiddenSize, model.Config.IntermediateSize);
        if (rank > most)
        {
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"--rank is {rank}, but no map of the model has more than {most} features; use at most that."));
        }
    }
}
