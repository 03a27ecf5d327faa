namespace Jigsaw.Mpi.Tests;

/// <summary>A test that needs mpiexec of MPICH, and says so where it is not found.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class MpiFactAttribute : FactAttribute
{
    public MpiFactAttribute() => Skip = MpiRun.Starter is null ? "There is no mpiexec of MPICH on the PATH; on Debian and Ubuntu the package mpich has it." : null;
}
