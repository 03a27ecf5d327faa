using Jigsaw.Models.Decoder;
using static TorchSharp.torch;

namespace Jigsaw.Tensors;

/// <summary>
/// The large buffers of a step, kept for the next one: to ask the system for hundreds of megabytes anew, and have every page cleared, takes a
/// tenth of a step.
/// </summary>
internal sealed class Workspaces : IDisposable
{
    private readonly Dictionary<(string Name, ScalarType Type), Tensor> _workspaces = [];

    /// <summary>What the passes keep for their way back.</summary>
    public LayerRecords Records { get; } = new();

    /// <summary>A workspace with anything in it, shape (rows, columns), in the caller's dispose scope; the same memory for the same name.</summary>
    public Tensor Workspace(string name, long rows, long columns, ScalarType type, Device device)
    {
        var size = rows * columns;
        if (!_workspaces.TryGetValue((name, type), out var memory) || memory.numel() < size || !KernelArguments.IsOn(memory, device))
        {
            memory?.Dispose();
            _workspaces[(name, type)] = memory = empty([size], dtype: type, device: device).DetachFromDisposeScope();
        }

        using var part = memory.narrow(0, 0, size);
        return part.view(rows, columns);
    }

    /// <summary>Frees everything; the next step asks for it anew.</summary>
    public void Clear()
    {
        Records.Clear();
        foreach (var memory in _workspaces.Values)
        {
            memory.Dispose();
        }

        _workspaces.Clear();
    }

    /// <summary>Frees everything.</summary>
    public void Dispose() => Clear();
}
