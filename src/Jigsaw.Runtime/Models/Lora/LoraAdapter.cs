using Jigsaw.Models.Decoder;
using Jigsaw.Tensors;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Jigsaw.Models.Lora;

/// <summary>The adapter of one linear map: y + s·B·A·x.</summary>
internal sealed class LoraAdapter(string module, Parameter down, Parameter up, double scale) : ILowRankAdapter
{
    public string Module { get; } = module;

    /// <inheritdoc/>
    public Parameter Down { get; } = down;

    /// <inheritdoc/>
    public Parameter Up { get; } = up;

    public double Scale { get; } = scale;

    public double Dropout { get; init; }

    /// <inheritdoc/>
    public Tensor AddTo(Tensor output, Tensor input, bool training, FrozenLinear linear, LayerRecord? record)
    {
        var inner = Inner(input, training, linear, record);
        if (is_grad_enabled())
        {
            return output.Plus(nn.functional.linear(inner, Up)).to(output.dtype);
        }

        AddUp(output, inner);
        return output;
    }

    /// <inheritdoc/>
    public void AddUp(Tensor output, Tensor inner)
    {
        if (output.dtype == inner.dtype)
        {
            TokenRows.Of(output).addmm_(TokenRows.Of(inner), Up.t());
        }
        else
        {
            output.add_(nn.functional.linear(inner, Up), Scalars.One);
        }
    }

    /// <inheritdoc/>
    public Tensor Inner(Tensor input, bool training, FrozenLinear linear, LayerRecord? record)
    {
        var own = input.to(Down.dtype);
        Tensor? dropout = null;
        if (training && Dropout > 0)
        {
            // Only the factors, so a record can hold them.
            dropout = nn.functional.dropout(ones_like(own), Dropout, training: true);
            own = own * dropout;
        }

        var inner = nn.functional.linear(own, Down) * Scalars.Of(Scale);
        record?.KeepAdapter(linear, inner, dropout);
        return inner;
    }

    /// <inheritdoc/>
    public void Back(Tensor gradient, Tensor input, Tensor inner, Tensor? dropout, Tensor? sum)
    {
        using var scope = NewDisposeScope();
        // Products with the rank as first dimension are several times faster than those with it last.
        var across = gradient.to(Down.dtype).t();
        var back = Up.t().mm(across).mul_(Scalars.Of(Scale));
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
            sum.add_(dropout is null ? part : part.mul_(dropout), Scalars.One);
        }
    }

    /// <summary>s·B·A·x, without dropout.</summary>
    public Tensor Apply(Tensor input) => nn.functional.linear(nn.functional.linear(input.to(Down.dtype), Down) * Scalars.Of(Scale), Up);

    /// <summary>s·B·A, shape (output, input).</summary>
    public Tensor Delta() => Up.matmul(Down) * Scalars.Of(Scale);

    /// <inheritdoc/>
    public void AddToUp(Tensor inner, Tensor across) => Add(Up, inner.t().mm(across.t()).t());

    /// <inheritdoc/>
    public void AddToDown(Tensor product) => Add(Down, product);

    private static void Add(Parameter parameter, Tensor product)
    {
        if (!parameter.requires_grad)
        {
            return;
        }

        if (parameter.grad is { } sum)
        {
            sum.add_(product, Scalars.One);
        }
        else
        {
            // In its own memory: it may be part of a larger product.
            parameter.grad = product.clone().contiguous();
        }
    }
}
