using Mono.Cecil;
using Mono.Cecil.Cil;

namespace Jigsaw.Architecture.Tests;

/// <summary>
/// Finds the calls by which a <c>Scalar</c> of TorchSharp is made that nobody holds: its finalizer may then free it while the native call still reads it.
/// A method of TorchSharp that takes a number and makes the scalar itself, such as <c>tensor * 2.0</c>, counts as well, and so do its callers inside TorchSharp.
/// </summary>
internal sealed class ScalarCalls : IDisposable
{
    private readonly AssemblyDefinition _torchSharp;
    private readonly HashSet<string> _making = new(StringComparer.Ordinal);

    public ScalarCalls(string torchSharp)
    {
        _torchSharp = AssemblyDefinition.ReadAssembly(torchSharp);
        var methods = Methods(_torchSharp.MainModule).ToArray();
        var callers = new Dictionary<string, List<string>>(StringComparer.Ordinal);
        foreach (var method in methods)
        {
            foreach (var called in Called(method))
            {
                (callers.TryGetValue(called, out var list) ? list : callers[called] = []).Add(method.FullName);
            }
        }

        Add(methods.Where(method => method.DeclaringType.FullName == "TorchSharp.Scalar" && method.IsConstructor), callers);

        // Whoever makes such an optimizer or module has its step or forward called by a base type.
        Add(methods.Where(method => method.IsConstructor && IsCalledByItsBase(method.DeclaringType) && method.DeclaringType.Methods.Any(step => step.IsVirtual && _making.Contains(step.FullName))).ToArray(), callers);
    }

    /// <summary>Every call of an assembly that makes an unheld scalar, with the method that it is in.</summary>
    public IEnumerable<(string Caller, string Called)> In(string assembly)
    {
        using var read = AssemblyDefinition.ReadAssembly(assembly);
        foreach (var method in Methods(read.MainModule))
        {
            foreach (var called in Called(method).Where(called => _making.Contains(called) && !IsReplaced(method, called)))
            {
                yield return (method.FullName, called);
            }
        }
    }

    public void Dispose() => _torchSharp.Dispose();

    private void Add(IEnumerable<MethodDefinition> methods, Dictionary<string, List<string>> callers)
    {
        var open = new Queue<string>(methods.Select(method => method.FullName).Where(_making.Add));
        while (open.TryDequeue(out var name))
        {
            foreach (var caller in callers.GetValueOrDefault(name, []).Where(_making.Add))
            {
                open.Enqueue(caller);
            }
        }
    }

    private static bool IsCalledByItsBase(TypeDefinition type)
    {
        for (var at = type.BaseType?.Resolve(); at is not null; at = at.BaseType?.Resolve())
        {
            if (at.FullName is "TorchSharp.torch/optim/Optimizer" or "TorchSharp.torch/nn/Module")
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>A type that has a step of its own may call the constructor of the optimizer below it.</summary>
    private static bool IsReplaced(MethodDefinition method, string called) =>
        method.IsConstructor && called.Contains($"{method.DeclaringType.BaseType?.FullName}::.ctor", StringComparison.Ordinal) && method.DeclaringType.Methods.Any(step => step.Name == "step" && step.IsVirtual);

    private static IEnumerable<MethodDefinition> Methods(ModuleDefinition module) =>
        module.GetTypes().SelectMany(type => type.Methods).Where(method => method.HasBody);

    private static IEnumerable<string> Called(MethodDefinition method) =>
        method.Body.Instructions.Where(instruction => instruction.OpCode.Code is Code.Call or Code.Callvirt or Code.Newobj or Code.Ldftn or Code.Ldvirtftn)
            .Select(instruction => ((MethodReference)instruction.Operand).GetElementMethod().FullName);
}
