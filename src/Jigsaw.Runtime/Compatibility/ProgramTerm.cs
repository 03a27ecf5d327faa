using System.Reflection;
using Jigsaw.Batches;
using Jigsaw.CompilerServices;
using Jigsaw.Losses.Kernels;
using Jigsaw.Losses.Pairs;
using Jigsaw.Passes;
using static TorchSharp.torch;

namespace Jigsaw.Compatibility;

/// <summary>A built-in term chosen at run time: its attribute's definition, and the numbers that a recipe would have written.</summary>
internal sealed class ProgramTerm
{
    private readonly Type _attribute;
    private readonly Dictionary<string, object> _written;

    /// <summary>Chooses a term.</summary>
    /// <param name="attribute">The term's attribute.</param>
    /// <param name="weight">Its weight.</param>
    /// <param name="written">The attribute's properties that a recipe would write, and their values; a null is one not written.</param>
    internal ProgramTerm(Type attribute, double weight, params ReadOnlySpan<(string Property, object? Value)> written)
    {
        _attribute = attribute;
        Definition = attribute.GetCustomAttribute<LossTermDefinitionAttribute>()
            ?? throw new ArgumentException($"{attribute.Name} defines no term.", nameof(attribute));
        Weight = weight;
        _written = [];
        foreach (var (property, value) in written)
        {
            if (value is not null)
            {
                _written.Add(property, value);
            }
        }
    }

    internal LossTermDefinitionAttribute Definition { get; }

    internal double Weight { get; }

    internal double? MaxLoss => _written.TryGetValue(nameof(MaximizedTermAttribute.MaxLoss), out var value) ? (double)value : null;

    internal double ScalingFactor => Definition.Pull == TermPull.Maximized ? (double)Value(nameof(MaximizedTermAttribute.ScalingFactor)) : 1;

    internal bool IsOnLogits(int? distillationLayer) =>
        Definition.Place == TermPlace.Logits || (Definition.Place == TermPlace.LayerOrLogits && distillationLayer is null);

    /// <summary>The mask that the term averages over.</summary>
    internal RowMask Mask(StepActivations activations, RowMask lossMask)
    {
        var flags = _written.TryGetValue(nameof(TokenTermAttribute.Mask), out var mask) ? (TokenMask)mask : Definition.Mask;
        foreach (var (property, value) in _written)
        {
            if (_attribute.GetProperty(property)?.GetCustomAttribute<MaskUnlessAttribute>() is { } unless && !(bool)value)
            {
                flags = unless.Mask;
            }
        }

        RowMask? result = null;
        foreach (var (flag, of) in (ReadOnlySpan<(TokenMask, RowMask)>)[(TokenMask.Attention, activations.AttentionMask), (TokenMask.Loss, lossMask), (TokenMask.Noise, activations.NoiseMask)])
        {
            if (flags.HasFlag(flag))
            {
                result = result is null ? of : result & of;
            }
        }

        return result!;
    }

    /// <summary>What the two tensors that it compares row by row are called together; null: it is no comparison of two.</summary>
    internal string? PairName(int? distillationLayer) =>
        IsOnLogits(distillationLayer) ? null
        : Definition.Place != TermPlace.Embeddings ? Definition.Source.ToString()
        : Definition.Pair.Length > 0 ? string.Concat(Definition.Pair) : null;

    /// <summary>Starts the pair of tensors that the term compares.</summary>
    internal PairLoss BeginPair(StepActivations activations) => Definition.Pair is [var first, var second]
        ? PairLoss.OnEmbeddings(activations, (Tensor)Read(first, activations)!, (Tensor)Read(second, activations)!)
        : PairLoss.AtLayer(activations, Definition.Source);

    /// <summary>Adds the term to its pair.</summary>
    internal void AddTo(PairLoss pair, StepActivations activations, RowMask lossMask)
    {
        var method = typeof(PairLoss).GetMethod(Definition.Kernel)!;
        object?[] arguments = [.. Definition.Place == TermPlace.Embeddings ? Arguments(activations, lossMask) : [Mask(activations, lossMask)], MaxLoss, ScalingFactor];
        method.Invoke(pair, BindingFlags.DoNotWrapExceptions, null, arguments[..method.GetParameters().Length], null);
    }

    /// <summary>The value of a term on embeddings that compares no pair, and its parts after it.</summary>
    internal Tensor[] OnEmbeddings(StepActivations activations, RowMask lossMask)
    {
        if (!activations.IncludesEmbeddings)
        {
            return [.. Definition.Parts.Prepend(Definition.Key).Select(_ => activations.Zero)];
        }

        var method = typeof(MaskedKernels).GetMethod(Definition.Kernel, BindingFlags.Public | BindingFlags.Static)!;
        return method.Invoke(null, BindingFlags.DoNotWrapExceptions, null, [.. Arguments(activations, lossMask)], null) switch
        {
            MutualInformationValue value => [value.Value, value.MahalanobisDistance, value.LogConstantsAndDeterminant],
            var value => [(Tensor)value!],
        };
    }

    private static object? Read(string name, StepActivations activations) => typeof(StepActivations).GetProperty(name)?.GetValue(activations);

    private IEnumerable<object> Arguments(StepActivations activations, RowMask lossMask) =>
        Definition.Reads.Select(read => read == "Mask" ? Mask(activations, lossMask) : Read(read, activations) ?? Value(read));

    private object Value(string property)
    {
        if (_written.TryGetValue(property, out var value))
        {
            return value;
        }

        var declared = _attribute.GetProperty(property)!;
        var otherwise = declared.GetCustomAttribute<HyperparameterAttribute>()!.Default;
        return declared.PropertyType == typeof(bool) ? otherwise != 0 : otherwise;
    }
}
