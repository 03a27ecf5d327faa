using Jigsaw.Tensors;
using static TorchSharp.torch;

namespace Jigsaw.Losses.Gradients;

/// <summary>
/// Values whose gradients follow, by a rule, from what the forward pass saved. It keeps nothing else alive.
/// </summary>
internal sealed class KnownGradient : autograd.SingleTensorFunction<KnownGradient>
{
    private const string RuleKey = "rule";
    private const string InputsKey = "inputs";
    private const string RefusalKey = "refusal";

    [ThreadStatic]
    private static Refusal? _refusal;

    [ThreadStatic]
    private static List<Tensor>? _returned;

    /// <inheritdoc/>
    public override string Name => nameof(KnownGradient);

    /// <summary>Attaches gradients to a scalar; the backward pass only scales them. It takes ownership of the gradients' handles.</summary>
    /// <param name="value">The scalar, without a graph.</param>
    /// <param name="gradients">What is known about each input.</param>
    internal static Tensor Attach(Tensor value, IReadOnlyList<Part> gradients)
    {
        try
        {
            return Attach(value, [.. gradients.Select(part => part.Input)], ScaledGradients.Saved(gradients), new ScaledGradients(gradients));
        }
        finally
        {
            foreach (var part in gradients)
            {
                part.Gradient.Dispose();
            }
        }
    }

    /// <summary>Attaches to values the rule that computes their gradients.</summary>
    /// <param name="values">A scalar or a vector, without a graph.</param>
    /// <param name="inputs">The inputs whose gradients the rule computes.</param>
    /// <param name="saved">What the rule reads.</param>
    /// <param name="rule">The rule.</param>
    internal static Tensor Attach(Tensor values, IReadOnlyList<Tensor> inputs, IReadOnlyList<Tensor> saved, IGradientRule rule)
    {
        ThrowRefusal();
        return inputs.Count == 0 || !is_grad_enabled() ? values : apply([new Known(values, saved, rule, inputs.Count), .. inputs]);
    }

    /// <summary>Reports in a sentence why the last backward pass of a loss on this thread failed: an exception there would end the process.</summary>
    /// <exception cref="InvalidOperationException">The last backward pass was asked for a second derivative, or failed.</exception>
    internal static void ThrowRefusal()
    {
        if (_refusal?.Take() is { } sentence)
        {
            throw new InvalidOperationException(sentence);
        }
    }

    /// <inheritdoc/>
    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var (values, saved, rule, inputs) = (Known)vars[0];
        ctx.save_for_backward([.. saved]);
        ctx.save_data(RuleKey, rule);
        ctx.save_data(InputsKey, inputs);
        ctx.save_data(RefusalKey, _refusal ??= new Refusal());
        return values;
    }

    /// <inheritdoc/>
    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        // The engine has copied what the last call on this thread returned.
        var returned = _returned ??= [];
        returned.ForEach(tensor => tensor.Dispose());
        returned.Clear();
        var result = new List<Tensor> { null! };
        try
        {
            using var scope = NewDisposeScope();
            var again = is_grad_enabled();
            using var inference = no_grad();
            var rule = (IGradientRule)ctx.get_data(RuleKey);
            result.AddRange(rule.Gradients(ctx.get_saved_variables(), again ? grad_output * Scalars.Of(double.NaN) : grad_output));
            if (again)
            {
                ((Refusal)ctx.get_data(RefusalKey)).Say("A jigsaw loss has no second derivative (its gradient is a constant of the graph), but backward was called with create_graph; the gradients of that call are NaN. Call backward without create_graph.");
            }
        }
        catch (Exception exception)
        {
            ((Refusal)ctx.get_data(RefusalKey)).Say($"The backward of a jigsaw loss failed, and its gradients are missing: {exception.Message}");
            result = [.. Enumerable.Repeat<Tensor>(null!, 1 + (int)ctx.get_data(InputsKey))];
        }

        grad_output.Dispose();
        returned.AddRange(result.Where(tensor => tensor is not null));
        return result;
    }

    /// <summary>The sentence of a thread whose backward, on whatever thread it ran, could not do what it was asked.</summary>
    private sealed class Refusal
    {
        private string? _sentence;

        public void Say(string sentence) => Volatile.Write(ref _sentence, sentence);

        public string? Take() => _sentence is null ? null : Interlocked.Exchange(ref _sentence, null);
    }

    private sealed record Known(Tensor Values, IReadOnlyList<Tensor> Saved, IGradientRule Rule, int Inputs);

    /// <summary>The gradient of a value with respect to one input.</summary>
    /// <param name="Input">The input, of any shape (…, features).</param>
    /// <param name="Gradient">The gradient divided by the factor; of the input's shape, or of its rows.</param>
    /// <param name="Factor">The factor that the gradient is to be multiplied by: it keeps small numbers in a narrow dtype from vanishing.</param>
    /// <param name="Rows">The rows of the input that the gradient's rows belong to; null for all, in order.</param>
    internal readonly record struct Part(Tensor Input, Tensor Gradient, double Factor = 1, Tensor? Rows = null);
}
