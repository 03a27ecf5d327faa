using Jigsaw.CompilerServices;

namespace Jigsaw.Generators.Rules;

/// <summary>Where a problem is, in terms of the model: the syntax is looked up only when it is reported.</summary>
/// <param name="Index">Index of the term, of the class that is shared, or depth of the type.</param>
/// <param name="Name">Name of the argument, parameter or member.</param>
internal readonly record struct ProblemLocation(ProblemLocationKind Kind, int Index = 0, string Name = "")
{
    /// <summary>True if it is at a term, or at a part of one.</summary>
    public bool IsOfTerm => Kind is ProblemLocationKind.Term or ProblemLocationKind.TermArgument or ProblemLocationKind.WholeArgument or ProblemLocationKind.Method or ProblemLocationKind.ReturnType or ProblemLocationKind.Parameter;

    public static ProblemLocation Recipe { get; } = new(ProblemLocationKind.Recipe);

    public static ProblemLocation RecipeArgument(string name) => new(ProblemLocationKind.RecipeArgument, Name: name);

    public static ProblemLocation Type(int depth) => new(ProblemLocationKind.Type, depth);

    public static ProblemLocation Member(string name) => new(ProblemLocationKind.Member, Name: name);

    public static ProblemLocation Term(int index) => new(ProblemLocationKind.Term, index);

    public static ProblemLocation TermArgument(int index, string name) => new(ProblemLocationKind.TermArgument, index, name);

    /// <summary>The whole argument, its name included: where not the value is wrong, but that it is written.</summary>
    public static ProblemLocation WholeArgument(int index, string name) => new(ProblemLocationKind.WholeArgument, index, name);

    public static ProblemLocation Method(int index) => new(ProblemLocationKind.Method, index);

    public static ProblemLocation ReturnType(int index) => new(ProblemLocationKind.ReturnType, index);

    public static ProblemLocation Class(int index) => new(ProblemLocationKind.Class, index);

    public static ProblemLocation Hidden(int index) => new(ProblemLocationKind.Hidden, index);

    public static ProblemLocation Parameter(int index, int parameter) => new(ProblemLocationKind.Parameter, index, NumberText.Of(parameter));
}
