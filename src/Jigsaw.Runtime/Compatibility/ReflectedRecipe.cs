using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Reflection;
using Jigsaw.CompilerServices;
using Jigsaw.Planning;

namespace Jigsaw.Compatibility;

/// <summary>Models a recipe at run time, from the attributes' classes and the values that a recipe would specify: the counterpart of the generator's gathering.</summary>
internal static class ReflectedRecipe
{
    /// <summary>Models a recipe.</summary>
    /// <param name="distillationLayer">The decoder layer whose output is compared; null for the logits.</param>
    /// <param name="alpha">α; null for the plain signed sum.</param>
    /// <param name="target">What cross-entropies compare with.</param>
    /// <param name="terms">The terms.</param>
    internal static RecipeModel Of(int? distillationLayer, double? alpha, CeTarget target, params IEnumerable<TermModel> terms)
    {
        var arguments = Arguments(
            typeof(LossRecipeAttribute),
            (nameof(LossRecipeAttribute.DistillationLayer), distillationLayer),
            (nameof(LossRecipeAttribute.Alpha), alpha),
            (nameof(LossRecipeAttribute.CeTarget), target));
        return new RecipeModel(nameof(JigsawLosses), arguments.ToEquatableArray(), terms.ToEquatableArray());
    }

    private const DynamicallyAccessedMemberTypes Described = DynamicallyAccessedMemberTypes.PublicConstructors | DynamicallyAccessedMemberTypes.PublicProperties;

    /// <summary>Models a built-in term.</summary>
    /// <param name="attribute">The term's attribute.</param>
    /// <param name="weight">Its weight.</param>
    /// <param name="written">The attribute's properties that a recipe would specify, and their values; null for an unspecified one.</param>
    internal static TermModel Term([DynamicallyAccessedMembers(Described)] Type attribute, double weight, params ReadOnlySpan<(string Property, object? Value)> written)
    {
        var definition = attribute.GetCustomAttribute<LossTermDefinitionAttribute>() ?? throw new ArgumentException($"{attribute.Name} defines no term.", nameof(attribute));
        string? key = null;
        foreach (var (property, value) in written)
        {
            key = property == nameof(TokenTermAttribute.Key) ? (string?)value : key;
        }

        return new TermModel(
            attribute.Name[..^nameof(Attribute).Length],
            key ?? definition.Key,
            new TermDefinition(
                definition.Order,
                definition.Key,
                definition.Place,
                definition.Kernel,
                definition.Pull,
                definition.Kind,
                definition.Purpose,
                definition.Source,
                definition.Mask,
                definition.Pair.ToEquatableArray(),
                definition.Reads.ToEquatableArray(),
                definition.Parts.ToEquatableArray(),
                definition.Notation),
            null,
            Arguments(attribute, [(nameof(WeightedTermAttribute.Weight), weight), .. written]).Select(argument => key is null ? argument.Under(definition.Key) : argument.UnderOwn(key)).ToEquatableArray())
        {
            WrittenKey = key,
        };
    }

    [UnconditionalSuppressMessage("Trimming", "IL2075", Justification = "Public properties of base classes are kept with those of the attribute.")]
    [UnconditionalSuppressMessage("Trimming", "IL2070", Justification = "Public properties of base classes are kept with those of the attribute.")]
    private static List<ArgumentModel> Arguments([DynamicallyAccessedMembers(Described)] Type attribute, params ReadOnlySpan<(string Name, object? Value)> written)
    {
        var arguments = new List<ArgumentModel>();
        foreach (var parameter in attribute.GetConstructors().SelectMany(constructor => constructor.GetParameters()))
        {
            Add(arguments, SnakeCase.ToPascal(parameter.Name!), parameter.ParameterType, parameter, written);
        }

        for (var type = attribute; type is not null; type = type.BaseType)
        {
            foreach (var property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly))
            {
                Add(arguments, property.Name, property.PropertyType, property, written);
            }
        }

        return arguments;
    }

    private static void Add(List<ArgumentModel> arguments, string name, Type type, ICustomAttributeProvider declared, ReadOnlySpan<(string Name, object? Value)> written)
    {
        if (declared.GetCustomAttributes(typeof(HyperparameterAttribute), inherit: false) is not [HyperparameterAttribute hyperparameter])
        {
            return;
        }

        object? value = null;
        foreach (var (property, given) in written)
        {
            value = property == name ? given : value;
        }

        var unless = declared.GetCustomAttributes(typeof(MaskUnlessAttribute), inherit: false) is [MaskUnlessAttribute attribute] ? attribute.Mask : (TokenMask?)null;
        arguments.Add(new ArgumentModel(name, hyperparameter.OriginalName, KindOf(type), hyperparameter.Rule, hyperparameter.Structure, hyperparameter.Default, hyperparameter.Needs, unless)
        {
            IsWritten = value is not null,
            Value = value is null ? null : Convert.ToDouble(value, CultureInfo.InvariantCulture),
        });
    }

    private static ArgumentKind KindOf(Type type) =>
        type == typeof(double) ? ArgumentKind.Double
        : type == typeof(int) ? ArgumentKind.Int32
        : type == typeof(bool) ? ArgumentKind.Boolean
        : type == typeof(TokenMask) ? ArgumentKind.Mask
        : type == typeof(CeTarget) ? ArgumentKind.Target
        : type == typeof(TokenWeighting) ? ArgumentKind.Weighting
        : ArgumentKind.Ramp;
}
