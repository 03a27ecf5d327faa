using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Jigsaw.Processes;

/// <summary>Exchanges of tensors between processes, by way of the host. Without a group a tensor is its own sum.</summary>
internal static class GroupTensors
{
    /// <summary>Adds up a tensor of all processes in place.</summary>
    /// <param name="group">The processes; null for one.</param>
    /// <param name="tensor">float32 or float64, of one shape in all of them.</param>
    /// <returns>The same tensor.</returns>
    public static Tensor Sum(IProcessGroup? group, Tensor tensor)
    {
        if (group is null)
        {
            return tensor;
        }

        using var grad = no_grad();
        using var host = Host(tensor);
        if (host.dtype == ScalarType.Float64)
        {
            group.Sum(Values<double>(host));
        }
        else
        {
            group.Sum(Values<float>(host));
        }

        using var shaped = host.reshape(tensor.shape);
        tensor.copy_(shaped);
        return tensor;
    }

    /// <summary>Adds up several tensors of all processes in place, in one exchange.</summary>
    /// <param name="group">The processes; null for one.</param>
    /// <param name="tensors">Of one floating type, each of one shape in all processes.</param>
    public static void Sum(IProcessGroup? group, params Tensor[] tensors)
    {
        if (group is null)
        {
            return;
        }

        using var scope = NewDisposeScope();
        using var grad = no_grad();
        var all = Sum(group, cat([.. tensors.Select(tensor => tensor.reshape(-1))]));
        var from = 0L;
        foreach (var tensor in tensors)
        {
            tensor.copy_(all.narrow(0, from, tensor.numel()).reshape(tensor.shape));
            from += tensor.numel();
        }
    }

    /// <summary>The rows of all processes, one after the other, shape (all rows, …), and how many there are before this process's own.</summary>
    /// <param name="group">The processes; null for one.</param>
    /// <param name="rows">float32 or float64, any number of rows in each process.</param>
    public static (Tensor Rows, long Before) Gather(IProcessGroup? group, Tensor rows)
    {
        if (group is null)
        {
            return (rows, 0);
        }

        using var host = Host(rows);
        var parts = group.Gather(host.dtype == ScalarType.Float64 ? MemoryMarshal.AsBytes(Values<double>(host)) : MemoryMarshal.AsBytes(Values<float>(host)));
        var all = parts.SelectMany(part => part).ToArray();
        using var flat = host.dtype == ScalarType.Float64 ? tensor(MemoryMarshal.Cast<byte, double>(all).ToArray()) : tensor(MemoryMarshal.Cast<byte, float>(all).ToArray());
        var row = rows.shape[1..].Aggregate(1L, (product, size) => product * size) * rows.element_size();
        using var shaped = flat.reshape([all.Length / Math.Max(row, 1), .. rows.shape[1..]]);
        return (shaped.to(rows.device, copy: true), parts.Take(group.Rank).Sum(part => (long)part.Length) / Math.Max(row, 1));
    }

    private static Tensor Host(Tensor tensor)
    {
        using var scope = NewDisposeScope();
        return tensor.detach().to(CPU, copy: true).contiguous().reshape(-1).MoveToOuterDisposeScope();
    }

    private static Span<T> Values<T>(Tensor host)
        where T : unmanaged => MemoryMarshal.Cast<byte, T>(host.bytes);
}
