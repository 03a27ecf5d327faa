using Jigsaw.CompilerServices;

namespace Jigsaw.Generators.Rules;

/// <summary>Where a problem is, in terms of the model: the syntax is looked up only when it is reported.</summary>
/// <param name="Index">Index of the term, or depth of the type.</param>
/// <param name="Name">Name of the argument, parameter or member.</param>
internal readonly record struct Place(ProblemLocationKind Kind, int Index = 0, string Name = "")
{
    public static Place Recipe { get; } = new(ProblemLocationKind.Recipe);

    public static Place RecipeArgument(string name) => new(ProblemLocationKind.RecipeArgument, Name: name);

    public static Place Type(int depth) => new(ProblemLocationKind.Type, depth);

    public static Place Member(string name) => new(ProblemLocationKind.Member, Name: name);

    public static Place Term(int index) => new(ProblemLocationKind.Term, index);

    public static Place TermArgument(int index, string name) => new(ProblemLocationKind.TermArgument, index, name);

    /// <summary>The whole argument, its name included: where not the value is wrong, but that it is written.</summary>
    public static Place WholeArgument(int index, string name) => new(ProblemLocationKind.WholeArgument, index, name);

    public static Place Method(int index) => new(ProblemLocationKind.Method, index);

    public static Place ReturnType(int index) => new(ProblemLocationKind.ReturnType, index);

    public static Place Parameter(int index, int parameter) => new(ProblemLocationKind.Parameter, index, NumberText.Of(parameter));
}
