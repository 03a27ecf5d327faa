using System.Globalization;
using Jigsaw.Generators.Gathering;
using Jigsaw.Planning;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Jigsaw.Generators.Rules;

/// <summary>Finds the syntax that a location in the model stands for.</summary>
internal sealed class ProblemLocator
{
    private readonly INamedTypeSymbol _recipe;
    private readonly IReadOnlyList<WrittenTerm> _terms;
    private readonly CancellationToken _cancellation;

    /// <param name="recipe">The recipe, or a class of shared terms.</param>
    /// <param name="terms">Its terms.</param>
    /// <param name="cancellation">Cancels.</param>
    public ProblemLocator(INamedTypeSymbol recipe, IReadOnlyList<WrittenTerm> terms, CancellationToken cancellation)
    {
        _recipe = recipe;
        _terms = terms;
        _cancellation = cancellation;
    }

    /// <summary>Where a problem is. What is wrong with a shared term is at what makes the recipe share it: the method may be of another project.</summary>
    public IEnumerable<Location> Find(ProblemLocation location) => location.Kind switch
    {
        ProblemLocationKind.Type => TypeIdentifiers(TypeAt(location.Index)),
        ProblemLocationKind.Recipe => [Name(RecipeGatherer.FindRecipe(_recipe)!, _cancellation)],
        ProblemLocationKind.RecipeArgument => [Argument(RecipeGatherer.FindRecipe(_recipe)!, location.Name, whole: false)],
        ProblemLocationKind.Class => [OfSharing(TermClasses.Of(_recipe)[location.Index].Attribute)],
        ProblemLocationKind.Member => [Member(location.Name)],
        _ when _terms[location.Index].Class is not null => [OfSharing(_terms[location.Index].Sharing)],
        ProblemLocationKind.Term => [Name(_terms[location.Index].Attribute, _cancellation)],
        ProblemLocationKind.TermArgument => [Argument(_terms[location.Index].Attribute, location.Name, whole: false)],
        ProblemLocationKind.WholeArgument => [Argument(_terms[location.Index].Attribute, location.Name, whole: true)],
        ProblemLocationKind.Method => [_terms[location.Index] is { Method: { } method } ? Identifier(method) : Name(_terms[location.Index].Attribute, _cancellation)],
        ProblemLocationKind.ReturnType => [ReturnType(_terms[location.Index].Method!)],
        _ => [Parameter(_terms[location.Index].Method!, int.Parse(location.Name, CultureInfo.InvariantCulture))],
    };

    /// <summary>Where a problem is fixed, if that is elsewhere in the project.</summary>
    public IEnumerable<Location> FindRemedy(ProblemLocation location) =>
        location.Kind == ProblemLocationKind.Hidden && _terms[location.Index].Method is { } method && SymbolEqualityComparer.Default.Equals(method.ContainingAssembly, _recipe.ContainingAssembly)
            ? [Identifier(method)]
            : [];

    /// <summary>The name of an attribute as written.</summary>
    public static Location Name(AttributeData attribute, CancellationToken cancellation) =>
        attribute.ApplicationSyntaxReference?.GetSyntax(cancellation) is AttributeSyntax syntax ? syntax.Name.GetLocation() : Location.None;

    private INamedTypeSymbol TypeAt(int depth)
    {
        var types = new List<INamedTypeSymbol>();
        for (var type = _recipe; type is not null; type = type.ContainingType)
        {
            types.Insert(0, type);
        }

        return types[depth];
    }

    private IEnumerable<Location> TypeIdentifiers(INamedTypeSymbol type)
    {
        var parts = type.DeclaringSyntaxReferences.Select(reference => reference.GetSyntax(_cancellation)).OfType<BaseTypeDeclarationSyntax>().ToList();
        if ((parts.FirstOrDefault(part => !RecipeGatherer.IsPartial(part)) ?? parts.FirstOrDefault()) is { } part)
        {
            yield return part.Identifier.GetLocation();
        }
    }

    /// <summary>The type that <c>[LossTerms]</c> names; the base class as written where there is no attribute.</summary>
    private Location OfSharing(AttributeData? attribute)
    {
        if (attribute?.ApplicationSyntaxReference?.GetSyntax(_cancellation) is AttributeSyntax syntax)
        {
            return syntax.ArgumentList?.Arguments.FirstOrDefault()?.Expression switch
            {
                TypeOfExpressionSyntax typeOf => typeOf.Type.GetLocation(),
                { } other => other.GetLocation(),
                null => syntax.Name.GetLocation(),
            };
        }

        var bases = _recipe.DeclaringSyntaxReferences
            .Select(reference => (reference.GetSyntax(_cancellation) as BaseTypeDeclarationSyntax)?.BaseList?.Types.FirstOrDefault()?.Type)
            .OfType<TypeSyntax>()
            .ToList();
        var written = bases.FirstOrDefault(type => type.DescendantNodesAndSelf().OfType<SimpleNameSyntax>().Any(name => name.Identifier.ValueText == _recipe.BaseType?.Name)) ?? bases.FirstOrDefault();
        return written?.GetLocation() ?? Identifier(_recipe);
    }

    private Location Argument(AttributeData attribute, string name, bool whole)
    {
        if (attribute.ApplicationSyntaxReference?.GetSyntax(_cancellation) is not AttributeSyntax syntax)
        {
            return Location.None;
        }

        foreach (var argument in syntax.ArgumentList?.Arguments ?? default)
        {
            var written = argument.NameEquals?.Name.Identifier.ValueText ?? (argument.NameColon is { } colon ? SnakeCase.ToPascal(colon.Name.Identifier.ValueText) : "Weight");
            if (written == name)
            {
                return whole ? argument.GetLocation() : argument.Expression.GetLocation();
            }
        }

        return syntax.Name.GetLocation();
    }

    private Location Identifier(ISymbol symbol) =>
        symbol.Locations.FirstOrDefault(location => location.IsInSource) ?? _recipe.Locations.FirstOrDefault() ?? Location.None;

    private Location ReturnType(IMethodSymbol method) =>
        method.DeclaringSyntaxReferences.FirstOrDefault()?.GetSyntax(_cancellation) is MethodDeclarationSyntax declaration
            ? declaration.ReturnType.GetLocation()
            : Identifier(method);

    private Location Parameter(IMethodSymbol method, int index) =>
        Identifier(index < method.Parameters.Length ? method.Parameters[index] : method);

    private Location Member(string name) =>
        RecipeGatherer.FindCollision(_recipe, name) is { } member && SymbolEqualityComparer.Default.Equals(member.ContainingSymbol, _recipe)
            ? Identifier(member)
            : Identifier(_recipe);
}
