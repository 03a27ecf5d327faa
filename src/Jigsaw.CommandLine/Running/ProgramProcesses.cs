using System.Globalization;
using System.Reflection;
using System.Text;
using Jigsaw.CommandLine.Options;
using Jigsaw.Processes;

namespace Jigsaw.CommandLine.Running;

/// <summary>The processes that work together: those that the program is given, or that mpiexec has started.</summary>
internal sealed class ProgramProcesses : IDisposable
{
    private const string GroupType = "Jigsaw.Mpi.MpiProcessGroup, Jigsaw.Mpi";

    private static readonly string[] _shared = ["train", "evaluate", "sweep"];

    private readonly IDisposable? _owned;

    private ProgramProcesses(IProcessGroup? group, IDisposable? owned) => (Group, _owned) = (group, owned);

    /// <summary>The processes; null where there is one.</summary>
    public IProcessGroup? Group { get; }

    /// <summary>True in the process that prints and writes files.</summary>
    public bool IsFirst => Group is null || Group.Rank == 0;

    /// <summary>Finds out if the program runs in several processes: mpiexec tells each their number, in the variables of PMI.</summary>
    /// <param name="given">What the program was given; null looks for mpiexec.</param>
    /// <exception cref="UsageException">There are several, and the package that lets them work together isn't there.</exception>
    public static ProgramProcesses Find(IProcessGroup? given)
    {
        if (given is not null)
        {
            return new ProgramProcesses(given.Size > 1 ? given : null, null);
        }

        if (!int.TryParse(Environment.GetEnvironmentVariable("PMI_SIZE"), CultureInfo.InvariantCulture, out var size) || size < 2)
        {
            return new ProgramProcesses(null, null);
        }

        var start = Type.GetType(GroupType)?.GetMethod("Start", BindingFlags.Public | BindingFlags.Static)
            ?? throw new UsageException(string.Create(CultureInfo.InvariantCulture, $"mpiexec has started {size} processes, and each would do the whole work: add the package Jigsaw.Mpi to the program, or start it without mpiexec."));
        object group;
        try
        {
            group = start.Invoke(null, BindingFlags.DoNotWrapExceptions, null, null, null)!;
        }
        catch (ProcessGroupException exception)
        {
            throw new UsageException(exception.Message);
        }

        if (Environment.GetEnvironmentVariable("OMP_NUM_THREADS") is null)
        {
            // Teams of threads that share cores wait for each other: each process gets its part of the machine.
            TorchSharp.torch.set_num_threads(Math.Max(1, Environment.ProcessorCount / Local("MPI_LOCALNRANKS", size)));
        }

        return new ProgramProcesses((IProcessGroup)group, (IDisposable)group);
    }

    /// <summary>Refuses what several processes would only repeat.</summary>
    /// <exception cref="UsageException">The verb doesn't run in several processes.</exception>
    public void RequireShared(string verb)
    {
        if (Group is not null && !_shared.Contains(verb))
        {
            throw new UsageException(string.Create(CultureInfo.InvariantCulture, $"mpiexec has started {Group.Size} processes, but only train, evaluate and sweep run in several; start {(verb.Length == 0 ? "this" : verb)} without mpiexec."));
        }
    }

    /// <summary>The settings of work in several processes: the folder is the first one's, and caches are not shared.</summary>
    public RunSettings Settings(RunSettings settings)
    {
        if (Group is null)
        {
            return settings;
        }

        return settings with
        {
            Device = settings.Device == "cuda" ? string.Create(CultureInfo.InvariantCulture, $"cuda:{Local("MPI_LOCALRANKID", 0)}") : settings.Device,
            Output = Encoding.UTF8.GetString(Group.Gather(Encoding.UTF8.GetBytes(settings.Output))[0]),
            Cache = IsFirst || !RunData.IsLarge(settings) ? settings.Cache : Path.Combine(settings.CacheFolder, string.Create(CultureInfo.InvariantCulture, $"process-{Group.Rank}")),
        };
    }

    /// <summary>How many processes of a group are on this machine.</summary>
    public static int OnThisMachine(IProcessGroup? group) => group is null ? 1 : Math.Max(1, Local("MPI_LOCALNRANKS", group.Size));

    /// <summary>What mpiexec says of the processes on this machine.</summary>
    private static int Local(string variable, int otherwise) => int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var value) ? value : otherwise;

    public void Dispose() => _owned?.Dispose();
}
