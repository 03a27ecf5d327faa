using Jigsaw.Planning;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Jigsaw.Generators.Gathering;

/// <summary>Reads the method of a term of one's custom.</summary>
internal static class CustomTermGatherer
{
    public static CustomTermModel Gather(INamedTypeSymbol type, IMethodSymbol method, CancellationToken cancellation) => new(
        NameOf(method, cancellation),
        method.Parameters.Select(GatherParameter).ToEquatableArray(),
        method.IsStatic,
        IsTensor(method) ? null : Written(method.ReturnType),
        Unfit(type, method));

    /// <summary>The method's name as written: a method without a return type is a constructor of another name to the compiler.</summary>
    private static string NameOf(IMethodSymbol method, CancellationToken cancellation) =>
        method.MethodKind is MethodKind.Constructor or MethodKind.StaticConstructor
        && method.DeclaringSyntaxReferences.FirstOrDefault()?.GetSyntax(cancellation) is ConstructorDeclarationSyntax constructor
            ? constructor.Identifier.ValueText
            : method.Name;

    private static bool IsTensor(IMethodSymbol method) =>
        method.ReturnType is INamedTypeSymbol
        {
            Name: "Tensor",
            Arity: 0,
            ContainingType: { Name: "torch", ContainingType: null, ContainingNamespace: { Name: "TorchSharp", ContainingNamespace.IsGlobalNamespace: true } },
        }
        && method.ReturnNullableAnnotation != NullableAnnotation.Annotated
        && !method.GetReturnTypeAttributes().Any(attribute => attribute.AttributeClass?.Name == "MaybeNullAttribute");

    private static CustomParameterModel GatherParameter(IParameterSymbol parameter)
    {
        var isActivation = parameter.Type is INamedTypeSymbol { TypeKind: not TypeKind.Error } type && type.IsOfDsl(type.Name) && ActivationTypes.Find(type.Name) is not null;
        var modifier = parameter switch
        {
            { IsParams: true } => "params",
            { RefKind: RefKind.Ref } => "ref",
            { RefKind: RefKind.Out } => "out",
            { RefKind: RefKind.In } => "in",
            { RefKind: not RefKind.None } => "ref readonly",
            { IsOptional: true } => "optional",
            _ => null,
        };
        return new CustomParameterModel(parameter.Name, isActivation ? parameter.Type.Name : Written(parameter.Type), isActivation, modifier);
    }

    private static string? Unfit(INamedTypeSymbol declaring, IMethodSymbol method)
    {
        if (method.MethodKind != MethodKind.Ordinary)
        {
            return method.ExplicitInterfaceImplementations.IsEmpty
                ? "is not an ordinary method; declare one that the loss can call by name"
                : "implements an interface explicitly, so the loss can't call it by name; declare an ordinary method";
        }

        if (method.DeclaringSyntaxReferences.IsEmpty && !SyntaxFacts.IsValidIdentifier(method.Name))
        {
            return "has a name that C# can't write; rename it";
        }

        if (method.IsStatic && (method.IsAbstract || method.IsVirtual))
        {
            return "is abstract or virtual, so the loss can't call it by name; declare an ordinary static method";
        }

        if (method.IsGenericMethod)
        {
            return "is generic, so the loss can't choose its type arguments; declare it without type parameters";
        }

        if (method.IsAsync)
        {
            return "is async, but the loss never waits; return the tensor itself";
        }

        for (var type = declaring; type is not null; type = type.BaseType)
        {
            foreach (var other in type.GetMembers(method.Name))
            {
                if (!SymbolEqualityComparer.Default.Equals(other, method) && !SymbolEqualityComparer.Default.Equals(other, method.PartialImplementationPart))
                {
                    return "has overloads, or hides a member of a base class, so the loss can't tell which is meant; rename it";
                }
            }
        }

        foreach (var attribute in method.GetAttributes())
        {
            if (attribute.AttributeClass?.Name is "ObsoleteAttribute" or "ExperimentalAttribute" or "UnmanagedCallersOnlyAttribute")
            {
                var name = attribute.AttributeClass.Name;
                return $"is marked [{name.Substring(0, name.Length - "Attribute".Length)}], but the loss calls it at each step; remove the attribute, or remove the term";
            }
        }

        return null;
    }

    private static string Written(ITypeSymbol type) => type.ToDisplayString(SymbolDisplayFormat.MinimallyQualifiedFormat);
}
