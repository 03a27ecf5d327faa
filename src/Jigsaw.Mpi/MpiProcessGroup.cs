using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Jigsaw.Processes;
using MPI;

namespace Jigsaw.Mpi;

/// <summary>
/// The processes that <c>mpiexec</c> has started, all those of MPI's world. It needs MPICH, or what shares its interface (Intel MPI, MVAPICH), or MS-MPI on Windows; Open MPI's handles are pointers, which MPI.NET can't have.
/// </summary>
public sealed class MpiProcessGroup : IProcessGroup, IDisposable
{
    private static readonly string[] _libraries = ["libmpich.so.12", "libmpi.so.12", "libmpich.so", "libmpi.dylib", "libmpich.dylib"];

    // MPI_IN_PLACE of MPICH and MS-MPI, which MPI.NET doesn't name.
    private static readonly IntPtr _inPlace = new(-1);
    private static int _hasStarted;

    private readonly MPI.Environment _environment;

    private MpiProcessGroup(MPI.Environment environment)
    {
        _environment = environment;
        Rank = Communicator.world.Rank;
        Size = Communicator.world.Size;
    }

    /// <inheritdoc/>
    public int Rank { get; }

    /// <inheritdoc/>
    public int Size { get; }

    /// <summary>Starts MPI in this process; once, on the thread that trains. A process without <c>mpiexec</c> is alone.</summary>
    /// <exception cref="InvalidOperationException">MPI has been started in this process before.</exception>
    /// <exception cref="ProcessGroupException">There is no MPI library: the message says which is needed.</exception>
    public static MpiProcessGroup Start()
    {
        if (Interlocked.Exchange(ref _hasStarted, 1) != 0)
        {
            throw new InvalidOperationException("MPI has been started in this process, and it starts only once; pass the group that was made then.");
        }

        if (!OperatingSystem.IsWindows())
        {
            var library = Load();
            NativeLibrary.SetDllImportResolver(typeof(Communicator).Assembly, (name, _, _) => name.StartsWith("msmpi", StringComparison.OrdinalIgnoreCase) ? library : IntPtr.Zero);
        }

        string[] arguments = [];
        return new MpiProcessGroup(new MPI.Environment(ref arguments, Threading.Serialized));
    }

    /// <inheritdoc/>
    public unsafe void Sum(Span<float> values)
    {
        fixed (float* first = values)
        {
            Sum((IntPtr)first, values.Length, Unsafe.MPI_FLOAT);
        }
    }

    /// <inheritdoc/>
    public unsafe void Sum(Span<double> values)
    {
        fixed (double* first = values)
        {
            Sum((IntPtr)first, values.Length, Unsafe.MPI_DOUBLE);
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<byte[]> Gather(ReadOnlySpan<byte> value)
    {
        // MPI.NET can't give the address of an array without elements.
        byte[] sent = [0, .. value];
        var lengths = Communicator.world.Allgather(sent.Length);
        var all = new byte[lengths.Sum()];
        Communicator.world.AllgatherFlattened(sent, lengths, ref all);
        var parts = new byte[Size][];
        var from = 0;
        for (var rank = 0; rank < Size; rank++)
        {
            parts[rank] = all[(from + 1)..(from + lengths[rank])];
            from += lengths[rank];
        }

        return parts;
    }

    /// <summary>Says on standard error why this process can't go on, and ends all processes, this one included.</summary>
    /// <param name="reason">Why, as a sentence.</param>
    public void Abort(string reason)
    {
        Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"error: Process {Rank} of {Size} can't go on, and ends all. {reason}"));
        Console.Error.Flush();
        if (OperatingSystem.IsWindows())
        {
            MPI.Environment.Abort(1);
        }

        // MPICH's MPI_Abort exits, and the handlers of that wait for this very thread. For a process that is killed mpiexec ends all others.
        using var self = Process.GetCurrentProcess();
        self.Kill();
    }

    /// <summary>Ends MPI in this process. All processes do it when they are done.</summary>
    public void Dispose() => _environment.Dispose();

    private static unsafe void Sum(IntPtr values, int count, int type)
    {
        var code = Unsafe.MPI_Allreduce(_inPlace, values, count, type, Unsafe.MPI_SUM, Unsafe.MPI_COMM_WORLD);
        if (code != Unsafe.MPI_SUCCESS)
        {
            throw new ProcessGroupException(string.Create(CultureInfo.InvariantCulture, $"MPI can't add up {count} numbers (code {code}): another process has probably ended."));
        }
    }

    private static IntPtr Load()
    {
        foreach (var name in _libraries)
        {
            if (NativeLibrary.TryLoad(name, out var library))
            {
                return library;
            }
        }

        throw new ProcessGroupException($"There is no MPI library ({string.Join(", ", _libraries)}); install MPICH, on Debian and Ubuntu the package mpich.");
    }
}
