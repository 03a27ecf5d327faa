using System.Globalization;
using Jigsaw.Generators.Gathering;
using Jigsaw.Planning;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Jigsaw.Generators.Rules;

/// <summary>Finds the syntax that a location in the model stands for.</summary>
internal static class ProblemLocator
{
    public static IEnumerable<Location> Find(INamedTypeSymbol recipe, ProblemLocation location, CancellationToken cancellation) => location.Kind switch
    {
        ProblemLocationKind.Type => TypeIdentifiers(TypeAt(recipe, location.Index), cancellation),
        ProblemLocationKind.Recipe => [Name(RecipeGatherer.FindRecipe(recipe)!, cancellation)],
        ProblemLocationKind.RecipeArgument => [Argument(RecipeGatherer.FindRecipe(recipe)!, location.Name, whole: false, cancellation)],
        ProblemLocationKind.Term => [Name(Term(recipe, location).Attribute, cancellation)],
        ProblemLocationKind.TermArgument => [Argument(Term(recipe, location).Attribute, location.Name, whole: false, cancellation)],
        ProblemLocationKind.WholeArgument => [Argument(Term(recipe, location).Attribute, location.Name, whole: true, cancellation)],
        ProblemLocationKind.Method => [Term(recipe, location) is { Method: { } method } ? Identifier(method, recipe) : Name(Term(recipe, location).Attribute, cancellation)],
        ProblemLocationKind.ReturnType => [ReturnType(Term(recipe, location).Method!, recipe, cancellation)],
        ProblemLocationKind.Parameter => [Parameter(Term(recipe, location).Method!, int.Parse(location.Name, CultureInfo.InvariantCulture), recipe)],
        _ => [Member(recipe, location.Name)],
    };

    /// <summary>The name of an attribute as written.</summary>
    public static Location Name(AttributeData attribute, CancellationToken cancellation) =>
        attribute.ApplicationSyntaxReference?.GetSyntax(cancellation) is AttributeSyntax syntax ? syntax.Name.GetLocation() : Location.None;

    private static WrittenTerm Term(INamedTypeSymbol recipe, ProblemLocation location) => RecipeGatherer.FindTerms(recipe).ElementAt(location.Index);

    private static INamedTypeSymbol TypeAt(INamedTypeSymbol recipe, int depth)
    {
        var types = new List<INamedTypeSymbol>();
        for (var type = recipe; type is not null; type = type.ContainingType)
        {
            types.Insert(0, type);
        }

        return types[depth];
    }

    private static IEnumerable<Location> TypeIdentifiers(INamedTypeSymbol type, CancellationToken cancellation)
    {
        var parts = type.DeclaringSyntaxReferences.Select(reference => reference.GetSyntax(cancellation)).OfType<BaseTypeDeclarationSyntax>().ToList();
        if ((parts.FirstOrDefault(part => !RecipeGatherer.IsPartial(part)) ?? parts.FirstOrDefault()) is { } part)
        {
            yield return part.Identifier.GetLocation();
        }
    }

    private static Location Argument(AttributeData attribute, string name, bool whole, CancellationToken cancellation)
    {
        if (attribute.ApplicationSyntaxReference?.GetSyntax(cancellation) is not AttributeSyntax syntax)
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

    private static Location Identifier(ISymbol symbol, INamedTypeSymbol recipe) =>
        symbol.Locations.FirstOrDefault(location => location.IsInSource) ?? recipe.Locations.FirstOrDefault() ?? Location.None;

    private static Location ReturnType(IMethodSymbol method, INamedTypeSymbol recipe, CancellationToken cancellation) =>
        method.DeclaringSyntaxReferences.FirstOrDefault()?.GetSyntax(cancellation) is MethodDeclarationSyntax declaration
            ? declaration.ReturnType.GetLocation()
            : Identifier(method, recipe);

    private static Location Parameter(IMethodSymbol method, int index, INamedTypeSymbol recipe) =>
        Identifier(index < method.Parameters.Length ? method.Parameters[index] : method, recipe);

    private static Location Member(INamedTypeSymbol recipe, string name) =>
        RecipeGatherer.FindCollision(recipe, name) is { } member && (SymbolEqualityComparer.Default.Equals(member.ContainingSymbol, recipe))
            ? Identifier(member, recipe)
            : Identifier(recipe, recipe);
}
