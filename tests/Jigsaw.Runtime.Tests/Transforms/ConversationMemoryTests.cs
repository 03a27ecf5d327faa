using Jigsaw.Batches;
using Jigsaw.Transforms;
using Jigsaw.Transforms.Noise;
using TorchSharp;
using static TorchSharp.torch;

namespace Jigsaw.Runtime.Tests.Transforms;

public sealed class ConversationMemoryTests : IDisposable
{
    private static readonly long[] _first = [7, 21, 3, 14, 39, 8];
    private static readonly long[] _second = [.. _first, 25, 11, 30, 2];

    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly StainedGlassTransform _trained = StainedGlassTransformTests.Stirred(new TransformConfig { Std = new TanhStd { InitialRho = 0 } });
    private readonly StainedGlassTransform _used;

    public ConversationMemoryTests() => _used = _trained.WithSecureNoise();

    public void Dispose()
    {
        _used.Dispose();
        _trained.Dispose();
        _scope.Dispose();
    }

    [Theory]
    [InlineData(0, 0, 0, 0)]
    [InlineData(3, 0, 1, 0)]
    [InlineData(0, 4, 0, 1)]
    [InlineData(2, 1, 0, 5)]
    public void A_second_turn_sends_the_same_rows_again_and_new_ones_behind_them(int left, int right, int leftThen, int rightThen)
    {
        using var memory = new ConversationMemory();
        var one = Send(_used, _first, memory, left: left, right: right);
        Assert.Equal(_first.Length, memory.TokenCount);
        var two = Send(_used, _second, memory, left: leftThen, right: rightThen);
        Assert.Equal(_second.Length, memory.TokenCount);
        Assert.True(one.IsSame(two.narrow(0, 0, _first.Length)));
        AssertFresh(two, Send(_used, _second), from: _first.Length);
        Assert.True(two.IsSame(Send(_used, _second, memory)));
    }

    [Fact]
    public void Sixteen_versions_are_kept_and_the_longest_unused_is_forgotten()
    {
        using var memory = new ConversationMemory();
        long[] Version(int which) => [7, 20 + which, 3];
        var sent = Enumerable.Range(0, 16).Select(which => Send(_used, Version(which), memory)).ToArray();
        Assert.True(sent[0].IsSame(Send(_used, Version(0), memory)));
        Send(_used, Version(16), memory);
        Assert.True(sent[0].IsSame(Send(_used, Version(0), memory)));
        Assert.True(sent[2].IsSame(Send(_used, Version(2), memory)));
        AssertFresh(sent[1], Send(_used, Version(1), memory), from: 1);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(5)]
    public void From_an_edit_on_all_rows_are_new(int place)
    {
        using var memory = new ConversationMemory();
        var before = Send(_used, _first, memory);
        long[] edited = [.. _first];
        edited[place] = 1;
        var after = Send(_used, edited, memory);
        Assert.True(before.narrow(0, 0, place).IsSame(after.narrow(0, 0, place)));
        AssertFresh(before, after, from: place);

        // Taken back, and made again: what was sent once is known.
        Assert.True(before.IsSame(Send(_used, _first, memory)));
        Assert.True(after.IsSame(Send(_used, edited, memory)));
    }

    [Fact]
    public void From_a_token_with_another_mask_on_all_rows_are_new()
    {
        using var memory = new ConversationMemory();
        var before = Send(_used, _first, memory);
        var after = Send(_used, _first, memory, plain: 2);
        Assert.True(before.narrow(0, 0, 2).IsSame(after.narrow(0, 0, 2)));
        Assert.True(after[2].IsSame(_used.EmbeddingTable[_first[2]]));
        AssertFresh(before, after, from: 3);
    }

    [Fact]
    public void A_beginning_that_is_shorter_keeps_what_stood_behind_it()
    {
        using var memory = new ConversationMemory();
        var whole = Send(_used, _second, memory);
        Assert.True(whole.narrow(0, 0, _first.Length).IsSame(Send(_used, _first, memory)));
        Assert.True(whole.IsSame(Send(_used, _second, memory)));
        Assert.Equal(_second.Length, memory.TokenCount);
    }

    [Fact]
    public void Averaging_the_turns_of_a_conversation_gains_nothing()
    {
        const int Turns = 64;
        using var memory = new ConversationMemory();
        var (means, stds) = Moments(_first);
        var clean = _used.EmbeddingTable[tensor(_first)];
        double Left(Func<int, Tensor> turn) =>
            (((stack([.. Enumerable.Range(0, Turns).Select(turn)]).mean([0L]) - clean - means) / stds).square().mean().sqrt()).ToDouble();

        // With fresh noise, an eighth is left of it; with the memory, all.
        Assert.InRange(Left(_ => Send(_used, _first)), 0.09, 0.17);
        Assert.InRange(Left(turn => Send(_used, [.. _first, .. Enumerable.Range(0, turn).Select(i => (long)i % 40)], memory).narrow(0, 0, _first.Length)), 0.7, 1.3);
    }

    [Fact]
    public void Two_conversations_of_the_same_text_share_no_noise()
    {
        using var one = new ConversationMemory();
        using var other = new ConversationMemory();
        var (first, second) = (Send(_used, _first, one), Send(_used, _first, other));
        AssertFresh(first, second, from: 0);
        AssertFresh(Send(_used, _second, one), Send(_used, _second, other), from: 0);
    }

    [Fact]
    public void Each_row_of_a_batch_has_a_memory()
    {
        using var one = new ConversationMemory();
        using var other = new ConversationMemory();
        var long_ = Send(_used, _second, one);
        using var batch = Batch([[.. _second, 5, 6], _first], left: [0, 6]);
        var noisy = _used.Apply(batch, [one, other]).Noisy;
        Assert.True(long_.IsSame(noisy[0].narrow(0, 0, _second.Length)));
        Assert.True(noisy[1].narrow(0, 6, _first.Length).IsSame(Send(_used, _first, other)));
        Assert.Equal((_second.Length + 2, _first.Length), (one.TokenCount, other.TokenCount));

        // A row of padding alone has nothing to remember.
        using var rest = new ConversationMemory();
        using var empty = Batch([_first, []], left: [0, 0]);
        _used.Apply(empty, [other, rest]);
        Assert.Equal(0, rest.TokenCount);
    }

    [Fact]
    public void Rows_with_a_memory_have_the_distribution_of_those_without()
    {
        using var memory = new ConversationMemory();
        var (means, stds) = Moments(_second);
        Send(_used, _first, memory);
        var noise = ((Send(_used, _second, memory) - _used.EmbeddingTable[tensor(_second)] - means) / stds).to(ScalarType.Float64);

        // 160 numbers: five standard errors.
        Assert.InRange(noise.mean().ToDouble(), -0.4, 0.4);
        Assert.InRange(noise.square().mean().ToDouble(), 0.44, 1.56);
    }

    [Fact]
    public void X_mu_and_sigma_are_those_of_the_whole_turn_and_carry_no_gradient()
    {
        using var memory = new ConversationMemory();
        using var batch = Batch([_second], left: [2]);
        var (plain, remembered) = (_used.Apply(batch), _used.Apply(batch, memory));
        Assert.True(plain.Clean.IsSame(remembered.Clean) && plain.Means.IsSame(remembered.Means) && plain.Stds.IsSame(remembered.Stds));
        Assert.True(plain.Noisy.requires_grad);
        Assert.False(remembered.Noisy.requires_grad || remembered.Means.requires_grad);
    }

    [Fact]
    public void A_memory_of_something_else_gets_a_sentence()
    {
        using var memory = new ConversationMemory();
        using var other = new ConversationMemory();
        Send(_used, _first, memory);
        using var second = StainedGlassTransformTests.Stirred(_trained.Config);
        using var wide = new StainedGlassTransform(zeros(40, 32));
        using var half = _trained.WithSecureNoise(ScalarType.BFloat16);
        using var batch = Batch([_first, _first], left: [0, 0]);
        Said<ArgumentException>(() => Send(second.WithSecureNoise(), _first, memory), "rows of another transform or dtype (16 features in Float32)");
        Said<ArgumentException>(() => Send(wide.WithSecureNoise(), _first, memory), "than this one (32 features in Float32)");
        Said<ArgumentException>(() => Send(half, _first, memory), "than this one (16 features in BFloat16)");
        Said<ArgumentException>(() => _used.Apply(batch, memory), "The batch has 2 conversations, and there are 1 different memories");
        Said<ArgumentException>(() => _used.Apply(batch, [other, other]), "give one for each row");
        Said<InvalidOperationException>(() => Send(_trained, _first, memory), "WithSecureNoise()");
        Assert.Equal(0, other.TokenCount);
        Assert.Equal(_first.Length, memory.TokenCount);
        memory.Dispose();
        Assert.Throws<ObjectDisposedException>(() => Send(_used, _first, memory));

        static void Said<TException>(Action act, string sentence)
            where TException : Exception => Assert.Contains(sentence, Assert.Throws<TException>(act).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_disposed_memory_has_freed_its_rows()
    {
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        using (NewDisposeScope())
        using (var memory = new ConversationMemory())
        {
            long[] edited = [.. _first];
            edited[3] = 1;
            foreach (var turn in (long[][])[_first, _second, edited, _first])
            {
                Send(_used, turn, memory);
            }
        }

        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    [Fact]
    public void Turns_of_several_threads_agree_on_the_rows()
    {
        using var memory = new ConversationMemory();
        var turns = new float[8][];
        Parallel.For(0, turns.Length, turn =>
        {
            using var scope = NewDisposeScope();
            turns[turn] = Send(_used, [.. _first, turn], memory).narrow(0, 0, _first.Length).contiguous().data<float>().ToArray();
        });
        Assert.All(turns, turn => Assert.Equal(turns[0], turn));
    }

    private (Tensor Means, Tensor Stds) Moments(long[] ids)
    {
        using var noGrad = no_grad();
        var (means, stds) = _used.Moments(_used.EmbeddingTable[tensor(ids)].unsqueeze(0), RowMask.FromTensor(ones(1, ids.Length, dtype: ScalarType.Bool)));
        return (means[0], stds[0]);
    }

    /// <summary>No number from a row on is that of the other.</summary>
    private static void AssertFresh(Tensor one, Tensor other, int from) =>
        Assert.InRange(one.narrow(0, from, one.shape[0] - from).eq(other.narrow(0, from, one.shape[0] - from)).sum().ToInt64(), 0, 2);

    /// <summary>x̃ of a conversation, without its padding, shape (tokens, features).</summary>
    private static Tensor Send(StainedGlassTransform transform, long[] ids, ConversationMemory? memory = null, int left = 0, int right = 0, int? plain = null)
    {
        using var batch = Batch([ids], [left], right, plain);
        using var noGrad = no_grad();
        return (memory is null ? transform.Apply(batch) : transform.Apply(batch, memory)).Noisy[0].narrow(0, left, ids.Length);
    }

    private static TokenBatch Batch(long[][] rows, int[] left, int right = 0, int? plain = null)
    {
        var length = rows.Zip(left, (row, padding) => row.Length + padding).Max() + right;
        var (ids, attention, noise) = (new long[rows.Length * length], new bool[rows.Length * length], new bool[rows.Length * length]);
        for (var row = 0; row < rows.Length; row++)
        {
            for (var t = 0; t < rows[row].Length; t++)
            {
                var at = (row * length) + left[row] + t;
                (ids[at], attention[at], noise[at]) = (rows[row][t], true, t != plain);
            }
        }

        return new TokenBatch(ids, attention, attention, noise, rows.Length, length, CPU);
    }
}
