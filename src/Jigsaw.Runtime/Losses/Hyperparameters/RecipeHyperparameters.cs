using System.ComponentModel;
using System.Runtime.CompilerServices;
using System.Text;
using Jigsaw.Checkpoints;
using Jigsaw.CompilerServices;

namespace Jigsaw.Losses.Hyperparameters;

/// <summary>
/// The numbers that a recipe was built with, and its structure, under the original API's parameter names. A recipe's own record has a typed property
/// for each number, checked by the rule that the compiler applies to the attribute.
/// </summary>
public abstract record RecipeHyperparameters
{
    private readonly HyperparameterTable _table;
    private readonly double[] _values;

    /// <summary>Starts from the numbers in the attributes.</summary>
    /// <param name="table">What the hyperparameters are.</param>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected RecipeHyperparameters(HyperparameterTable table)
    {
        ArgumentNullException.ThrowIfNull(table);
        _table = table;
        _values = table.Defaults();
    }

    /// <summary>Copies the numbers of another record.</summary>
    /// <param name="original">The other record.</param>
    protected RecipeHyperparameters(RecipeHyperparameters original)
    {
        ArgumentNullException.ThrowIfNull(original);
        _table = original._table;
        _values = [.. original._values];
    }

    /// <summary>Numbers and structure by the original's names; null where the recipe has none.</summary>
    public IReadOnlyDictionary<string, object?> ToDictionary() => _table.ToDictionary(_values);

    /// <summary>Writes the numbers and the structure as a JSON object under the original's names, which the recipe's <c>Read</c> reads.</summary>
    /// <param name="path">The file, which is replaced if it exists.</param>
    /// <exception cref="IOException">The file can't be written.</exception>
    public void Write(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        AtomicFile.WriteText(path, ToJson());
    }

    /// <summary>The numbers and the structure as a JSON object under the original's names.</summary>
    public string ToJson()
    {
        using var text = new MemoryStream();
        using (var writer = HyperparameterWriting.Open(text))
        {
            writer.WriteStartObject();
            foreach (var (name, value) in ToDictionary())
            {
                HyperparameterWriting.Write(writer, name, value);
            }

            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(text.GetBuffer(), 0, (int)text.Length) + "\n";
    }

    /// <summary>The loss as a sum with these numbers, a line for each term: <c>composite_loss = 1 · jigsaw_ce_performance_loss  attention mask</c>. What a cap, a ramp or an interval makes of a term stands behind it.</summary>
    public string ToFormula() => LossFormula.Of(_table.Weights(_values), ToDictionary());

    /// <summary>A copy with other numbers.</summary>
    /// <param name="numbers">The numbers to change under the original's names, or under those of their properties.</param>
    /// <returns>A record of the same type.</returns>
    /// <exception cref="ArgumentException">A name is unknown or stands twice, or a number breaks its rule: the message gives value, rule and remedy.</exception>
    public RecipeHyperparameters With(IEnumerable<KeyValuePair<string, double>> numbers)
    {
        ArgumentNullException.ThrowIfNull(numbers);
        var (named, properties, seen) = (ToDictionary().ToDictionary(), _table.OriginalNames, new HashSet<string>(StringComparer.Ordinal));
        foreach (var (given, value) in numbers)
        {
            var name = properties.GetValueOrDefault(given, given);
            if (!seen.Add(name))
            {
                throw new ArgumentException($"'{name}' is given twice; keep one.");
            }

            named[name] = properties.Values.Contains(name) ? named[name] switch
            {
                int when value == Math.Truncate(value) && Math.Abs(value) <= int.MaxValue => (int)value,
                int => throw new ArgumentException($"'{given}' is {NumberText.Of(value)}; use a whole number."),
                _ => value,
            } : throw new ArgumentException($"'{given}' is not a number of this recipe; did you mean '{HyperparameterFile.Nearest(given, properties.Values.Concat(properties.Keys))}'?");
        }

        var copy = this with { };
        _table.ToValues(named).CopyTo(copy._values, 0);
        return copy;
    }

    /// <summary>True if the other record holds the same values for a recipe of the same type.</summary>
    /// <param name="other">The other record.</param>
    public virtual bool Equals(RecipeHyperparameters? other) =>
        other is not null && EqualityContract == other.EqualityContract && ToDictionary().SequenceEqual(other.ToDictionary());

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        Array.ForEach(_values, hash.Add);
        return hash.ToHashCode();
    }

    /// <summary>A number.</summary>
    /// <param name="property">Its property.</param>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected double Number([CallerMemberName] string property = "") => _values[_table.IndexOf(property)];

    /// <summary>A whole number.</summary>
    /// <param name="property">Its property.</param>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected int WholeNumber([CallerMemberName] string property = "") => (int)Number(property);

    /// <summary>Sets a number if the value follows its rule.</summary>
    /// <param name="value">The value.</param>
    /// <param name="property">Its property.</param>
    /// <exception cref="ArgumentException">It doesn't follow its rule: the message gives value, rule and remedy.</exception>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected void Set(double value, [CallerMemberName] string property = "")
    {
        var index = _table.IndexOf(property);
        _values[index] = _table.Checked(index, value);
    }

    /// <summary>Changes the numbers that a JSON file names.</summary>
    /// <param name="path">The file: an object of numbers under the original's names, or under those of their properties.</param>
    /// <param name="numbers">The numbers in the attributes, in a record made for this call.</param>
    /// <returns>The record.</returns>
    /// <exception cref="ArgumentException">The file is not a JSON object, a name is unknown, a number breaks its rule, or structure differs from the recipe's.</exception>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected static T ReadFrom<T>(string path, T numbers)
        where T : RecipeHyperparameters
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(numbers);
        var (table, values) = (numbers._table, numbers._values);
        var read = HyperparameterFile.Read(path, table.ToDictionary(values), table.StructureNames, table.OriginalNames);
        try
        {
            table.ToValues(read).CopyTo(values, 0);
        }
        catch (ArgumentException exception)
        {
            throw new ArgumentException($"In {path}, {ArgumentSentence.Of(exception).TrimEnd('.')}.", exception);
        }

        return numbers;
    }
}
