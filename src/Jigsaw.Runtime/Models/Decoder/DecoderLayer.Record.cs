using Jigsaw.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Jigsaw.Models.Decoder;

/// <content>
/// The backward pass, written out: gradients of a run that kept no graph. The weights are frozen, so it takes one product for each one in the
/// forward pass, and the adapters' small ones.
/// </content>
internal sealed partial class DecoderLayer
{
    // The memory that the scores of all heads may take in the backward pass.
    internal const long ScoreBytes = 16L << 20;

    /// <summary>How many values a record keeps for each token.</summary>
    public long RecordedFeatures => Query.OutputSize + Linears.Where(linear => linear != Down).Sum(linear => linear.OutputSize);

    /// <summary>Writes the layer's output, with a record for the backward pass.</summary>
    /// <param name="hidden">The layer's input, shape (batch, rows, hidden).</param>
    /// <param name="inputs">What the run's layers share.</param>
    /// <param name="adapters">The adapters of the run.</param>
    /// <param name="record">Where to keep what the backward pass needs.</param>
    /// <param name="output">Where the output goes, shape of the input.</param>
    public void Record(Tensor hidden, AttentionInputs inputs, IAdapters? adapters, LayerRecord record, Tensor output)
    {
        using var scope = NewDisposeScope();
        var (middle, gate, up) = RunToGate(hidden, inputs, adapters, cache: null, record);
        Down.Apply(nn.functional.silu(gate).mul_(up), adapters, record, output).add_(middle, Scalars.One);
    }

    /// <summary>Recomputes the record of a run, but not its output.</summary>
    public void Rerun(Tensor hidden, AttentionInputs inputs, IAdapters? adapters, LayerRecord record)
    {
        using var scope = NewDisposeScope();
        var (_, gate, up) = RunToGate(hidden, inputs, adapters, cache: null, record);
        if (adapters?.Find(Down.Module) is ILowRankAdapter adapter)
        {
            adapter.Inner(nn.functional.silu(gate).mul_(up), adapters.Training, Down, record);
        }
    }

    /// <summary>Propagates the output's gradient back to the input, and adds to the gradients of the adapters' parameters.</summary>
    /// <param name="gradient">With respect to the output, shape (rows, hidden); overwritten.</param>
    /// <param name="hidden">The layer's input, shape (batch, rows, hidden).</param>
    /// <param name="inputs">What the run's layers share.</param>
    /// <param name="adapters">The adapters of the run.</param>
    /// <param name="record">What the run recorded.</param>
    /// <param name="wanted">True if the input's gradient is requested.</param>
    /// <returns>The same tensor, now with respect to the input; null if not needed.</returns>
    public Tensor? Back(Tensor gradient, Tensor hidden, AttentionInputs inputs, IAdapters? adapters, LayerRecord record, bool wanted)
    {
        using var scope = NewDisposeScope();
        gradient.add_(BackFeedForward(gradient, adapters, record), Scalars.One);
        var attended = TokenRows.Of(record.Attended);
        var attendedGradient = empty_like(attended);
        Output.Back(gradient, attended, adapters, record, attendedGradient);
        if (!wanted && new[] { Query, Key, Value }.All(linear => adapters?.Find(linear.Module) is null))
        {
            return null;
        }

        var (query, key, value) = BackAttention(attendedGradient.view(record.Attended.shape), record, inputs);
        var rows = TokenRows.Of(hidden);
        var normed = InputNorm.Apply(rows);
        var sum = wanted ? empty_like(normed) : null;
        AdaptedLinears.Back([Query, Key, Value], [query, key, value], normed, adapters, record, sum);
        return sum is null ? null : gradient.add_(InputNorm.Back(sum, rows), Scalars.One);
    }

    /// <summary>From the output's gradient to that of the stream before the feed-forward's norm, without the residual connection.</summary>
    private Tensor BackFeedForward(Tensor gradient, IAdapters? adapters, LayerRecord record)
    {
        using var scope = NewDisposeScope();
        Tensor Recorded(FrozenLinear linear) => TokenRows.Of(record.OutputOf(linear));
        var type = gradient.dtype == ScalarType.Float64 ? ScalarType.Float64 : ScalarType.Float32;
        var (gate, up, middle) = (Leaf(Recorded(Gate).to(type)), Recorded(Up).to(type), Recorded(Output));
        Tensor active;
        using (enable_grad())
        {
            active = nn.functional.silu(gate);
        }

        var gatedGradient = empty_like(Recorded(Gate));
        Down.Back(gradient, (active * up).to(gradient.dtype), adapters, record, gatedGradient);
        var upGradient = gatedGradient * active;

        // By a graph of silu alone, whose kernel takes one sweep where the formula takes five.
        active.backward([gatedGradient.to(type).mul_(up)]);
        var normed = FeedForwardNorm.Apply(middle);
        var sum = empty_like(normed);
        AdaptedLinears.Back([Gate, Up], [gate.grad!.to(gradient.dtype), upGradient.to(gradient.dtype)], normed, adapters, record, sum);
        return FeedForwardNorm.Back(sum, middle).MoveToOuterDisposeScope();
    }

    /// <summary>Through attention: the gradients of projected queries, keys and values, shape (rows, features).</summary>
    private (Tensor Query, Tensor Key, Tensor Value) BackAttention(Tensor gradient, LayerRecord record, AttentionInputs inputs)
    {
        using var scope = NewDisposeScope();
        var type = gradient.dtype;
        if (gradient.device_type == DeviceType.CPU && type is ScalarType.BFloat16 or ScalarType.Float16)
        {
            // The CPU's kernel takes five times as long in these types as in float32.
            gradient = gradient.to(ScalarType.Float32);
        }

        Tensor Recorded(FrozenLinear linear) => record.OutputOf(linear).to(gradient.dtype);
        var projected = (Recorded(Query), Recorded(Key), Recorded(Value));
        var bytes = gradient.shape[0] * _config.HeadCount * gradient.shape[1] * gradient.shape[1] * gradient.ElementSize;
        var (query, key, value) =
            inputs.IsInBlocks ? BackInBlocks(gradient, projected, inputs)
            : bytes <= ScoreBytes && gradient.dtype is ScalarType.Float32 or ScalarType.Float64 ? BackByProducts(gradient, projected, record.Attended, inputs)
            : BackByGraph(gradient, projected, inputs);
        return (query.to(type).MoveToOuterDisposeScope(), key.to(type).MoveToOuterDisposeScope(), value.to(type).MoveToOuterDisposeScope());
    }

    /// <summary>Block by block, each by a graph of its own.</summary>
    private (Tensor Query, Tensor Key, Tensor Value) BackInBlocks(Tensor gradient, (Tensor Query, Tensor Key, Tensor Value) projected, AttentionInputs inputs)
    {
        using var scope = NewDisposeScope();
        var (batch, rows, type) = (gradient.shape[0], gradient.shape[1], gradient.dtype);
        var query = Rotate(Heads(projected.Query, _config.HeadCount, QueryNorm), inputs);
        var key = Rotate(Heads(projected.Key, _config.KeyValueHeadCount, KeyNorm), inputs);
        var value = Heads(projected.Value, _config.KeyValueHeadCount, norm: null);
        var output = gradient.view(batch, rows, _config.HeadCount, _config.HeadDim).transpose(1, 2);

        // Summed over blocks in at least float32.
        var wide = type == ScalarType.Float64 ? ScalarType.Float64 : ScalarType.Float32;
        var queryGradient = empty_like(query);
        var keyGradient = zeros(key.shape, dtype: wide, device: key.device);
        var valueGradient = zeros(key.shape, dtype: wide, device: key.device);
        foreach (var (block, bias) in inputs.Blocks(_config.Windows[_index]))
        {
            using var inner = NewDisposeScope();
            var (queries, keys, values) = (Leaf(block.RowsOf(query)), Leaf(block.ColumnsOf(key)), Leaf(block.ColumnsOf(value)));
            using (enable_grad())
            {
                ScaledDotProduct.Attend(queries, Repeat(keys), Repeat(values), bias).backward([block.RowsOf(output)]);
            }

            block.RowsOf(queryGradient).copy_(queries.grad!);
            block.ColumnsOf(keyGradient).add_(keys.grad!, Scalars.One);
            block.ColumnsOf(valueGradient).add_(values.grad!, Scalars.One);
        }

        return (
            Projected(queryGradient, projected.Query, QueryNorm, inputs),
            Projected(keyGradient.to(type), projected.Key, KeyNorm, inputs),
            TokenRows.Of(valueGradient.to(type).transpose(1, 2).reshape(batch, rows, -1)).MoveToOuterDisposeScope());
    }

    /// <summary>By a graph of attention alone: for batches whose scores torch's kernel never materializes at once, and for types in which the scores would be rounded.</summary>
    private (Tensor Query, Tensor Key, Tensor Value) BackByGraph(Tensor gradient, (Tensor Query, Tensor Key, Tensor Value) projected, AttentionInputs inputs)
    {
        using var scope = NewDisposeScope();
        using var grad = enable_grad();
        var (query, key, value) = (Leaf(projected.Query), Leaf(projected.Key), Leaf(projected.Value));
        Attend(query, key, value, inputs, cache: null).backward([gradient]);
        return (Gradient(query), Gradient(key), Gradient(value));
    }

    /// <summary>Written out. The heads of a group are stacked, so nothing is repeated, and their keys' gradients are already summed.</summary>
    private (Tensor Query, Tensor Key, Tensor Value) BackByProducts(Tensor gradient, (Tensor Query, Tensor Key, Tensor Value) projected, Tensor attended, AttentionInputs inputs)
    {
        using var scope = NewDisposeScope();
        var (batch, rows, size) = (gradient.shape[0], gradient.shape[1], (long)_config.HeadDim);
        var (heads, shared) = ((long)_config.HeadCount, (long)_config.KeyValueHeadCount);
        Tensor Grouped(Tensor of) => of.reshape(batch * shared, -1, size);
        Tensor Transposed(Tensor projected) => projected.view(batch, rows, -1, size).transpose(1, 2);

        var scale = 1 / Math.Sqrt(size);
        var query = Grouped(Rotate(Heads(projected.Query, _config.HeadCount, QueryNorm), inputs)).mul_(Scalars.Of(scale));
        var key = Grouped(Rotate(Heads(projected.Key, _config.KeyValueHeadCount, KeyNorm), inputs));
        var value = Grouped(Heads(projected.Value, _config.KeyValueHeadCount, norm: null));
        var scores = query.bmm(key.transpose(1, 2)).view(batch, heads, rows, rows).add_(inputs.BiasOf(_config.Windows[_index]), Scalars.One);
        var shares = nn.functional.softmax(scores, -1).view(batch * shared, -1, rows);
        var output = Grouped(Transposed(gradient));
        var valueGradient = shares.transpose(1, 2).bmm(output);
        var along = (gradient * attended).view(batch, rows, heads, size).sum(-1).transpose(1, 2).reshape(batch * shared, -1, 1);
        var scoreGradient = output.bmm(value.transpose(1, 2)).sub_(along).mul_(shares);
        var queryGradient = scoreGradient.bmm(key).mul_(Scalars.Of(scale)).view(batch, heads, rows, size);
        var keyGradient = scoreGradient.transpose(1, 2).bmm(query).view(batch, shared, rows, size);
        return (
            Projected(queryGradient, projected.Query, QueryNorm, inputs),
            Projected(keyGradient, projected.Key, KeyNorm, inputs),
            TokenRows.Of(valueGradient.view(batch, shared, rows, size).transpose(1, 2).reshape(batch, rows, -1)).MoveToOuterDisposeScope());
    }

    /// <summary>Through rotation and norm, from heads (batch, heads, rows, head dim) to (rows, features).</summary>
    private static Tensor Projected(Tensor heads, Tensor projected, RmsNorm? norm, AttentionInputs inputs)
    {
        var half = heads.shape[3] / 2;
        var (first, second) = (heads.narrow(3, 0, half), heads.narrow(3, half, half));
        var back = cat([(first * inputs.Cosines).Plus(second * inputs.Sines), (second * inputs.Cosines) - (first * inputs.Sines)], 3).transpose(1, 2);
        var gradient = norm is null ? back : norm.Back(back, projected.view(back.shape));
        return TokenRows.Of(gradient.reshape(projected.shape)).MoveToOuterDisposeScope();
    }

    private static Tensor Gradient(Tensor leaf) => TokenRows.Of(leaf.grad!).MoveToOuterDisposeScope();

    private static Tensor Leaf(Tensor tensor) => tensor.detach().requires_grad_();
}
