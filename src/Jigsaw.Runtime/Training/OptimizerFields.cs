using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.CompilerServices;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Jigsaw.Training;

/// <summary>
/// What an optimizer keeps for each tensor that it trains, by the tensor's name and the field's: tensors and numbers, whatever the optimizer calls
/// them, so any optimizer derived from TorchSharp's <see cref="OptimizerHelper"/> can be saved, including custom ones.
/// </summary>
internal sealed class OptimizerFields
{
    private readonly string _optimizer;
    private readonly List<Entry> _entries = [];

    /// <summary>Finds the state of an optimizer.</summary>
    /// <param name="optimizer">The optimizer.</param>
    /// <param name="parameters">Name and value of all trained tensors.</param>
    /// <exception cref="ArgumentException">The optimizer's state is unknown, it trains another tensor, or it keeps something that is neither a tensor nor a number.</exception>
    public OptimizerFields(optim.Optimizer optimizer, IReadOnlyList<(string Name, Parameter Value)> parameters)
    {
        _optimizer = optimizer.GetType().Name;
        if (optimizer is not OptimizerHelper helper)
        {
            throw new ArgumentException($"{_optimizer} is not derived from TorchSharp.Modules.OptimizerHelper, so what it keeps is unknown; derive it from that class.", nameof(optimizer));
        }

        var names = parameters.ToDictionary(parameter => parameter.Value.Handle, parameter => parameter.Name);
        foreach (var (parameter, state) in helper.parameters().Zip(helper.state_dict().State))
        {
            if (!names.TryGetValue(parameter.Handle, out var name))
            {
                throw new ArgumentException($"{_optimizer} trains a tensor of shape ({string.Join(", ", parameter.shape)}) that is in no parameter group of the training run; give it only tensors of the groups.", nameof(optimizer));
            }

            foreach (var field in Fields(state.GetType()))
            {
                var entry = new Entry(name, field, state, parameter);
                if (!entry.IsTensor && !entry.IsNumber)
                {
                    throw new ArgumentException($"{_optimizer} keeps '{entry.Field}' of the type {field.FieldType.Name} for each tensor, which a checkpoint can't hold; keep tensors and numbers, or use another optimizer.", nameof(optimizer));
                }

                _entries.Add(entry);
            }
        }
    }

    /// <summary>The existing tensors.</summary>
    public IEnumerable<KeyValuePair<string, Tensor>> Tensors =>
        _entries.Where(entry => entry.IsTensor && entry.Value is not null).Select(entry => KeyValuePair.Create(entry.Key, (Tensor)entry.Value!));

    /// <summary>The numbers.</summary>
    public IEnumerable<KeyValuePair<string, double>> Numbers =>
        _entries.Where(entry => entry.IsNumber).Select(entry => KeyValuePair.Create(entry.Key, Convert.ToDouble(entry.Value, System.Globalization.CultureInfo.InvariantCulture)));

    /// <summary>The part of a saved state that doesn't match this optimizer; null if it matches.</summary>
    /// <param name="tensors">Saved tensors by name.</param>
    /// <param name="numbers">Saved numbers by name.</param>
    public string? Problem(IReadOnlyDictionary<string, Tensor> tensors, IReadOnlyDictionary<string, double> numbers)
    {
        foreach (var entry in _entries)
        {
            if (entry.IsNumber && !numbers.ContainsKey(entry.Key))
            {
                return $"has no '{entry.Key}' for {_optimizer}";
            }

            if (entry.IsNumber && !entry.Holds(numbers[entry.Key]))
            {
                return $"has {numbers[entry.Key].ToString(System.Globalization.CultureInfo.InvariantCulture)} for '{entry.Key}', which {_optimizer} can't have counted";
            }

            if (entry.IsTensor && entry.Value is Tensor now && (!tensors.TryGetValue(entry.Key, out var saved) || !saved.shape.AsSpan().SequenceEqual(now.shape)))
            {
                return $"has no '{entry.Key}' of shape ({string.Join(", ", now.shape)}) for {_optimizer}";
            }
        }

        var known = _entries.Select(entry => entry.Key).ToHashSet(StringComparer.Ordinal);
        return tensors.Keys.Concat(numbers.Keys).FirstOrDefault(name => !known.Contains(name)) is { } extra ? $"holds '{extra}', which {_optimizer} doesn't keep" : null;
    }

    /// <summary>Restores a saved state that matches.</summary>
    /// <param name="tensors">Saved tensors by name; copied.</param>
    /// <param name="numbers">Saved numbers by name.</param>
    public void Restore(IReadOnlyDictionary<string, Tensor> tensors, IReadOnlyDictionary<string, double> numbers)
    {
        foreach (var entry in _entries)
        {
            if (entry.IsNumber)
            {
                entry.Set(numbers[entry.Key]);
            }
            else if (tensors.TryGetValue(entry.Key, out var saved))
            {
                entry.Set(saved);
            }
        }
    }

    private const DynamicallyAccessedMemberTypes States = DynamicallyAccessedMemberTypes.PublicFields | DynamicallyAccessedMemberTypes.NonPublicFields;

    /// <summary>The fields of a state, including those of its base classes below TorchSharp's.</summary>
    /// <remarks>A trimmed program keeps the fields of the common optimizers' states; one with another optimizer roots that optimizer's assembly.</remarks>
    [DynamicDependency(States, "TorchSharp.Modules.AdamW.State", "TorchSharp")]
    [DynamicDependency(States, "TorchSharp.Modules.Adam.State", "TorchSharp")]
    [DynamicDependency(States, "TorchSharp.Modules.SGD.State", "TorchSharp")]
    [UnconditionalSuppressMessage("Trimming", "IL2070", Justification = "The fields of the states above are kept.")]
    [UnconditionalSuppressMessage("Trimming", "IL2075", Justification = "The fields of the states above are kept.")]
    private static IEnumerable<FieldInfo> Fields(Type type)
    {
        for (var level = type; level is not null && level != typeof(OptimizerState); level = level.BaseType)
        {
            foreach (var field in level.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            {
                yield return field;
            }
        }
    }

    private sealed record Entry(string Parameter, FieldInfo Info, OptimizerState State, Parameter Trained)
    {
        /// <summary>The field's name in the source; for an automatic property, the property's.</summary>
        public string Field { get; } = Info.IsDefined(typeof(CompilerGeneratedAttribute)) && Info.Name.IndexOf('>', StringComparison.Ordinal) is var end and > 0 ? Info.Name[1..end] : Info.Name;

        public string Key => $"{Parameter}.{Field}";

        public bool IsTensor => typeof(Tensor).IsAssignableFrom(Info.FieldType);

        public bool IsNumber => Type.GetTypeCode(Info.FieldType) is System.TypeCode.Boolean or System.TypeCode.Int32 or System.TypeCode.Int64 or System.TypeCode.Single or System.TypeCode.Double;

        /// <summary>True if the field can have this number.</summary>
        public bool Holds(double number) => Type.GetTypeCode(Info.FieldType) switch
        {
            System.TypeCode.Boolean => number is 0 or 1,
            System.TypeCode.Int32 => number is >= int.MinValue and <= int.MaxValue && double.IsInteger(number),
            System.TypeCode.Int64 => Math.Abs(number) < long.MaxValue && double.IsInteger(number),
            _ => true,
        };

        public object? Value => Info.GetValue(State);

        public void Set(double number) => Info.SetValue(State, Convert.ChangeType(number, Info.FieldType, System.Globalization.CultureInfo.InvariantCulture));

        public void Set(Tensor saved)
        {
            if (Value is Tensor now)
            {
                now.copy_(saved);
            }
            else
            {
                Info.SetValue(State, saved.to(saved.dtype, Trained.device, copy: true).DetachFromDisposeScope());
            }
        }
    }
}
