using static TorchSharp.torch;

namespace Jigsaw.Batches;

/// <summary>
/// What the micro-batches of one step know of each other. A mask counts its tokens in all of them, so a mean divides by that number, and the values of the micro-batches add up to that
/// of one large batch. A cap bends the mean over all of them, which a first run without gradients finds.
/// </summary>
internal sealed class MicroBatches(int count) : IDisposable
{
    private readonly List<Tensor> _means = [];
    private int _capped;

    /// <summary>How many there are.</summary>
    public int Count { get; } = count;

    /// <summary>True in the run that finds the means of capped terms.</summary>
    public bool FindsMeans { get; set; }

    /// <summary>True if a capped term has been found.</summary>
    public bool HasMeans => _means.Count > 0;

    /// <summary>Begins a micro-batch: its capped terms come in the same order as those of the others.</summary>
    public void Begin() => _capped = 0;

    /// <summary>The mean of the next capped term over all micro-batches; in the run that finds it, over those so far.</summary>
    /// <param name="mean">This micro-batch's part of it, shape ().</param>
    public Tensor Whole(Tensor mean)
    {
        var index = _capped++;
        if (FindsMeans)
        {
            using var part = mean.detach();
            if (index == _means.Count)
            {
                _means.Add(part.clone().DetachFromDisposeScope());
            }
            else
            {
                // Not a sum, which would make a scalar that nobody holds.
                using var negative = part.neg();
                _means[index].sub_(negative);
            }
        }

        return _means[index];
    }

    /// <summary>Frees the means.</summary>
    public void Dispose() => _means.ForEach(mean => mean.Dispose());
}
