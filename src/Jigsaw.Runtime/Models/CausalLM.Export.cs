using Jigsaw.Checkpoints;
using Jigsaw.Models.Decoder;
using Jigsaw.Tensors;
using static TorchSharp.torch;

namespace Jigsaw.Models;

public sealed partial class CausalLM
{
    /// <summary>
    /// Adds adapters into the weights: W + s·B·A, rounded once to the model's type. The model is then no longer the base, so this is for serving
    /// and export, not for a model that a teacher uses; <see cref="Unmerge"/> restores the original weights, bit for bit.
    /// </summary>
    /// <param name="adapters">The adapters.</param>
    /// <exception cref="InvalidOperationException">Adapters are already merged.</exception>
    public void Merge(IAdapters adapters)
    {
        ArgumentNullException.ThrowIfNull(adapters);
        if (IsMerged)
        {
            throw new InvalidOperationException("Adapters are already merged into this model; call Unmerge() first.");
        }

        using var grad = no_grad();
        using var scope = NewDisposeScope();
        foreach (var linear in Linears)
        {
            if (adapters.Find(linear.Module) is { } adapter)
            {
                linear.Replace(Merged(linear, adapter));
            }
        }

        IsMerged = true;
    }

    /// <summary>Restores the weights that <see cref="Merge"/> replaced, bit for bit.</summary>
    public void Unmerge()
    {
        foreach (var linear in Linears)
        {
            linear.Restore();
        }

        IsMerged = false;
    }

    /// <summary>True if adapters are merged into the weights.</summary>
    public bool IsMerged { get; private set; }

    /// <summary>Writes a checkpoint that transformers loads: the weights, and the other files of the checkpoint that this model was read from.</summary>
    /// <param name="directory">The directory; created if it doesn't exist. Not the one that the model was read from.</param>
    /// <param name="adapters">Adapters to add into the written weights; the model itself is unchanged.</param>
    /// <param name="shardBytes">The size limit of a weight file; null writes one file.</param>
    /// <exception cref="ArgumentException">The directory is the model's own.</exception>
    /// <exception cref="InvalidOperationException">Layers are offloaded whose weights are not in memory.</exception>
    public void Export(string directory, IAdapters? adapters = null, long? shardBytes = null)
    {
        ArgumentNullException.ThrowIfNull(directory);
        if (Path.GetFullPath(directory) == Path.GetFullPath(_directory))
        {
            throw new ArgumentException($"{directory} is the checkpoint that this model was read from; name another directory.", nameof(directory));
        }

        Directory.CreateDirectory(directory);
        using var grad = no_grad();
        CheckpointWriter.Write(directory, NamedWeights(adapters), shardBytes);
        CheckpointWriter.CopyDescription(_directory, directory, DType);
    }

    private static Tensor Merged(FrozenLinear linear, ILinearAdapter adapter)
    {
        using var scope = NewDisposeScope();
        var delta = adapter.Delta();
        var weight = linear.Weight.to(delta.dtype).Plus(delta.to(linear.Weight.device));
        return weight.to(linear.Weight.dtype).detach().MoveToOuterDisposeScope();
    }

    /// <summary>The weights under their names in a checkpoint; a merged one is computed on access.</summary>
    internal IEnumerable<CheckpointTensor> NamedWeights(IAdapters? adapters)
    {
        yield return CheckpointTensor.Of(CausalLMTensors.EmbeddingTable, EmbeddingTable);
        foreach (var layer in _layers)
        {
            foreach (var (name, norm) in layer.NamedNorms)
            {
                yield return CheckpointTensor.Of(name + ".weight", norm.Weight);
            }

            foreach (var linear in layer.Linears)
            {
                yield return adapters?.Find(linear.Module) is { } adapter
                    ? new CheckpointTensor(linear.Module + ".weight", linear.Weight.shape, DType, () => Merged(linear, adapter))
                    : CheckpointTensor.Of(linear.Module + ".weight", linear.Weight);
                if (linear.Bias is { } bias)
                {
                    yield return CheckpointTensor.Of(linear.Module + ".bias", bias);
                }
            }
        }

        yield return CheckpointTensor.Of(CausalLMTensors.Norm, _norm.Weight);
        if (!Config.TiedHead)
        {
            yield return CheckpointTensor.Of(CausalLMTensors.Head, Head.Weight);
        }
    }
}
