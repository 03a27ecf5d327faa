using System.Runtime.CompilerServices;
using Jigsaw.CompilerServices;
using Jigsaw.Planning;
using Microsoft.CodeAnalysis;

namespace Jigsaw.Generators.Gathering;

/// <summary>What an attribute class of the DSL states: its definition, and the arguments that it takes with nothing written.</summary>
internal sealed class AttributeShape
{
    private static readonly ConditionalWeakTable<INamedTypeSymbol, AttributeShape> _shapes = new();

    private readonly ArgumentModel[] _templates;

    private AttributeShape(TermDefinition? definition, ArgumentModel[] templates)
    {
        Definition = definition;
        _templates = templates;
        Arguments = definition is null ? templates : [.. templates.Select(argument => argument.Under(definition.Key))];
    }

    public TermDefinition? Definition { get; }

    public ArgumentModel[] Arguments { get; }

    /// <summary>The arguments under a key that the recipe gives the term.</summary>
    public ArgumentModel[] Under(string key) => [.. _templates.Select(argument => argument.UnderOwn(key))];

    public static AttributeShape Of(INamedTypeSymbol attributeClass) => _shapes.GetValue(attributeClass, Read);

    private static AttributeShape Read(INamedTypeSymbol attributeClass)
    {
        var arguments = new List<ArgumentModel>();
        foreach (var constructor in attributeClass.InstanceConstructors)
        {
            foreach (var parameter in constructor.Parameters)
            {
                Add(arguments, SnakeCase.ToPascal(parameter.Name), parameter.Type, parameter.GetAttributes());
            }
        }

        for (var type = attributeClass; type is not null; type = type.BaseType)
        {
            foreach (var property in type.GetMembers().OfType<IPropertySymbol>())
            {
                Add(arguments, property.Name, property.Type, property.GetAttributes());
            }
        }

        return new AttributeShape(ReadDefinition(attributeClass), [.. arguments]);
    }

    private static void Add(List<ArgumentModel> arguments, string name, ITypeSymbol type, IEnumerable<AttributeData> attributes)
    {
        ArgumentModel? argument = null;
        TokenMask? maskUnless = null;
        foreach (var attribute in attributes)
        {
            if (attribute.AttributeClass is not { } attributeClass)
            {
                continue;
            }

            if (attributeClass.IsOfCompilerServices(KnownNames.Hyperparameter))
            {
                var constructorArguments = attribute.ConstructorArguments;
                argument = new ArgumentModel(
                    name,
                    OriginalName: (string)constructorArguments[constructorArguments.Length - 1].Value!,
                    KindOf(type),
                    Rule: constructorArguments.Length == 2 ? (NumericRule)(int)constructorArguments[0].Value! : NumericRule.None,
                    IsStructure: attribute.Named("Structure") is true,
                    Default: attribute.Named("Default") as double? ?? double.NaN,
                    Needs: attribute.Named("Needs") as string,
                    MaskUnless: null);
            }
            else if (attributeClass.IsOfCompilerServices(KnownNames.MaskUnless))
            {
                maskUnless = (TokenMask)(int)attribute.ConstructorArguments[0].Value!;
            }
        }

        if (argument is not null)
        {
            arguments.Add(argument with { MaskUnless = maskUnless });
        }
    }

    private static ArgumentKind KindOf(ITypeSymbol type) => type.SpecialType switch
    {
        SpecialType.System_Double => ArgumentKind.Double,
        SpecialType.System_Int32 => ArgumentKind.Int32,
        SpecialType.System_Boolean => ArgumentKind.Boolean,
        _ => type.Name switch
        {
            nameof(TokenMask) => ArgumentKind.Mask,
            nameof(CeTarget) => ArgumentKind.Target,
            nameof(TokenWeighting) => ArgumentKind.Weighting,
            _ => ArgumentKind.Ramp,
        },
    };

    private static TermDefinition? ReadDefinition(INamedTypeSymbol attributeClass)
    {
        foreach (var attribute in attributeClass.GetAttributes())
        {
            if (attribute.AttributeClass is { } definition && definition.IsOfCompilerServices(KnownNames.Definition))
            {
                var positional = attribute.ConstructorArguments;
                return new TermDefinition(
                    Order: (int)positional[0].Value!,
                    Key: (string)positional[1].Value!,
                    Place: (TermPlace)(int)positional[2].Value!,
                    Kernel: (string)positional[3].Value!,
                    Pull: (TermPull)(attribute.Named("Pull") as int? ?? 0),
                    Kind: (TermKind)(attribute.Named("Kind") as int? ?? 0),
                    Purpose: (TermPurpose)(attribute.Named("Purpose") as int? ?? 0),
                    Source: (Pass)(attribute.Named("Source") as int? ?? 0),
                    Mask: (TokenMask)(attribute.Named("Mask") as int? ?? 0),
                    Pair: attribute.NamedTexts("Pair"),
                    Reads: attribute.NamedTexts("Reads"),
                    Parts: attribute.NamedTexts("Parts"),
                    Notation: attribute.Named("Notation") as string ?? "");
            }
        }

        return null;
    }
}
