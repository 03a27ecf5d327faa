using Jigsaw.Batches;
using Jigsaw.CompilerServices;
using Jigsaw.Runtime.Tests.Losses;
using Jigsaw.Models;
using static TorchSharp.torch;

namespace Jigsaw.Runtime.Tests.Training;

/// <summary>What is used wrongly at run time is named in a sentence.</summary>
[Collection(nameof(RunsAlone))]
public sealed class MisuseTests : IDisposable
{
    private readonly List<IDisposable> _owned = [];

    public void Dispose() => _owned.ForEach(one => one.Dispose());

    [Fact]
    public void A_batch_that_was_disposed_is_named()
    {
        var step = new BoundStep(_owned, "llama-gqa");
        _ = EmbeddingsRecipe.Bind(step.Teacher, step.Student);
        var noisy = step.Apply();
        noisy.Noisy.Dispose();

        Assert.Contains("The transformed batch has been disposed", Assert.Throws<ObjectDisposedException>(() => step.Student.Forward(noisy)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_student_that_was_disposed_is_named()
    {
        var step = new BoundStep(_owned, "llama-gqa");
        var bound = EmbeddingsRecipe.Bind(step.Teacher, step.Student);
        var noisy = step.Apply();
        step.Student.Adapters.Dispose();

        Assert.Contains("The student's adapters have been disposed", Assert.Throws<ObjectDisposedException>(() => step.Student.Forward(noisy)).Message, StringComparison.Ordinal);
        Assert.Throws<ObjectDisposedException>(() => bound.RunStep(noisy, step.Batch.LossMask));
    }

    [Fact]
    public void Two_threads_on_one_pair_get_a_sentence()
    {
        var step = new BoundStep(_owned, "llama-gqa");
        _ = EmbeddingsRecipe.Bind(step.Teacher, step.Student);
        var noisy = step.Apply();
        using var use = step.Student.Use.Enter();

        Exception? refused = null;
        var other = new Thread(() => refused = Record.Exception(() => step.Student.Forward(noisy)));
        other.Start();
        other.Join();

        Assert.StartsWith("Another thread is using this teacher or student", Assert.IsType<InvalidOperationException>(refused).Message, StringComparison.Ordinal);
        step.Student.Forward(noisy);
    }

    [Theory]
    [InlineData(-5)]
    [InlineData(1_000_000)]
    public void An_id_outside_the_vocabulary_is_named_with_its_place(long id)
    {
        var step = new BoundStep(_owned, "llama-gqa");
        using var ids = zeros(2, 3, dtype: ScalarType.Int64);
        ids[1, 2] = tensor(id);
        bool[] all = [true, true, true, true, true, true];
        using var batch = new TokenBatch([0, 0, 0, 0, 0, id], all, all, all, 2, 3, CPU);

        var sentence = $"The token id in row 1 at position 2 is {id}, but the vocabulary has the ids 0 to {step.Teacher.Model.EmbeddingTable.shape[0] - 1}";
        Assert.Contains(sentence, Assert.Throws<ArgumentOutOfRangeException>(() => ((CausalLM)step.Teacher.Model).Embed(ids)).Message, StringComparison.Ordinal);
        Assert.Contains(sentence, Assert.Throws<ArgumentOutOfRangeException>(() => step.Transform.Apply(batch)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_custom_term_returns_is_named_with_the_term_and_its_shape()
    {
        using var batch = ones(2, 3);
        using var disposed = ones(1);
        disposed.Dispose();

        Assert.Equal("The term 'floor' returned the shape (4, 76); return a scalar, shape (), such as the mean of these values.", Returned(ones(4, 76)));
        Assert.Equal("The term 'floor' returned null; return a scalar, shape ().", Returned(null));
        Assert.Equal("The term 'floor' returned a tensor that has been disposed; return a scalar, shape ().", Returned(disposed));
        Assert.Equal("The term 'floor' returned Int64 on cpu for a batch on cpu; return a scalar of a floating dtype there.", Returned(tensor(1L)));

        string Returned(Tensor? value) => Assert.Throws<InvalidOperationException>(() => CustomScalar.Checked("floor", value, batch)).Message;
    }
}
