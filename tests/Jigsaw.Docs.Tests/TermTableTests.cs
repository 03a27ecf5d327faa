using System.Reflection;
using Jigsaw.CompilerServices;

namespace Jigsaw.Docs.Tests;

/// <summary>What a term's attribute states of it, the tables of the pages say, too.</summary>
public class TermTableTests
{
    private static readonly Type[] _attributes = [.. typeof(LossTerm).GetNestedTypes().Where(type => type.IsDefined(typeof(LossTermDefinitionAttribute)))];

    public static TheoryData<string> Names => [.. _attributes.Select(type => type.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_term_has_its_row_in_the_table_of_terms(string name)
    {
        var (attribute, definition) = Find(name);
        var own = attribute.GetProperties(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly).Select(property => $"`{property.Name}`");

        var cells = Row("dsl.md", $"`{name[..^nameof(Attribute).Length]}`");

        Assert.Equal($"`{definition.Key}`", cells[1]);
        Assert.Equal([Words(definition.Mask), Sign(attribute), string.Join(", ", own)], cells[3..]);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_term_has_its_row_among_the_formulas(string name)
    {
        var (attribute, definition) = Find(name);

        var cells = Row("math.md", $"`{definition.Key}`");

        Assert.StartsWith(Words(definition.Mask), cells[2], StringComparison.Ordinal);
        Assert.Equal(Sign(attribute), cells[3]);
        var page = Page("math.md");
        Assert.All(definition.Parts, part => Assert.Contains(part, page, StringComparison.Ordinal));
    }

    [Fact]
    public void The_table_of_terms_lists_no_other() =>
        Assert.Equal(_attributes.Length, Page("dsl.md").Split("\n## ").Single(section => section.StartsWith("Built-in terms\n", StringComparison.Ordinal)).Split("\n### ")[0].Split('\n').Count(line => line.StartsWith("| `", StringComparison.Ordinal)) - 1);

    private static (Type Attribute, LossTermDefinitionAttribute Definition) Find(string name)
    {
        var attribute = _attributes.Single(type => type.Name == name);
        return (attribute, attribute.GetCustomAttribute<LossTermDefinitionAttribute>()!);
    }

    private static string Words(Enum mask) => string.Concat(mask.ToString().Select((c, i) => char.IsUpper(c) && i > 0 ? " " + char.ToLowerInvariant(c) : char.ToLowerInvariant(c).ToString()));

    private static string Sign(Type attribute) => typeof(MaximizedTermAttribute).IsAssignableFrom(attribute) ? "−" : "+";

    private static string[] Row(string page, string first) =>
        Assert.Single(Page(page).Split('\n').Where(line => line.StartsWith('|')).Select(line => line[1..].TrimEnd().TrimEnd('|').Split('|').Select(cell => cell.Trim()).ToArray()), cells => cells[0] == first);

    private static string Page(string name) => Repository.Read("docs/" + name).ReplaceLineEndings("\n");
}
