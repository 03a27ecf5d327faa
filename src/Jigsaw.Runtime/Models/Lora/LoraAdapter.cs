using Jigsaw.Models.Decoder;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Jigsaw.Models.Lora;

/// <summary>The adapter of one linear map: y + s·B·A·x.</summary>
internal sealed class LoraAdapter(string module, Parameter down, Parameter up, double scale)
{
    public string Module { get; } = module;

    /// <summary>A, shape (rank, input).</summary>
    public Parameter Down { get; } = down;

    /// <summary>B, shape (output, rank).</summary>
    public Parameter Up { get; } = up;

    public double Scale { get; } = scale;

    public double Dropout { get; init; }

    /// <summary>Adds the adapter's part in the adapter's own type; the sum has the output's, and stands in its place where no graph is kept.</summary>
    /// <param name="output">y, shape (…, output).</param>
    /// <param name="input">x, shape (…, input).</param>
    /// <param name="training">Whether dropout is applied.</param>
    /// <param name="linear">The adapted map.</param>
    /// <param name="record">Where to keep what the way back needs; null: nothing.</param>
    public Tensor AddTo(Tensor output, Tensor input, bool training, FrozenLinear linear, LayerRecord? record)
    {
        var inner = Inner(input, training, linear, record);
        if (is_grad_enabled())
        {
            return (output + nn.functional.linear(inner, Up)).to(output.dtype);
        }

        AddUp(output, inner);
        return output;
    }

    /// <summary>Adds B·(s·A·x) to y in its place; no graph is kept.</summary>
    /// <param name="output">y, shape (batch, rows, output).</param>
    /// <param name="inner">s·A·x, shape (batch, rows, rank).</param>
    public void AddUp(Tensor output, Tensor inner)
    {
        if (output.dtype == inner.dtype)
        {
            Rows(output).addmm_(Rows(inner), Up.t());
        }
        else
        {
            output.add_(nn.functional.linear(inner, Up));
        }
    }

    /// <summary>s·A·x, shape (…, rank).</summary>
    public Tensor Inner(Tensor input, bool training, FrozenLinear linear, LayerRecord? record)
    {
        var own = input.to(Down.dtype);
        Tensor? dropout = null;
        if (training && Dropout > 0)
        {
            // The factors alone, so that a record can hold them.
            dropout = nn.functional.dropout(ones_like(own), Dropout, training: true);
            own = own * dropout;
        }

        var inner = nn.functional.linear(own, Down) * Scale;
        record?.KeepAdapter(linear, inner, dropout);
        return inner;
    }

    /// <summary>Adds what an output's gradient makes of the parameters' gradients, and of the input's.</summary>
    /// <param name="gradient">With respect to y, shape (rows, output).</param>
    /// <param name="input">x, shape (rows, input).</param>
    /// <param name="inner">s·A·x, shape (rows, rank).</param>
    /// <param name="dropout">What x was multiplied by, shape (rows, input); null: nothing.</param>
    /// <param name="sum">The gradient with respect to x, shape (rows, input), which is added to; null when nobody asks.</param>
    public void Back(Tensor gradient, Tensor input, Tensor inner, Tensor? dropout, Tensor? sum)
    {
        using var scope = NewDisposeScope();
        // Products with the rank in front are several times faster than those with it behind.
        var across = gradient.to(Down.dtype).t();
        var back = Up.t().mm(across).mul_(Scale);
        var own = input.to(Down.dtype);
        AddToUp(inner, across);
        AddToDown(back.mm(dropout is null ? own : own * dropout));
        if (sum is not null && sum.dtype == Down.dtype && dropout is null)
        {
            sum.addmm_(back.t(), Down);
        }
        else if (sum is not null)
        {
            var part = back.t().mm(Down);
            sum.add_(dropout is null ? part : part.mul_(dropout));
        }
    }

    /// <summary>s·B·A, shape (output, input).</summary>
    public Tensor Delta() => Up.matmul(Down) * Scale;

    /// <summary>A tensor of shape (…, features) as (rows, features).</summary>
    public static Tensor Rows(Tensor tensor) => tensor.view(-1, tensor.shape[^1]);

    /// <summary>Adds to B's gradient.</summary>
    /// <param name="inner">s·A·x, shape (rows, rank).</param>
    /// <param name="across">The output's gradient, shape (output, rows).</param>
    public void AddToUp(Tensor inner, Tensor across) => Add(Up, inner.t().mm(across.t()).t());

    /// <summary>Adds to A's gradient, shape (rank, input).</summary>
    public void AddToDown(Tensor product) => Add(Down, product);

    private static void Add(Parameter parameter, Tensor product)
    {
        if (!parameter.requires_grad)
        {
            return;
        }

        if (parameter.grad is { } sum)
        {
            sum.add_(product);
        }
        else
        {
            // Of its own memory: it may be a part of a larger product.
            parameter.grad = product.clone().contiguous();
        }
    }
}
