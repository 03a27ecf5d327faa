using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Jigsaw.Batches;
using Jigsaw.Diagnostics;
using Jigsaw.Models.Decoder;
using Jigsaw.Processes;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Jigsaw.Training;

/// <summary>What the processes of a training do together; each method is called by all of them, and does nothing where there is one.</summary>
/// <param name="group">The processes; null for one.</param>
internal sealed class TrainingProcesses(IProcessGroup? group)
{
    // Far more than rounding does between two checkpoints, far less than a step that one process leaves out.
    private const double NormTolerance = 1e-3;

    /// <summary>True in the process that writes files.</summary>
    public bool IsFirst => group is null || group.Rank == 0;

    /// <summary>The rows of a step's batch that this process has; the batch itself where there is one process.</summary>
    public TokenBatch Part(TokenBatch batch) => group is { Size: > 1 } ? batch.PartOf(group) : batch;

    /// <summary>Adds up the gradients of all processes, in one exchange.</summary>
    /// <param name="trained">The trained tensors, in the same order in each process.</param>
    public void SumGradients(IReadOnlyList<Parameter> trained)
    {
        if (group is not { Size: > 1 })
        {
            return;
        }

        using var phase = StepPhases.Begin("exchange");
        var gradients = trained.Select(parameter => parameter.grad).OfType<Tensor>().ToArray();
        GroupTensors.Sum(group, gradients);
    }

    /// <summary>Agrees on whether to stop: if any process is asked to, and when the first one says that time is up.</summary>
    public (bool IsCanceled, bool IsTimeUp) Agree(bool isCanceled, bool isTimeUp)
    {
        if (group is not { Size: > 1 })
        {
            return (isCanceled, isTimeUp);
        }

        var said = group.Gather([isCanceled ? (byte)1 : (byte)0, isTimeUp ? (byte)1 : (byte)0]);
        return (said.Any(one => one[0] != 0), said[0][1] != 0);
    }

    /// <summary>What the first process says; null if it says nothing.</summary>
    public string? OfFirst(string? text)
    {
        if (group is not { Size: > 1 })
        {
            return text;
        }

        var said = group.Gather(IsFirst && text is not null ? [1, .. Encoding.UTF8.GetBytes(text)] : [])[0];
        return said.Length == 0 ? null : Encoding.UTF8.GetString(said.AsSpan(1));
    }

    /// <summary>Refuses to train if the processes differ in what they were begun with, or in the values of what is trained.</summary>
    /// <param name="settings">The settings of the training.</param>
    /// <param name="step">Steps that are done.</param>
    /// <param name="trained">What is trained, by name.</param>
    /// <exception cref="ProcessGroupException">Something differs: the message names the first process and the first thing that does.</exception>
    public void RequireSame(IReadOnlyDictionary<string, string> settings, int step, IEnumerable<(string Name, Tensor Value)> trained)
    {
        if (group is not { Size: > 1 })
        {
            return;
        }

        var own = new OrderedDictionary<string, string>(settings) { ["step"] = step.ToString(CultureInfo.InvariantCulture) };
        foreach (var (name, value) in trained)
        {
            own["values of " + name] = Hash(value);
        }

        var all = group.Gather(JsonSerializer.SerializeToUtf8Bytes(own.ToDictionary(), TrainingOptionsJson.Default.DictionaryStringString)).Select(text => JsonSerializer.Deserialize(text, TrainingOptionsJson.Default.DictionaryStringString)!).ToArray();
        for (var rank = 1; rank < all.Length; rank++)
        {
            foreach (var name in all[0].Keys.Union(all[rank].Keys))
            {
                var (first, other) = (all[0].GetValueOrDefault(name, "absent"), all[rank].GetValueOrDefault(name, "absent"));
                if (first != other)
                {
                    throw new ProcessGroupException($"Process {rank} of {all.Length} has {name} = {TrainingState.Shortened(other)}, but process 0 has {TrainingState.Shortened(first)}; start all with the same model, data, recipe and options.");
                }
            }
        }
    }

    /// <summary>Refuses to go on if what is trained has drifted apart between the processes: each has applied the same gradients, so their values differ by rounding alone.</summary>
    /// <param name="step">Steps that are done.</param>
    /// <param name="trained">What is trained, by name.</param>
    /// <exception cref="ProcessGroupException">The norm of a tensor differs: the message names the process and the tensor.</exception>
    public void RequireNear(int step, IReadOnlyList<(string Name, Tensor Value)> trained)
    {
        if (group is not { Size: > 1 })
        {
            return;
        }

        var own = trained.Select(pair => Norm(pair.Value)).ToArray();
        var all = group.Gather(MemoryMarshal.AsBytes<double>(own).ToArray()).Select(bytes => MemoryMarshal.Cast<byte, double>(bytes).ToArray()).ToArray();
        for (var rank = 1; rank < all.Length; rank++)
        {
            for (var i = 0; i < own.Length; i++)
            {
                var (first, other) = (all[0][i], all[rank][i]);
                if (!first.Equals(other) && !(Math.Abs(first - other) <= NormTolerance * Math.Max(first, other)))
                {
                    throw new ProcessGroupException(string.Create(CultureInfo.InvariantCulture, $"After step {step} the norm of {trained[i].Name} is {other} in process {rank} of {all.Length}, but {first} in process 0: they have applied different gradients. Nothing from here on is saved; go on from a checkpoint before, and run all processes on the same build and kind of machine."));
                }
            }
        }
    }

    /// <summary>Refuses adapters that draw dropout: processes would not draw what one draws for all rows.</summary>
    /// <exception cref="ProcessGroupException">There are several processes, and the adapters have dropout.</exception>
    public void RequireNoDropout(IAdapters adapters)
    {
        if (group is { Size: > 1 } && adapters.IsRandom)
        {
            throw new ProcessGroupException("The adapters have dropout, which several processes would not draw as one does; use adapters without dropout, or train in one process.");
        }
    }

    /// <summary>Waits for all.</summary>
    public void Meet() => Agree(false, false);

    /// <summary>Ends the others where only this process can't go on.</summary>
    /// <param name="exception">Why. What all processes find alike ends each of them by itself.</param>
    public void End(Exception exception)
    {
        if (group is { Size: > 1 } && exception is not (OperationCanceledException or NonFiniteLossException or ProcessGroupException))
        {
            group.Abort(exception.Message);
        }
    }

    private static double Norm(Tensor value)
    {
        using var scope = NewDisposeScope();
        using var grad = no_grad();
        return value.to(ScalarType.Float64).norm().cpu().item<double>();
    }

    private static string Hash(Tensor value)
    {
        using var scope = NewDisposeScope();
        return Convert.ToHexStringLower(SHA256.HashData(value.detach().to(CPU, copy: true).contiguous().bytes))[..12];
    }
}
