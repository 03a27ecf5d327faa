using System.Collections;
using System.Diagnostics.CodeAnalysis;
using Jigsaw.Tensors;
using static TorchSharp.torch;

namespace Jigsaw.Losses;

/// <summary>
/// The raw, positive, unweighted value of each term of a recipe, and its <c>composite_loss</c>, under the original's names. Detached
/// from the graph, held as one tensor on the device, and not attached to the step's dispose scope.
/// </summary>
public class ComponentLosses : IReadOnlyDictionary<string, Tensor>, IDisposable
{
    /// <summary>The key of the composite loss.</summary>
    public const string CompositeKey = "composite_loss";

    private readonly string[] _keys;
    private readonly Tensor[] _entries;

    /// <summary>Keeps the values of one step.</summary>
    /// <param name="keys">The components' keys.</param>
    /// <param name="values">Their values, scalars on one device, in the order of the keys.</param>
    public ComponentLosses(IReadOnlyList<string> keys, params Tensor[] values)
    {
        ArgumentNullException.ThrowIfNull(keys);
        ArgumentNullException.ThrowIfNull(values);
        if (keys.Count != values.Length)
        {
            throw new ArgumentException($"There are {keys.Count} keys for {values.Length} values; give one for each.", nameof(values));
        }

        _keys = [.. keys];
        using (NewDisposeScope())
        using (no_grad())
        {
            Values = stack(values.Select(value => value.detach())).DetachFromDisposeScope();
            _entries = [.. Enumerable.Range(0, values.Length).Select(i => Values[i].DetachFromDisposeScope())];
        }
    }

    /// <summary>All values in the order of <see cref="Keys"/>, shape (number of components).</summary>
    public Tensor Values { get; }

    /// <summary>The sum that was minimized, shape ().</summary>
    public Tensor CompositeLoss => this[CompositeKey];

    /// <summary>
    /// The error of the recipe's gradient filter in this step: ‖g − exact‖ / ‖exact‖ of the cross-entropies' gradients with respect to all hidden states, weights
    /// and caps included, shape (). Null if it was not measured, or nothing was filtered; see <c>MeasureGradientError</c> of the bound loss.
    /// </summary>
    public Tensor? GradientError { get; internal set; }

    /// <summary>The components that this step left out, by the <c>Every</c> of their terms: they are 0, and <see cref="Read"/> doesn't name them.</summary>
    public IReadOnlyCollection<string> Skipped { get; internal set; } = [];

    /// <inheritdoc/>
    public IEnumerable<string> Keys => _keys;

    /// <inheritdoc/>
    public int Count => _keys.Length;

    IEnumerable<Tensor> IReadOnlyDictionary<string, Tensor>.Values => _entries;

    /// <inheritdoc/>
    public Tensor this[string key] =>
        TryGetValue(key, out var value) ? value : throw new KeyNotFoundException($"There is no component '{key}'; there are {string.Join(", ", _keys)}.");

    /// <summary>The values on the host, by one read from the device, without those that the step left out: a mean over steps is then one over the steps that evaluated the term.</summary>
    public IReadOnlyDictionary<string, double> Read()
    {
        using var host = Values.to(ScalarType.Float64).cpu();
        var values = host.data<double>().ToArray();
        var result = new OrderedDictionary<string, double>();
        for (var i = 0; i < _keys.Length; i++)
        {
            if (!Skipped.Contains(_keys[i]))
            {
                result.Add(_keys[i], values[i]);
            }
        }

        return result;
    }

    /// <summary>Adds the values of another part of the same step: the entries are views of <see cref="Values"/>.</summary>
    internal void Add(ComponentLosses other)
    {
        using var grad = no_grad();
        Values.add_(other.Values, Scalars.One);
    }

    /// <inheritdoc/>
    public bool ContainsKey(string key) => Array.IndexOf(_keys, key) >= 0;

    /// <inheritdoc/>
    public bool TryGetValue(string key, [MaybeNullWhen(false)] out Tensor value)
    {
        var index = Array.IndexOf(_keys, key);
        value = index < 0 ? null : _entries[index];
        return index >= 0;
    }

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<string, Tensor>> GetEnumerator() =>
        _keys.Zip(_entries, (key, value) => new KeyValuePair<string, Tensor>(key, value)).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Frees the values.</summary>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Frees the values.</summary>
    /// <param name="disposing">True if called by <see cref="Dispose()"/>.</param>
    protected virtual void Dispose(bool disposing)
    {
        if (disposing)
        {
            foreach (var entry in _entries)
            {
                entry.Dispose();
            }

            GradientError?.Dispose();
            Values.Dispose();
        }
    }
}
