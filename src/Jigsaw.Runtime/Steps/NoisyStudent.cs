using Jigsaw.Models.Decoder;
using Jigsaw.Losses.Logits;
using Jigsaw.Models;
using Jigsaw.Models.Lora;

namespace Jigsaw.Steps;

/// <summary>The base model with its adapters, which learns to read transformed embeddings.</summary>
public sealed class NoisyStudent : NoisyModel, IDisposable
{
    private readonly bool _ownsAdapters;

    /// <summary>Makes a student with fresh adapters.</summary>
    /// <param name="model">The frozen base, which remains the caller's.</param>
    /// <param name="lora">Which modules get adapters, and of which rank.</param>
    /// <param name="seed">Seed of the adapters' initial values.</param>
    public NoisyStudent(CausalLM model, LoraConfig lora, long seed = 0)
        : this(model, LoraAdapters.Create(model, lora, seed))
    {
        _ownsAdapters = true;
    }

    /// <summary>Makes a student with existing adapters.</summary>
    /// <param name="model">The frozen base, which remains the caller's.</param>
    /// <param name="adapters">The adapters, which remain the caller's.</param>
    public NoisyStudent(ICausalLM model, IAdapters adapters)
        : base(model)
    {
        ArgumentNullException.ThrowIfNull(adapters);
        Adapters = adapters;
    }

    /// <summary>What is trained of the student.</summary>
    public IAdapters Adapters { get; }

    /// <summary>The buffers of the loop over the vocabulary, kept for the next step.</summary>
    internal LogitWorkspaces Workspaces { get; } = new();

    /// <summary>The buffers for what the passes record for their backward pass, kept for the next step.</summary>
    internal LayerRecords Records { get; } = new();

    private protected override IAdapters? PassAdapters => Adapters;

    private protected override IReadOnlyList<Pass> OwnPasses { get; } = [Pass.StudentNoisy, Pass.StudentClean];

    /// <summary>Frees the buffers that steps keep for the next one.</summary>
    internal void ReleaseMemory()
    {
        Workspaces.Dispose();
        Records.Clear();
    }

    /// <summary>Frees the activations of the last forward, and the adapters if this student made them.</summary>
    public void Dispose()
    {
        Forget();
        ReleaseMemory();
        if (_ownsAdapters)
        {
            Adapters.Dispose();
        }
    }
}
