using System.Collections.Concurrent;
using static TorchSharp.torch;

namespace Jigsaw.Losses;

/// <summary>
/// A scalar whose gradients were computed together with it: backward only scales them. It keeps nothing but the gradients alive.
/// </summary>
internal sealed class KnownGradient : autograd.SingleTensorFunction<KnownGradient>
{
    private const string LayoutKey = "layout";
    private const string ThreadKey = "thread";

    private static readonly ConcurrentDictionary<int, string> Refusals = [];

    [ThreadStatic]
    private static List<Tensor>? _returned;

    /// <inheritdoc/>
    public override string Name => nameof(KnownGradient);

    /// <summary>Gives a value the gradients that belong to it. The gradients' handles are taken over.</summary>
    /// <param name="value">The scalar, without a graph.</param>
    /// <param name="gradients">What is known of each input.</param>
    internal static Tensor Attach(Tensor value, IReadOnlyList<Part> gradients)
    {
        ThrowRefusal();
        if (gradients.Count == 0 || !is_grad_enabled())
        {
            Release(gradients);
            return value;
        }

        var result = apply([new Known(value, gradients), .. gradients.Select(part => part.Input)]);
        Release(gradients);
        return result;
    }

    /// <summary>Says in a sentence what the last backward of a loss of this thread could not: an exception there would end the process.</summary>
    /// <exception cref="InvalidOperationException">The last backward was asked for a second derivative, or failed.</exception>
    internal static void ThrowRefusal()
    {
        if (!Refusals.IsEmpty && Refusals.TryRemove(Environment.CurrentManagedThreadId, out var sentence))
        {
            throw new InvalidOperationException(sentence);
        }
    }

    /// <inheritdoc/>
    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var (value, gradients) = (Known)vars[0];
        var saved = new List<Tensor>();
        var layout = new List<(long[] Shape, ScalarType Type, double Factor, bool Rows)>();
        foreach (var part in gradients)
        {
            saved.Add(part.Gradient);
            if (part.Rows is { } rows)
            {
                saved.Add(rows);
            }

            layout.Add((part.Input.shape, part.Input.dtype, part.Factor, part.Rows is not null));
        }

        ctx.save_for_backward(saved);
        ctx.save_data(LayoutKey, layout);
        ctx.save_data(ThreadKey, Environment.CurrentManagedThreadId);
        return value;
    }

    /// <inheritdoc/>
    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        // The engine has copied what the last call on this thread returned.
        var returned = _returned ??= [];
        returned.ForEach(tensor => tensor.Dispose());
        returned.Clear();
        var result = new List<Tensor> { null! };
        var layout = (List<(long[] Shape, ScalarType Type, double Factor, bool Rows)>)ctx.get_data(LayoutKey);
        try
        {
            using var scope = NewDisposeScope();
            var again = is_grad_enabled();
            using var inference = no_grad();
            var saved = ctx.get_saved_variables();
            var next = 0;
            foreach (var (shape, type, factor, packed) in layout)
            {
                var scale = again ? grad_output * double.NaN : grad_output * factor;
                var gradient = (saved[next++] * scale).to(type);
                if (packed)
                {
                    var rows = saved[next++];
                    var all = shape.AsSpan()[..^1].ToArray().Aggregate(1L, (product, size) => product * size);
                    gradient = zeros([all, shape[^1]], dtype: type, device: gradient.device).index_copy_(0, rows, gradient);
                }

                result.Add(gradient.reshape(shape).DetachFromDisposeScope());
            }

            if (again)
            {
                Refusals[(int)ctx.get_data(ThreadKey)] = "A jigsaw loss has no second derivative (its gradient is computed in the forward), but backward was called with create_graph; the gradients of that call are NaN. Call backward without create_graph.";
            }
        }
        catch (Exception exception)
        {
            Refusals[(int)ctx.get_data(ThreadKey)] = $"The backward of a jigsaw loss failed, and its gradients are missing: {exception.Message}";
            result.ForEach(tensor => tensor?.Dispose());
            result = [.. Enumerable.Repeat<Tensor>(null!, 1 + layout.Count)];
        }

        grad_output.Dispose();
        returned.AddRange(result.Where(tensor => tensor is not null));
        return result;
    }

    private static void Release(IReadOnlyList<Part> gradients)
    {
        foreach (var part in gradients)
        {
            part.Gradient.Dispose();
        }
    }

    private sealed record Known(Tensor Value, IReadOnlyList<Part> Gradients);

    /// <summary>The gradient of a value with respect to one input.</summary>
    /// <param name="Input">The input, of any shape (…, features).</param>
    /// <param name="Gradient">Divided by the factor; of the input's shape, or its rows.</param>
    /// <param name="Factor">What the gradient is to be multiplied by: keeps small numbers of a small dtype from vanishing.</param>
    /// <param name="Rows">Which rows of the input the gradient's rows belong to; null: all, in order.</param>
    internal readonly record struct Part(Tensor Input, Tensor Gradient, double Factor = 1, Tensor? Rows = null);
}
