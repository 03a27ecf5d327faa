using Jigsaw.CompilerServices;
using Jigsaw.Planning;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Jigsaw.Generators.Gathering;

/// <summary>Reads a recipe's symbol into a value model.</summary>
internal static class RecipeGatherer
{
    /// <summary>The recipe's attribute; null where the type has none.</summary>
    public static AttributeData? FindRecipe(INamedTypeSymbol type)
    {
        foreach (var attribute in type.GetAttributes())
        {
            if (attribute.AttributeClass is { } attributeClass && attributeClass.IsOfDsl(KnownNames.LossRecipeClass))
            {
                return attribute;
            }
        }

        return null;
    }

    /// <summary>The terms of a recipe, in the order of the model's: its own, and those that it shares.</summary>
    public static IEnumerable<WrittenTerm> FindTerms(INamedTypeSymbol recipe)
    {
        foreach (var term in FindOwnTerms(recipe))
        {
            yield return term;
        }

        foreach (var shared in TermClasses.Of(recipe).Where(TermClasses.CanShare))
        {
            var type = (INamedTypeSymbol)shared.Type!;
            foreach (var term in TermClasses.TermsOf(type, recipe))
            {
                yield return term with { Class = type, Sharing = shared.Attribute };
            }
        }
    }

    /// <summary>The term attributes of a type and of its methods.</summary>
    public static IEnumerable<WrittenTerm> FindOwnTerms(INamedTypeSymbol type)
    {
        foreach (var attribute in type.GetAttributes())
        {
            if (attribute.AttributeClass is { } attributeClass && attributeClass.IsBuiltInTerm())
            {
                yield return new WrittenTerm(attribute, attributeClass, null);
            }
        }

        foreach (var member in type.GetMembers())
        {
            if (member is IMethodSymbol method)
            {
                foreach (var attribute in method.GetAttributes())
                {
                    if (attribute.AttributeClass is { } attributeClass && attributeClass.IsOfDsl(KnownNames.LossTerm))
                    {
                        yield return new WrittenTerm(attribute, attributeClass, method);
                    }
                }
            }
        }
    }

    /// <summary>Reads a recipe.</summary>
    public static RecipeDeclaration Gather(INamedTypeSymbol recipe, AttributeData attribute, Compilation compilation, CancellationToken cancellation)
    {
        var types = new List<ContainerModel>();
        for (var type = recipe; type is not null; type = type.ContainingType)
        {
            types.Insert(0, GatherContainer(type, cancellation));
        }

        var terms = new List<TermModel>();
        foreach (var term in FindTerms(recipe))
        {
            cancellation.ThrowIfCancellationRequested();
            terms.Add(GatherTerm(recipe, term, compilation, cancellation));
        }

        return new RecipeDeclaration(
            new RecipeModel(recipe.Name, GatherArguments(attribute, AttributeShape.Of(attribute.AttributeClass!).Arguments, cancellation), terms.ToEquatableArray())
            {
                Classes = TermClasses.Of(recipe).Select(named => TermClasses.Model(recipe, named, compilation, cancellation)).ToEquatableArray(),
            },
            NamespaceOf(recipe),
            types.ToEquatableArray(),
            MetadataNameOf(recipe),
            CollidingMembers(recipe).ToEquatableArray(),
            IsNamed(types) && NamespaceOf(recipe).All(SyntaxFacts.IsValidIdentifier),
            BaseRecipe(recipe)?.Name,
            HasRuntime: CompilationFacts.Of(compilation).HasRuntime,
            HidingType: CompilationFacts.Of(compilation).HidingType,
            HasTypeVar: CompilationFacts.Of(compilation).HasTypeVar,
            IsTypeArgument: IsTypeArgument(recipe),
            LanguageVersion: compilation is CSharpCompilation csharp ? (int)csharp.LanguageVersion : 0);
    }

    private static bool IsTypeArgument(INamedTypeSymbol recipe) =>
        !recipe.IsStatic && !recipe.IsRefLikeType && recipe.TypeKind is TypeKind.Class or TypeKind.Struct && recipe.GetMembers(KnownNames.TypeArgument + ".Members").IsEmpty;

    /// <summary>Reads the terms of a class that recipes share, as if it were a recipe.</summary>
    public static RecipeModel GatherClass(INamedTypeSymbol type, Compilation compilation, CancellationToken cancellation) =>
        new(type.Name, default, FindOwnTerms(type).Select(term => GatherTerm(type, term, compilation, cancellation)).ToEquatableArray());

    /// <summary>Members that generated ones would collide with: the type's own, its base classes' accessible ones, its type parameters.</summary>
    public static IEnumerable<CollidingMember> CollidingMembers(INamedTypeSymbol recipe)
    {
        foreach (var name in KnownNames.GeneratedMembers)
        {
            if (FindCollision(recipe, name) is { } member)
            {
                yield return new CollidingMember(name, SymbolEqualityComparer.Default.Equals(member.ContainingSymbol, recipe) ? null : member.ContainingType?.Name);
            }
        }
    }

    /// <summary>What a generated member of this name would collide with.</summary>
    public static ISymbol? FindCollision(INamedTypeSymbol recipe, string name)
    {
        foreach (var parameter in recipe.TypeParameters)
        {
            if (parameter.Name == name)
            {
                return parameter;
            }
        }

        // A base class that is a recipe itself is another problem.
        for (var type = recipe; type is not null && (ReferenceEquals(type, recipe) || FindRecipe(type) is null); type = type.BaseType)
        {
            foreach (var member in type.GetMembers(name))
            {
                if (ReferenceEquals(type, recipe) ? !OwnCode.IsAllOf(member) : member.DeclaredAccessibility != Accessibility.Private)
                {
                    return member;
                }
            }
        }

        return null;
    }

    private static INamedTypeSymbol? BaseRecipe(INamedTypeSymbol recipe)
    {
        for (var type = recipe.BaseType; type is not null; type = type.BaseType)
        {
            if (FindRecipe(type) is not null)
            {
                return type;
            }
        }

        return null;
    }

    private static ContainerModel GatherContainer(INamedTypeSymbol type, CancellationToken cancellation)
    {
        var keyword = (type.TypeKind, type.IsRecord) switch
        {
            (TypeKind.Struct, true) => "record struct",
            (TypeKind.Struct, false) => "struct",
            (TypeKind.Interface, _) => "interface",
            (_, true) => "record",
            _ => "class",
        };
        var isPartial = type.DeclaringSyntaxReferences.All(reference => IsPartial(reference.GetSyntax(cancellation)));
        var parameters = type.TypeParameters.Select(parameter => parameter.Variance switch
        {
            VarianceKind.In => "in " + Identifier.OfType(parameter.Name),
            VarianceKind.Out => "out " + Identifier.OfType(parameter.Name),
            _ => Identifier.OfType(parameter.Name),
        });
        return new ContainerModel(keyword, type.Name, parameters.ToEquatableArray(), isPartial, type.IsFileLocal);
    }

    /// <summary>True if a part of a type is partial, as the one is that top-level statements make of a program.</summary>
    public static bool IsPartial(SyntaxNode part) => part switch
    {
        TypeDeclarationSyntax declaration => declaration.Modifiers.Any(SyntaxKind.PartialKeyword),
        CompilationUnitSyntax => true,
        _ => false,
    };

    private static bool IsNamed(IEnumerable<ContainerModel> types) =>
        types.All(type => SyntaxFacts.IsValidIdentifier(type.Name) && type.TypeParameters.All(parameter => SyntaxFacts.IsValidIdentifier(parameter.Split(' ').Last().TrimStart('@'))));

    private static TermModel GatherTerm(INamedTypeSymbol recipe, WrittenTerm term, Compilation compilation, CancellationToken cancellation)
    {
        var shape = AttributeShape.Of(term.AttributeClass);
        if (term.Method is { } method)
        {
            var custom = CustomTermGatherer.Gather(term.Class ?? recipe, method, cancellation);
            if (term.Class is { } shared)
            {
                custom = custom with
                {
                    Class = new TermClass(TermClasses.NameOf(shared), TypeExpression.Of(shared)),
                    Hidden = compilation.IsSymbolAccessibleWithin(shared, recipe) && !compilation.IsSymbolAccessibleWithin(method, recipe) ? SyntaxFacts.GetText(method.DeclaredAccessibility) : null,
                };
            }

            var key = SnakeCase.Of(custom.Method);
            return new TermModel(Capitalized(custom.Method), key, null, custom, GatherArguments(term.Attribute, [.. shape.Arguments.Select(argument => argument.Under(key))], cancellation));
        }

        const string Suffix = "Attribute";
        var builtIn = term.AttributeClass.Name;
        var written = WrittenKey(term.Attribute);
        var isOwn = written is not null && SnakeCase.IsOne(written);
        return new TermModel(
            builtIn.EndsWith(Suffix, StringComparison.Ordinal) ? builtIn.Substring(0, builtIn.Length - Suffix.Length) : builtIn,
            isOwn ? written! : shape.Definition!.Key,
            shape.Definition,
            null,
            GatherArguments(term.Attribute, isOwn ? shape.Under(written!) : shape.Arguments, cancellation))
        {
            WrittenKey = written,
        };
    }

    private static string Capitalized(string name) => name.Length == 0 ? name : char.ToUpperInvariant(name[0]) + name.Substring(1);

    /// <summary>The key that a term was given, with nothing for null; null where none was, or what was can't be evaluated.</summary>
    private static string? WrittenKey(AttributeData attribute)
    {
        foreach (var argument in attribute.NamedArguments)
        {
            if (argument.Key == KnownNames.Key && argument.Value.Kind == TypedConstantKind.Primitive)
            {
                return argument.Value.Value as string ?? "";
            }
        }

        return null;
    }

    private static EquatableArray<ArgumentModel> GatherArguments(AttributeData attribute, ArgumentModel[] shape, CancellationToken cancellation)
    {
        var arguments = new ArgumentModel[shape.Length];
        for (var i = 0; i < arguments.Length; i++)
        {
            var argument = shape[i];
            var (isWritten, value) = Written(attribute, argument.Name);
            arguments[i] = !isWritten ? argument : argument with
            {
                IsWritten = true,
                Value = value,
                IsComputedZero = value is 0 && argument.Rule == NumericRule.Weight && IsComputed(attribute, cancellation),
            };
        }

        return arguments.ToEquatableArray();
    }

    private static (bool IsWritten, double? Value) Written(AttributeData attribute, string name)
    {
        foreach (var argument in attribute.NamedArguments)
        {
            if (argument.Key == name)
            {
                return (true, Number(argument.Value));
            }
        }

        if (attribute.AttributeConstructor is { } constructor)
        {
            for (var i = 0; i < constructor.Parameters.Length && i < attribute.ConstructorArguments.Length; i++)
            {
                if (string.Equals(constructor.Parameters[i].Name, name, StringComparison.OrdinalIgnoreCase))
                {
                    return (true, Number(attribute.ConstructorArguments[i]));
                }
            }
        }

        return (false, null);
    }

    private static double? Number(TypedConstant constant) => constant.Kind is not (TypedConstantKind.Primitive or TypedConstantKind.Enum) ? null : constant.Value switch
    {
        double value => value,
        int value => value,
        bool value => value ? 1 : 0,
        _ => null,
    };

    /// <summary>True if the weight, the one argument without the name of a property, is arithmetic.</summary>
    private static bool IsComputed(AttributeData attribute, CancellationToken cancellation) =>
        attribute.ApplicationSyntaxReference?.GetSyntax(cancellation) is AttributeSyntax { ArgumentList: { } arguments }
        && arguments.Arguments.Any(argument => argument.NameEquals is null && LostFractions.IsArithmetic(argument.Expression));

    private static EquatableArray<string> NamespaceOf(INamedTypeSymbol type)
    {
        var names = new List<string>();
        for (var space = type.ContainingNamespace; space is { IsGlobalNamespace: false }; space = space.ContainingNamespace)
        {
            names.Insert(0, space.Name);
        }

        return names.ToEquatableArray();
    }

    public static string MetadataNameOf(INamedTypeSymbol type) =>
        type.ContainingType is { } outer ? MetadataNameOf(outer) + "+" + type.MetadataName
        : string.Join(".", NamespaceOf(type).Append(type.MetadataName));
}
