using System.ComponentModel;
using System.Text;
using System.Text.Json;

namespace Jigsaw.CompilerServices;

/// <summary>Describes a recipe's hyperparameters: the property of each number, its name in the original API, its rule and its value in the attributes; and the recipe's structure.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class HyperparameterTable
{
    private const string WeightSuffix = "_weight";

    private readonly List<Row> _rows = [];
    private readonly Dictionary<string, int> _byProperty = new(StringComparer.Ordinal);
    private readonly OrderedDictionary<string, object?> _structure = new(StringComparer.Ordinal);

    /// <summary>The names that are structure.</summary>
    internal IReadOnlyCollection<string> StructureNames => _structure.Keys;

    /// <summary>Adds the weight of a term that is added to the loss.</summary>
    /// <param name="property">Its property.</param>
    /// <param name="originalName">Its name in the original API.</param>
    /// <param name="value">Its value in the attributes.</param>
    public HyperparameterTable Weight(string property, string originalName, double value) => Add(property, originalName, value, NumericRule.Weight);

    /// <summary>Adds the weight of a term that is subtracted from the loss.</summary>
    /// <inheritdoc cref="Weight"/>
    public HyperparameterTable SubtractedWeight(string property, string originalName, double value) => Add(property, originalName, value, NumericRule.Weight, TermPull.Maximized);

    /// <summary>Adds a number that is finite and greater than 0.</summary>
    /// <inheritdoc cref="Weight"/>
    public HyperparameterTable Positive(string property, string originalName, double value) => Add(property, originalName, value, NumericRule.Positive);

    /// <summary>Adds a number from 0 to 1.</summary>
    /// <inheritdoc cref="Weight"/>
    public HyperparameterTable Fraction(string property, string originalName, double value) => Add(property, originalName, value, NumericRule.Fraction);

    /// <summary>Adds a whole number that is at least 0.</summary>
    /// <inheritdoc cref="Weight"/>
    public HyperparameterTable Index(string property, string originalName, int value) => Add(property, originalName, value, NumericRule.Index);

    /// <summary>Adds a whole number that is at least 1.</summary>
    /// <inheritdoc cref="Weight"/>
    public HyperparameterTable Count(string property, string originalName, int value) => Add(property, originalName, value, NumericRule.Count);

    /// <summary>Adds a value that can't change at run time.</summary>
    /// <param name="originalName">Its name in the original API.</param>
    /// <param name="value">What the recipe was compiled with; null if nothing was written.</param>
    public HyperparameterTable Structure(string originalName, object? value)
    {
        _structure.Add(originalName, value);
        return this;
    }

    /// <summary>The weights among the values: the term's key, the weight, and true if the term is subtracted from the loss.</summary>
    internal IEnumerable<(string Key, double Value, bool IsSubtracted)> Weights(IReadOnlyList<double> values) =>
        _rows.Select((row, i) => (Row: row, Value: values[i])).Where(pair => pair.Row.Rule == NumericRule.Weight && pair.Row.OriginalName.EndsWith(WeightSuffix, StringComparison.Ordinal))
            .Select(pair => (pair.Row.OriginalName[..^WeightSuffix.Length], pair.Value, pair.Row.Pull == TermPull.Maximized));

    /// <summary>The values in the attributes.</summary>
    internal double[] Defaults() => [.. _rows.Select(row => row.Default)];

    /// <summary>The original API's name of each number by its property.</summary>
    internal IReadOnlyDictionary<string, string> OriginalNames => _rows.ToDictionary(row => row.Property, row => row.OriginalName, StringComparer.Ordinal);

    /// <summary>The index of a property's number among the values.</summary>
    internal int IndexOf(string property) => _byProperty[property];

    /// <summary>The value of a number if it follows its rule.</summary>
    /// <exception cref="ArgumentException">It doesn't: the message gives value, rule and remedy.</exception>
    internal double Checked(int index, double value)
    {
        var row = _rows[index];
        if (NumericRules.IsLostInSingle(value) && !value.Equals(row.Default))
        {
            throw new ArgumentException($"{row.Property} is {NumberText.Of(value)}, which becomes {((float)value == 0 ? "0" : "infinite")} in float32; use a number between 1.5E-45 and 3.4E+38", row.Property);
        }

        var problem = row.Rule == NumericRule.Weight ? NumericRules.WeightProblem(row.Property, value, row.Pull) : NumericRules.Problem(row.Rule, row.Property, value);
        return problem is null ? value : throw new ArgumentException(problem, row.Property);
    }

    /// <summary>Numbers and structure by the original's names.</summary>
    internal OrderedDictionary<string, object?> ToDictionary(IReadOnlyList<double> values)
    {
        var result = new OrderedDictionary<string, object?>(StringComparer.Ordinal);
        for (var i = 0; i < _rows.Count; i++)
        {
            result.Add(_rows[i].OriginalName, _rows[i].Rule is NumericRule.Index or NumericRule.Count ? (object)(int)values[i] : values[i]);
        }

        foreach (var (name, value) in _structure)
        {
            result.Add(name, value);
        }

        return result;
    }

    /// <summary>The numbers in a dictionary under the original's names, checked.</summary>
    internal double[] ToValues(IReadOnlyDictionary<string, object?> named) =>
        [.. _rows.Select((row, i) => Checked(i, named[row.OriginalName] is int whole ? whole : (double)named[row.OriginalName]!))];

    /// <summary>A JSON schema of the files that hold these numbers: their names, rules and values in the attributes, and the structure, which can't change.</summary>
    /// <param name="title">What the schema is of.</param>
    public string ToJsonSchema(string title)
    {
        using var text = new MemoryStream();
        using (var writer = HyperparameterWriting.Open(text))
        {
            writer.WriteStartObject();
            writer.WriteString("$schema", "https://json-schema.org/draft/2020-12/schema");
            writer.WriteString("title", title);
            writer.WriteString("type", "object");
            writer.WriteBoolean("additionalProperties", false);
            writer.WriteStartObject("properties");
            foreach (var row in _rows)
            {
                WriteRow(writer, row, row.OriginalName, $"{row.Property} in C#.");
                WriteRow(writer, row, row.Property, $"{row.OriginalName} under its name in C#.");
            }

            foreach (var (name, value) in _structure)
            {
                writer.WriteStartObject(name);
                HyperparameterWriting.Write(writer, "const", value);
                writer.WriteString("description", "Structure: what the recipe was compiled with.");
                writer.WriteEndObject();
            }

            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(text.GetBuffer(), 0, (int)text.Length) + "\n";
    }

    private static void WriteRow(Utf8JsonWriter writer, Row row, string name, string description)
    {
        writer.WriteStartObject(name);
        writer.WriteString("type", row.Rule is NumericRule.Index or NumericRule.Count ? "integer" : "number");
        writer.WriteNumber(row.Rule == NumericRule.Positive ? "exclusiveMinimum" : "minimum", row.Rule == NumericRule.Count ? 1 : 0);
        if (row.Rule == NumericRule.Fraction)
        {
            writer.WriteNumber("maximum", 1);
        }

        writer.WriteNumber("default", row.Default);
        writer.WriteString("description", description);
        writer.WriteEndObject();
    }

    private HyperparameterTable Add(string property, string originalName, double value, NumericRule rule, TermPull pull = TermPull.Minimized)
    {
        _byProperty.Add(property, _rows.Count);
        _rows.Add(new Row(property, originalName, value, rule, pull));
        return this;
    }

    private sealed record Row(string Property, string OriginalName, double Default, NumericRule Rule, TermPull Pull);
}
