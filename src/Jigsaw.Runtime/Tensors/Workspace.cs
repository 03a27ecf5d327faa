using static TorchSharp.torch;

namespace Jigsaw.Tensors;

/// <summary>
/// A large buffer that is kept for the next use and grows as needed: requesting hundreds of megabytes from the system again, with
/// every page cleared, takes a tenth of a step.
/// </summary>
internal sealed class Workspace : IDisposable
{
    private Tensor? _memory;

    /// <summary>The buffer, uninitialized, shape (rows, columns), in the caller's dispose scope. It shares memory with what earlier calls returned.</summary>
    public Tensor Take(long rows, long columns, ScalarType type, Device device)
    {
        var size = rows * columns;
        if (_memory is null || _memory.dtype != type || _memory.numel() < size || !KernelArguments.IsOn(_memory, device))
        {
            _memory?.Dispose();
            _memory = empty([size], dtype: type, device: device).DetachFromDisposeScope();
        }

        using var part = _memory.narrow(0, 0, size);
        return part.view(rows, columns);
    }

    /// <summary>Frees the memory; the next use allocates it again.</summary>
    public void Dispose()
    {
        _memory?.Dispose();
        _memory = null;
    }
}
