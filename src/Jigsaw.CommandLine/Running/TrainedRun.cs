using Jigsaw.CommandLine.Options;
using Jigsaw.Models;
using Jigsaw.Models.Lora;
using Jigsaw.Tokenization;
using Jigsaw.Transforms;

namespace Jigsaw.CommandLine.Running;

/// <summary>What a training has left: the base, and the transform and adapters of its folder.</summary>
internal sealed class TrainedRun : IDisposable
{
    /// <exception cref="ArgumentException">The folder has no trained transform and adapters.</exception>
    internal TrainedRun(RunSettings settings)
    {
        if (!Directory.Exists(settings.Transform) || !Directory.Exists(settings.Adapter))
        {
            throw new ArgumentException($"{settings.Output} has no trained transform and adapters; train first, or name the folder of a run with --output.");
        }

        var device = settings.TorchDevice();
        Model = CausalLM.Load(settings.Model, device, settings.DType);
        Transform = StainedGlassTransform.Load(settings.Transform, Model.EmbeddingTable);
        Adapters = LoraAdapters.Load(settings.Adapter, Model);
        Tokenizer = new NoiseTokenizer(Jigsaw.Tokenization.Tokenizer.Load(settings.Model), device) { NoiseRoles = [.. settings.NoiseRoles] };
    }

    /// <summary>The frozen base.</summary>
    internal CausalLM Model { get; }

    /// <summary>The trained transform, with secure noise.</summary>
    internal StainedGlassTransform Transform { get; }

    /// <summary>The trained adapters.</summary>
    internal LoraAdapters Adapters { get; }

    /// <summary>The tokenizer.</summary>
    internal NoiseTokenizer Tokenizer { get; }

    public void Dispose()
    {
        Adapters.Dispose();
        Transform.Dispose();
        Model.Dispose();
    }
}
