using Jigsaw.Processes;
using static TorchSharp.torch;

namespace Jigsaw.Batches;

/// <summary>
/// What the parts of one step, micro-batches of this process and of others, know of each other. A mask counts its tokens in all of them, so a mean divides by that number, and the values of the parts add up to that
/// of one large batch. A function of a mean, such as a cap, bends the mean over all of them, which a first run without gradients finds, or, where each process has one part, an exchange.
/// </summary>
internal sealed class MicroBatches(int count) : IDisposable
{
    private readonly List<Tensor> _means = [];
    private int _capped;

    /// <summary>How many there are, in all processes.</summary>
    public int Count { get; } = count;

    /// <summary>The processes among which the step is divided; null for one.</summary>
    public IProcessGroup? Group { get; init; }

    /// <summary>The first row of the part that the process has, among those of the step.</summary>
    public int FirstRow { get; init; }

    /// <summary>How many rows of the step the process has: 0 for one that runs a row that counts nothing.</summary>
    public int OwnRows { get; init; }

    /// <summary>Rows of the step; 0 if the part is not one of a process.</summary>
    public int Rows { get; init; }

    /// <summary>True in the run that finds the means of capped terms.</summary>
    public bool FindsMeans { get; set; }

    /// <summary>True if a capped term has been found.</summary>
    public bool HasMeans => _means.Count > 0;

    /// <summary>Begins a micro-batch: its capped terms come in the same order as those of the others.</summary>
    public void Begin() => _capped = 0;

    /// <summary>The mean of the next capped term over all parts; in the run that finds it, over those so far. A part of a process exchanges it at once.</summary>
    /// <param name="mean">This part's share of it, shape ().</param>
    public Tensor Whole(Tensor mean)
    {
        if (Rows > 0)
        {
            using var own = mean.detach();
            return GroupTensors.Sum(Group, own.clone());
        }

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

    /// <summary>Adds up the means that the processes have found.</summary>
    public void ExchangeMeans()
    {
        if (Group is not null && _means.Count > 0)
        {
            using var scope = NewDisposeScope();
            var all = GroupTensors.Sum(Group, stack(_means));
            for (var i = 0; i < _means.Count; i++)
            {
                _means[i].copy_(all[i]);
            }
        }
    }

    /// <summary>Frees the means.</summary>
    public void Dispose() => _means.ForEach(mean => mean.Dispose());
}
