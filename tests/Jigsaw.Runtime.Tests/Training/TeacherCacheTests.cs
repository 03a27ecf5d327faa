using Jigsaw.Batches;
using Jigsaw.Data;
using Jigsaw.Losses;
using Jigsaw.Losses.Hyperparameters;
using Jigsaw.Models;
using Jigsaw.Models.Decoder;
using Jigsaw.Steps;
using Jigsaw.Steps.Caching;
using Jigsaw.Training;
using static TorchSharp.torch;

namespace Jigsaw.Runtime.Tests.Training;

public sealed class TeacherCacheTests : IDisposable
{
    private readonly List<IDisposable> _owned = [];
    private readonly string _folder = Directory.CreateTempSubdirectory("jigsaw-teacher").FullName;

    private string[] Files => [.. Directory.GetFiles(_folder, "*.bin").Order(StringComparer.Ordinal)];

    public void Dispose()
    {
        _owned.ForEach(one => one.Dispose());
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void A_step_with_a_float32_cache_is_bit_for_bit_the_step_without_whatever_the_recipe_reads()
    {
        var step = new BoundStep(_owned, "llama-gqa");
        Compare((teacher, student) => EverythingRecipe.Bind(teacher, student));
        Compare((teacher, student) => HeldTogetherRecipe.Bind(teacher, student));
        Compare((teacher, student) => HardRecipe.Bind(teacher, student));
        Compare((teacher, student) => RowsRecipe.Bind(teacher, student));
        Compare((teacher, student) => SurprisalRecipe.Bind(teacher, student));
        Compare((teacher, student) => CounterfactualRecipe.Bind(teacher, student));

        void Compare<TComponents, THyperparameters>(Func<NoisyTeacher, NoisyStudent, JigsawLoss<TComponents, THyperparameters>> bind)
            where TComponents : ComponentLosses
            where THyperparameters : RecipeHyperparameters
        {
            step.Teacher.Cache = null;
            var (whole, closures) = (step.PassByPass(() => bind(step.Teacher, step.Student)), step.Closures(() => bind(step.Teacher, step.Student)));
            var folder = Path.Combine(_folder, Guid.NewGuid().ToString("N"));
            using var cache = new TeacherCache(folder, (CausalLM)step.Teacher.Model, ScalarType.Float32);
            step.Teacher.Cache = cache;
            Same(whole, step.PassByPass(() => bind(step.Teacher, step.Student)));
            Assert.Equal((4, 0), (cache.RowsComputed, cache.RowsRead));
            Same(whole, step.PassByPass(() => bind(step.Teacher, step.Student)));
            Assert.Equal((4, 4), (cache.RowsComputed, cache.RowsRead));
            Same(closures, step.Closures(() => bind(step.Teacher, step.Student)));
            Assert.Equal((4, 8), (cache.RowsComputed, cache.RowsRead));
            step.Teacher.Cache = null;
        }
    }

    [Fact]
    public void The_teachers_clean_pass_does_not_run_again()
    {
        var step = new BoundStep(_owned, "llama-gqa");
        using var cache = new TeacherCache(_folder, (CausalLM)step.Teacher.Model);
        var (runs, noisy) = (0, step.Apply());
        for (var i = 0; i < 3; i++)
        {
            using var scope = NewDisposeScope();
            _ = cache.Run(noisy, layer: 1, toEnd: true, () =>
            {
                runs++;
                using var grad = no_grad();
                return step.Teacher.Model.Run(noisy.Clean, noisy.AttentionMask, layer: 1);
            });
        }

        Assert.Equal(1, runs);
    }

    [Fact]
    public void A_bfloat16_cache_changes_a_step_by_rounding_alone()
    {
        var step = new BoundStep(_owned, "llama-gqa");
        var whole = step.PassByPass(() => EverythingRecipe.Bind(step.Teacher, step.Student));
        using var cache = new TeacherCache(_folder, (CausalLM)step.Teacher.Model);
        step.Teacher.Cache = cache;
        var first = step.PassByPass(() => EverythingRecipe.Bind(step.Teacher, step.Student));
        BoundStep.Near(whole, first, 0.01);
        Assert.NotEqual(whole.Values["composite_loss"], first.Values["composite_loss"]);

        // The step that fills it uses what the later ones will read, so a resumed run has the same numbers.
        Same(first, step.PassByPass(() => EverythingRecipe.Bind(step.Teacher, step.Student)));
        step.Teacher.Cache = null;
    }

    [Fact]
    public void A_run_with_a_float32_cache_ends_with_the_same_bits_as_one_without()
    {
        var options = new TrainingOptions { Steps = 8 };
        using var whole = new TrainingSession(options, differentBatches: 2);
        var expected = whole.Run();
        using var cached = Session(options, ScalarType.Float32, out var cache, differentBatches: 2);
        var found = cached.Run();
        Assert.Equal((8, 24), (cache.RowsComputed, cache.RowsRead));
        Assert.Equal(expected.SelectMany(step => step.Components.Values), found.SelectMany(step => step.Components.Values));
        Assert.Equal(whole.Values(), cached.Values());
    }

    [Fact]
    public void Each_micro_batch_reads_the_rows_that_are_its_own()
    {
        var options = new TrainingOptions { Steps = 4, MicroBatch = 1 };
        using var whole = new TrainingSession(options, differentBatches: 2);
        var expected = whole.Run();
        using var cached = Session(options, ScalarType.Float32, out var cache, differentBatches: 2);
        var found = cached.Run();
        Assert.Equal(8, cache.RowsComputed);
        Assert.Equal(expected.SelectMany(step => step.Components.Values), found.SelectMany(step => step.Components.Values));
        Assert.Equal(whole.Values(), cached.Values());
    }

    [Fact]
    public void Rows_that_come_again_beside_others_and_with_other_padding_are_read_and_differ_by_rounding()
    {
        var options = new TrainingOptions { Steps = 9 };
        using var whole = new TrainingSession(options, batches: new Regrouped());
        var expected = whole.Run();
        using var cached = Session(options, ScalarType.Float32, out var cache, batches: new Regrouped());
        var found = cached.Run();
        Assert.Equal((6, 12), (cache.RowsComputed, cache.RowsRead));
        Assert.All(expected.Zip(found), pair => Assert.Equal(pair.First.Components["composite_loss"], pair.Second.Components["composite_loss"], 2e-5));
        Assert.InRange(whole.Values().Zip(cached.Values(), (one, other) => Math.Abs(one - other)).Average(), 0, 1e-5);
        Assert.Equal(TeacherCache.SizeOf(cached.Loss.Plan, cached.Loss.Teacher.Model, Regrouped.Tokens, Regrouped.Rows, ScalarType.Float32) + (2 * 64), cache.Bytes);
        Assert.Equal(cache.Bytes, Files.Sum(file => new FileInfo(file).Length));
    }

    [Fact]
    public void A_run_that_is_stopped_and_resumed_goes_on_with_the_cache_to_the_same_bits()
    {
        var options = new TrainingOptions { Steps = 9, CheckpointDirectory = Path.Combine(_folder, "run"), CheckpointEvery = 4 };
        using var whole = Session(options with { CheckpointDirectory = null }, ScalarType.BFloat16, out _, batches: new Regrouped(), folder: Path.Combine(_folder, "whole"));
        whole.Run();
        using (var stopped = Session(options, ScalarType.BFloat16, out _, batches: new Regrouped()))
        {
            using var stop = new CancellationTokenSource();
            Assert.Throws<OperationCanceledException>(() => stopped.Trainer.Run(_ => stop.Cancel(), stop.Token));
        }

        using var resumed = Session(options, ScalarType.BFloat16, out var cache, batches: new Regrouped());
        Assert.True(resumed.Trainer.Resume());
        resumed.Run();
        Assert.Equal(4, cache.RowsComputed);
        Assert.Equal(whole.Values(), resumed.Values());

        using var other = Session(options, ScalarType.Float32, out _, batches: new Regrouped());
        Assert.Contains("teacher's cache = BFloat16, now it is Float32", Assert.Throws<TrainingCheckpointException>(() => other.Trainer.Resume()).Message, StringComparison.Ordinal);
        using var none = new TrainingSession(options, batches: new Regrouped());
        Assert.Contains("teacher's cache = BFloat16, now it is absent", Assert.Throws<TrainingCheckpointException>(() => none.Trainer.Resume()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_damaged_row_is_found_by_its_hash_and_computed_again()
    {
        var step = new BoundStep(_owned, "llama-gqa");
        var expected = Filled(step);
        using (var file = File.OpenWrite(Files[0]))
        {
            file.Position = file.Length - 5;
            file.WriteByte(77);
        }

        using (var cache = new TeacherCache(_folder, (CausalLM)step.Teacher.Model, ScalarType.Float32))
        {
            Same(expected, Run(step, cache));
            Assert.Equal(4, cache.RowsComputed);
            Assert.Contains("was damaged, and is computed again", Assert.Single(cache.Notes), StringComparison.Ordinal);
        }

        using var again = new TeacherCache(_folder, (CausalLM)step.Teacher.Model, ScalarType.Float32);
        Same(expected, Run(step, again));
        Assert.Equal((0, 4, 0), (again.RowsComputed, again.RowsRead, again.Notes.Count));
    }

    [Fact]
    public void What_stands_behind_a_damaged_description_is_cut_off_and_computed_again()
    {
        const int FirstKey = 64;
        var step = new BoundStep(_owned, "llama-gqa");
        var expected = Filled(step);
        var length = new FileInfo(Files[0]).Length;
        using (var file = File.Open(Files[0], FileMode.Open))
        {
            file.Position = FirstKey;
            var key = file.ReadByte();
            file.Position = FirstKey;
            file.WriteByte((byte)~key);
        }

        using (var cache = new TeacherCache(_folder, (CausalLM)step.Teacher.Model, ScalarType.Float32))
        {
            Same(expected, Run(step, cache));
            Assert.Equal((4, 0), (cache.RowsComputed, cache.RowsRead));
            Assert.StartsWith($"The last {length - FirstKey} bytes of the teacher's cache", Assert.Single(cache.Notes), StringComparison.Ordinal);
        }

        using var again = new TeacherCache(_folder, (CausalLM)step.Teacher.Model, ScalarType.Float32);
        Same(expected, Run(step, again));
        Assert.Equal((0, 4, 0), (again.RowsComputed, again.RowsRead, again.Notes.Count));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(300)]
    public void A_half_written_file_is_gone_on_with_behind_its_last_whole_row(int missing)
    {
        var step = new BoundStep(_owned, "llama-gqa");
        var expected = Filled(step);
        var length = new FileInfo(Files[0]).Length;
        using (var file = File.OpenWrite(Files[0]))
        {
            file.SetLength(length - missing);
        }

        using (var cache = new TeacherCache(_folder, (CausalLM)step.Teacher.Model, ScalarType.Float32))
        {
            Same(expected, Run(step, cache));
            Assert.Contains("were no whole row", Assert.Single(cache.Notes), StringComparison.Ordinal);
        }

        Assert.Equal(length, new FileInfo(Files[0]).Length);
        using var again = new TeacherCache(_folder, (CausalLM)step.Teacher.Model, ScalarType.Float32);
        Same(expected, Run(step, again));
        Assert.Equal(0, again.RowsComputed);
    }

    [Fact]
    public void A_file_that_is_cut_while_it_is_read_costs_a_computation_and_not_the_process()
    {
        var step = new BoundStep(_owned, "llama-gqa");
        var expected = Filled(step);
        using var cache = new TeacherCache(_folder, (CausalLM)step.Teacher.Model, ScalarType.Float32);
        Same(expected, Run(step, cache));
        using (var file = new FileStream(Files[0], FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete))
        {
            file.SetLength(100);
        }

        Same(expected, Run(step, cache));
        Assert.Equal((4, 4), (cache.RowsComputed, cache.RowsRead));
    }

    [Fact]
    public void A_file_of_something_else_is_refused_with_a_sentence()
    {
        var step = new BoundStep(_owned, "llama-gqa");
        Filled(step);
        File.WriteAllText(Files[0], new string('x', 200));
        using (var cache = new TeacherCache(_folder, (CausalLM)step.Teacher.Model, ScalarType.Float32))
        {
            Assert.Contains("is no cache of this teacher's hidden states", Assert.Throws<FormatException>(() => Run(step, cache)).Message, StringComparison.Ordinal);
        }

        // Another model's, renamed.
        File.Delete(Files[0]);
        Filled(step);
        var name = Files[0];
        var other = new BoundStep(_owned, "qwen2");
        Filled(other);
        var others = Files.Single(file => file != name && file.Contains("-last-", StringComparison.Ordinal));
        File.Move(name, others, overwrite: true);
        using var mixed = new TeacherCache(_folder, (CausalLM)other.Teacher.Model, ScalarType.Float32);
        Assert.Contains("is no cache of this teacher's hidden states", Assert.Throws<FormatException>(() => Run(other, mixed)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_caches_of_one_folder_at_a_time_write_files_of_their_own_and_read_each_others_rows()
    {
        var (step, other) = (new BoundStep(_owned, "llama-gqa"), new BoundStep(_owned, "llama-gqa", batches: vocabulary => new RandomBatches(vocabulary, rows: 3, length: 8)));
        using (var first = new TeacherCache(_folder, (CausalLM)step.Teacher.Model, ScalarType.Float32))
        using (var second = new TeacherCache(_folder, (CausalLM)other.Teacher.Model, ScalarType.Float32))
        {
            var (one, two) = (Run(step, first), Run(other, second));
            Assert.Equal(["0", "1"], Files.Where(file => file.Contains("last", StringComparison.Ordinal)).Select(file => file.Split('.')[^2]));

            // Each meets the other's batch: by the same model, with the same weights.
            second.Dispose();
            using var swapped = new TeacherCache(_folder, (CausalLM)other.Teacher.Model, ScalarType.Float32);
            var (rows, states) = (first.RowsComputed, Run(other, swapped));
            Same(two, states);
            Assert.Equal((0, 3), (swapped.RowsComputed, swapped.RowsRead));
            Same(one, Run(step, first));
            Assert.Equal(rows, first.RowsComputed);
        }

        // What one has added, the other finds without being opened again.
        using var reader = new TeacherCache(_folder, (CausalLM)step.Teacher.Model, ScalarType.Float32);
        using var writer = new TeacherCache(_folder, (CausalLM)step.Teacher.Model, ScalarType.Float32);
        var batch = step.Apply();
        _ = Run(step, reader);
        using var more = new RandomBatches((int)step.Teacher.Model.EmbeddingTable.shape[0]).At(9);
        var transformed = step.Transform.Apply(more);
        using var scope = NewDisposeScope();
        using var grad = no_grad();
        var written = writer.Run(transformed, layer: null, toEnd: true, () => step.Teacher.Model.Run(transformed.Clean, transformed.AttentionMask));
        var read = reader.Run(transformed, layer: null, toEnd: true, () => throw new InvalidOperationException("It is there."));
        Assert.True(written.Last!.eq(read.Last!).all().item<bool>());
    }

    [Fact]
    public void Every_weight_and_number_of_the_model_is_in_its_hash()
    {
        using var model = CausalLM.Load(TestData.Path("models", "qwen3"), CPU, ScalarType.Float32);
        var hash = model.ContentHash();
        using var grad = no_grad();
        foreach (var weight in model.NamedWeights(adapters: null))
        {
            using var tensor = weight.Make();
            using var flat = tensor.view(-1);
            using var last = flat.narrow(0, flat.numel() - 1, 1);
            using var before = last.clone();
            last.add_(1e-3);
            Assert.NotEqual(hash, model.ContentHash());
            last.copy_(before);
        }

        Assert.Equal(hash, model.ContentHash());
        using var half = CausalLM.Load(TestData.Path("models", "qwen3"), CPU, ScalarType.BFloat16);
        Assert.NotEqual(hash, half.ContentHash());
    }

    [Fact]
    public void Padding_and_holes_are_no_part_of_a_row_and_its_place_in_the_batch_is_not_either()
    {
        CachedRow[] Of(bool[] mask, params long[] ids)
        {
            using var batch = new TokenBatch(ids, mask, new bool[ids.Length], new bool[ids.Length], 1, ids.Length, CPU);
            using var empty = zeros(1);
            return CachedRow.Of(new TransformedBatch { InputIds = batch.InputIds, AttentionMask = batch.AttentionMask, NoiseMask = batch.NoiseMask, Clean = empty, Noisy = empty, Means = empty, Stds = empty, StdMax = 1, MedianNorm = 1 });
        }

        var row = Of([true, true, true], 5, 6, 7)[0];
        Assert.Equal(row with { First = 2 }, Of([false, false, true, true, true], 0, 9, 5, 6, 7)[0]);
        Assert.Equal(row, Of([true, true, true, false], 5, 6, 7, 0)[0]);
        Assert.NotEqual(row.Key, Of([true, true, true], 5, 6, 8)[0].Key);
        Assert.NotEqual(row.Key, Of([true, false, true], 5, 6, 7)[0].Key);
        Assert.Equal(Of([true, false, true], 5, 6, 7)[0].Key, Of([true, false, true], 5, 4, 7)[0].Key);
        Assert.Equal(default, Of([false, false], 5, 6)[0]);
    }

    [Fact]
    public void A_row_of_padding_alone_is_finite_and_padding_is_no_zero_vector()
    {
        var step = new BoundStep(_owned, "llama-gqa");
        using var batch = new TokenBatch([5, 6, 0, 0, 0, 0], [true, true, false, false, false, false], new bool[6], new bool[6], 2, 3, CPU);
        using var cache = new TeacherCache(_folder, (CausalLM)step.Teacher.Model);
        using var scope = NewDisposeScope();
        using var grad = no_grad();
        var transformed = step.Transform.Apply(batch);
        for (var i = 0; i < 2; i++)
        {
            var states = cache.Run(transformed, layer: null, toEnd: true, () => step.Teacher.Model.Run(transformed.Clean, transformed.AttentionMask));
            Assert.True(states.Last!.isfinite().all().item<bool>());
            Assert.True((states.Last!.norm(-1) > 0).all().item<bool>());
        }

        Assert.Equal(2, cache.RowsRead);
    }

    [Fact]
    public void A_row_is_at_its_place_whichever_side_is_padded_and_padding_repeats_its_neighbor()
    {
        var step = new BoundStep(_owned, "llama-gqa");
        using var batch = new TokenBatch([0, 0, 5, 6, 7, 8, 9, 3, 0, 0], [false, false, true, true, true, true, true, true, false, false], new bool[10], new bool[10], 2, 5, CPU);
        using var cache = new TeacherCache(_folder, (CausalLM)step.Teacher.Model, ScalarType.Float32);
        using var scope = NewDisposeScope();
        using var grad = no_grad();
        var transformed = step.Transform.Apply(batch);
        HiddenStates Pass() => step.Teacher.Model.Run(transformed.Clean, transformed.AttentionMask);
        var computed = Pass().Last!;
        for (var i = 0; i < 2; i++)
        {
            var states = cache.Run(transformed, layer: null, toEnd: true, Pass).Last!;
            foreach (var (row, column, of) in new[] { (0, 0, 2), (0, 1, 2), (0, 2, 2), (0, 3, 3), (0, 4, 4), (1, 0, 0), (1, 1, 1), (1, 2, 2), (1, 3, 2), (1, 4, 2) })
            {
                Assert.True(states[row, column].eq(computed[row, of]).all().item<bool>(), $"{row} {column}");
            }
        }

        Assert.Equal((2, 2), (cache.RowsComputed, cache.RowsRead));
    }

    [Fact]
    public void It_refuses_what_it_would_mix_up_with_a_sentence()
    {
        var (step, other) = (new BoundStep(_owned, "llama-gqa"), new BoundStep(_owned, "qwen2"));
        var model = (CausalLM)step.Teacher.Model;
        Assert.Contains("Float16", Assert.Throws<ArgumentException>(() => new TeacherCache(_folder, model, ScalarType.Float16)).Message, StringComparison.Ordinal);
        using var cache = new TeacherCache(_folder, model);
        Assert.Contains("another model", Assert.Throws<ArgumentException>(() => other.Teacher.Cache = cache).Message, StringComparison.Ordinal);

        var jigsaw = TrajectoryRecipe.Bind(step.Teacher, step.Student);
        step.Teacher.Cache = cache;
        var batch = step.Apply();
        var shifted = new TransformedBatch
        {
            InputIds = batch.InputIds, AttentionMask = batch.AttentionMask, NoiseMask = batch.NoiseMask, Clean = batch.Clean + 1, Noisy = batch.Noisy, Means = batch.Means, Stds = batch.Stds, StdMax = batch.StdMax, MedianNorm = batch.MedianNorm,
        };
        Assert.Contains("not those of its token ids", Assert.Throws<InvalidOperationException>(() => jigsaw.RunStep(shifted, step.Batch.LossMask)).Message, StringComparison.Ordinal);
        step.Teacher.Cache = null;

        model.Merge(step.Student.Adapters);
        Assert.Contains("Unmerge", Assert.Throws<ArgumentException>(() => new TeacherCache(_folder, model)).Message, StringComparison.Ordinal);
        Assert.Contains("Unmerge", Assert.Throws<InvalidOperationException>(() => cache.Run(batch, null, true, () => default)).Message, StringComparison.Ordinal);
        model.Unmerge();
    }

    [Fact]
    public void A_folder_that_can_not_be_written_costs_computations_and_says_so()
    {
        var step = new BoundStep(_owned, "llama-gqa");
        var expected = step.PassByPass(() => TrajectoryRecipe.Bind(step.Teacher, step.Student));
        var file = Path.Combine(_folder, "file");
        File.WriteAllText(file, "");
        Assert.ThrowsAny<IOException>(() => new TeacherCache(file, (CausalLM)step.Teacher.Model));

        // A folder in the place of a file.
        Directory.CreateDirectory(Path.Combine(_folder, $"teacher-{Convert.ToHexStringLower(((CausalLM)step.Teacher.Model).ContentHash())[..16]}-last-f32.0.lock"));
        using var cache = new TeacherCache(_folder, (CausalLM)step.Teacher.Model, ScalarType.Float32);
        Same(expected, Run(step, cache));
        Same(expected, Run(step, cache));
        Assert.Equal(8, cache.RowsComputed);
        Assert.Contains("can't be written", Assert.Single(cache.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public void Evaluations_read_it_too()
    {
        var options = new TrainingOptions { Steps = 4, Evaluation = new TrainingEvaluation { Batches = new RandomBatches(50, 3), Count = 3, Every = 1 } };
        using var session = Session(options, ScalarType.BFloat16, out var cache, differentBatches: 1);
        session.Run();
        Assert.Equal(4 + 12, cache.RowsComputed);
        Assert.Equal(3 * (4 + 12), cache.RowsRead);
    }

    private static void Same(BoundStep.Result expected, BoundStep.Result actual)
    {
        Assert.Equal(expected.Values, actual.Values);
        Assert.Equal(expected.Gradients.Keys.Order(), actual.Gradients.Keys.Order());
        foreach (var (name, gradient) in expected.Gradients)
        {
            Assert.True(gradient.eq(actual.Gradients[name]).all().item<bool>(), name);
        }
    }

    private static BoundStep.Result Run(BoundStep step, TeacherCache cache)
    {
        step.Teacher.Cache = cache;
        try
        {
            return step.PassByPass(() => TrajectoryRecipe.Bind(step.Teacher, step.Student));
        }
        finally
        {
            step.Teacher.Cache = null;
        }
    }

    /// <summary>A step that fills the cache in float32.</summary>
    private BoundStep.Result Filled(BoundStep step)
    {
        using var cache = new TeacherCache(_folder, (CausalLM)step.Teacher.Model, ScalarType.Float32);
        return Run(step, cache);
    }

    private TrainingSession Session(TrainingOptions options, ScalarType type, out TeacherCache cache, int differentBatches = int.MaxValue, ITokenBatches? batches = null, string? folder = null)
    {
        var session = new TrainingSession(options, differentBatches: differentBatches, batches: batches, cache: model => new TeacherCache(folder ?? _folder, model, type));
        cache = session.Cache!;
        return session;
    }

    /// <summary>Six rows of different lengths, two to a batch, beside another one in each epoch.</summary>
    private sealed class Regrouped : ITokenBatches
    {
        public const int Rows = 6;

        public const int Tokens = 5 + 6 + 7 + 8 + 9 + 10;

        private static readonly int[][] _epochs = [[0, 1, 2, 3, 4, 5], [0, 3, 2, 5, 4, 1], [5, 0, 1, 2, 3, 4]];

        public TokenBatch At(long step)
        {
            var pair = _epochs[step / 3 % 3].AsSpan((int)(step % 3) * 2, 2).ToArray();
            var length = pair.Max() + 5;
            var (ids, real, loss, noise) = (new long[2 * length], new bool[2 * length], new bool[2 * length], new bool[2 * length]);
            for (var i = 0; i < 2; i++)
            {
                var random = new Random(pair[i]);
                for (var t = 0; t < pair[i] + 5; t++)
                {
                    var at = (i * length) + t;
                    (ids[at], real[at], loss[at], noise[at]) = (random.Next(3, 60), true, t > 1 && t < pair[i] + 4, t < 3);
                }
            }

            return new TokenBatch(ids, real, loss, noise, 2, length, CPU);
        }
    }
}
