namespace Jigsaw.Generators.Rules;

/// <summary>Which part of a recipe a problem points at.</summary>
internal enum ProblemLocationKind
{
    /// <summary>The identifier of a type, by its depth from the outermost.</summary>
    Type,

    /// <summary>The name of the recipe's attribute.</summary>
    Recipe,

    /// <summary>An argument of the recipe's attribute.</summary>
    RecipeArgument,

    /// <summary>The name of a term's attribute, by the term's index.</summary>
    Term,

    /// <summary>An argument of a term's attribute.</summary>
    TermArgument,

    /// <summary>An argument of a term's attribute with its name.</summary>
    WholeArgument,

    /// <summary>The name of a custom term's method.</summary>
    Method,

    /// <summary>The return type of a custom term's method.</summary>
    ReturnType,

    /// <summary>A parameter of a custom term's method, by its name.</summary>
    Parameter,

    /// <summary>A class that the recipe shares, by its index: where it is named, or the base class as written.</summary>
    Class,

    /// <summary>What makes a term shared that the recipe can't call, by the term's index; the fix is at the method.</summary>
    Hidden,

    /// <summary>A member of the recipe, by its name; where it isn't the recipe's own, the recipe's identifier.</summary>
    Member,
}
