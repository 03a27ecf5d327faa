using CsCheck;
using Jigsaw.Batches;
using Jigsaw.CompilerServices;
using Jigsaw.Losses.Logits;
using Jigsaw.Passes;
using static TorchSharp.torch;

namespace Jigsaw.Runtime.Tests.Losses;

public sealed class LogitTermsTests
{
    private static readonly Pass[] _sources = [Pass.TeacherNoisy, Pass.StudentNoisy, Pass.StudentClean];

    private static readonly Gen<Recipe> _recipes =
        from seed in Gen.Int[0, 1_000_000]
        from batch in Gen.Int[1, 3]
        from sequence in Gen.Int[1, 5]
        from hidden in Gen.Int[1, 6]
        from vocabulary in Gen.Int[2, 40]
        from chunk in Gen.Int[1, 12]
        from target in Gen.Enum<CeTarget>()
        from flags in Gen.Int[0, 63]
        from share in Gen.Int[0, 3].Select(i => new[] { 0, 0.3, 0.7, 1 }[i])
        from terms in Gen.Select(Gen.Int[0, 5], Gen.Int[0, 2], Gen.Double[-2, 2], Gen.Int[0, 3].Select(i => new double?[] { null, null, 0.5, 3 }[i]), Gen.Int[0, 2], (kind, pass, weight, cap, mask) => new Term((Kind)Math.Min(kind, 3), _sources[pass], weight, kind is 0 or 2 ? cap : null, mask, Math.Max(kind - 3, 0))).Array[1, 5]
        select new Recipe(seed, batch, sequence, hidden, vocabulary, chunk, target, flags, share, terms);

    [Fact]
    public void Any_terms_on_any_passes_agree_with_plain_autograd() => _recipes.Sample(recipe =>
    {
        using var scope = NewDisposeScope();
        var step = new Step(recipe);
        var value = step.Run();
        value.Loss.Value.backward();
        var gradients = step.Inputs.Select(input => input.grad?.clone()).ToArray();
        foreach (var input in step.Inputs)
        {
            input.grad = null;
        }

        var (loss, components) = step.Reference();
        Steps.Near(loss, value.Loss, 1e-10, "the loss");
        for (var i = 0; i < components.Length; i++)
        {
            Steps.Near(components[i], value.Components[i], 1e-10, $"component {i}");
            Assert.False(value.Components[i].Value.requires_grad);
        }

        loss.backward();
        for (var i = 0; i < gradients.Length; i++)
        {
            if (step.Inputs[i].grad is { } expected)
            {
                Steps.Near(expected, gradients[i] ?? zeros_like(expected), 1e-9, $"gradient {i}");
            }
        }
    }, iter: 150);

    [Fact]
    public void A_flat_distribution_over_more_classes_than_float16_can_count_has_a_finite_gradient()
    {
        using var scope = NewDisposeScope();
        var steps = new Steps(2, ScalarType.Float16);
        var mask = steps.Mask([true, true], 1, 2);
        var hidden = zeros([1, 2, 3], dtype: ScalarType.Float16).requires_grad_();
        var head = LogitTerms.Begin(Steps.Of(mask, mask, zeros(1, 2, 2), new LanguageModelHead(steps.Numbers(70_000, 3)), (Pass.TeacherClean, steps.Numbers(1, 2, 3), null), (Pass.StudentNoisy, hidden, null)), CeTarget.Hard);
        head.CrossEntropy(Pass.StudentNoisy, 1, mask);
        var loss = head.Run().Loss;
        loss.Value.backward();
        Assert.Equal(Math.Log(70_000), loss.Value.item<float>(), 1e-4);
        Assert.True(hidden.grad!.isfinite().all().item<bool>());
        Assert.InRange(hidden.grad!.abs().max().to(ScalarType.Float32).item<float>(), 0.1f, 4f);
    }

    [Fact]
    public void A_term_that_is_added_twice_counts_twice()
    {
        using var scope = NewDisposeScope();
        var term = new Term(Kind.CrossEntropy, Pass.StudentNoisy, 0.5, null, 0);
        Tensor[] Gradients(params Term[] terms)
        {
            // With a bias and a trainable head.
            var step = new Step(new Recipe(3, 2, 3, 4, 9, 4, CeTarget.Soft, 6, 1, terms));
            step.Run().Loss.Value.backward();
            return [.. step.Inputs.Where(input => input.grad is not null).Select(input => input.grad!)];
        }

        foreach (var (once, twice) in Gradients(term with { Weight = 1 }).Zip(Gradients(term, term)))
        {
            Steps.Near(once, twice, 1e-12, "the gradient");
        }
    }

    [Fact]
    public void The_gradient_is_what_numeric_differences_give() => _recipes.Sample(recipe =>
    {
        using var scope = NewDisposeScope();
        var step = new Step(recipe with { Hidden = Math.Min(recipe.Hidden, 3), Vocabulary = Math.Min(recipe.Vocabulary, 7) });
        step.Run().Loss.Value.backward();
        foreach (var input in step.Inputs.Where(input => input.dim() == 3))
        {
            // The head is the teacher's too, and no gradient goes through there.
            if (input.grad is { } gradient)
            {
                Steps.Near(Steps.Differences(input, () => step.Run().Loss.Value.item<double>()), gradient, 2e-6, "the gradient");
            }
        }
    }, iter: 15);

    [Theory]
    [InlineData(CeTarget.Soft)]
    [InlineData(CeTarget.Hard)]
    public void The_chunk_size_changes_nothing_but_rounding(CeTarget target)
    {
        using var scope = NewDisposeScope();
        var losses = new List<float>();
        var gradients = new List<Tensor>();
        foreach (var chunk in (int[])[1, 3, 7, 32, 1000])
        {
            var steps = new Steps(5, ScalarType.Float32);
            var mask = steps.Mask(steps.Bits(40, 0.6), 4, 10);
            var hidden = steps.Numbers(4, 10, 16).requires_grad_();
            var activations = Steps.Of(mask, mask, steps.Numbers(4, 10, 2), new LanguageModelHead(steps.Numbers(301, 16)), (Pass.TeacherClean, steps.Numbers(4, 10, 16), null), (Pass.StudentNoisy, hidden, null));
            var head = LogitTerms.Begin(activations, target);
            head.Options = new VocabularyLoopOptions { ChunkRows = chunk };
            head.CrossEntropy(Pass.StudentNoisy, 1, mask);
            var loss = head.Run().Loss;
            loss.Value.backward();
            losses.Add(loss.Value.item<float>());
            gradients.Add(hidden.grad!);
        }

        Assert.All(losses, loss => Assert.Equal(losses[0], loss, 1e-5f * Math.Abs(losses[0])));
        Assert.All(gradients, gradient => Steps.Near(gradients[0], gradient, 2e-7, "the gradient"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_values_of_excluded_tokens_have_no_effect(bool packed)
    {
        using var scope = NewDisposeScope();
        var results = new List<Tensor>();
        foreach (var garbage in (double[])[0, double.NaN, double.PositiveInfinity])
        {
            var steps = new Steps(7);
            var (loss, attention) = (steps.Bits(12, 0.5), steps.Bits(12, 0.5));
            Tensor Spoilt(Tensor hidden, bool[] counts) => where(tensor(counts).reshape(3, 4, 1), hidden, full([], garbage, dtype: ScalarType.Float64)).detach().requires_grad_();
            var teacher = Spoilt(steps.Numbers(3, 4, 5), [.. loss.Zip(attention, (a, b) => a || b)]).detach();
            var noisy = Spoilt(steps.Numbers(3, 4, 5), attention);
            var protection = Spoilt(steps.Numbers(3, 4, 5), loss);
            var (lossMask, attentionMask) = (steps.Mask(loss, 3, 4, packed), steps.Mask(attention, 3, 4, packed));
            var head = LogitTerms.Begin(Steps.Of(attentionMask, attentionMask, steps.Numbers(3, 4, 2), new LanguageModelHead(steps.Numbers(11, 5)), (Pass.TeacherClean, teacher, null), (Pass.StudentNoisy, noisy, null), (Pass.TeacherNoisy, protection, null)), CeTarget.Soft);
            head.CrossEntropy(Pass.StudentNoisy, 1, attentionMask);
            head.CrossEntropy(Pass.TeacherNoisy, -0.5, lossMask, 3);
            head.NormalizedL2(Pass.TeacherNoisy, -0.5, lossMask);
            var value = head.Run().Loss;
            value.Value.backward();
            results.Add(cat([value.Value.reshape(1), noisy.grad!.reshape(-1), protection.grad!.reshape(-1)]));
        }

        Assert.True(results[0].isfinite().all().item<bool>());
        Assert.True(results[0].equal(results[1]).all().item<bool>());
        Assert.True(results[0].equal(results[2]).all().item<bool>());
    }

    [Fact]
    public void Strided_hidden_states_and_heads_give_the_same_numbers()
    {
        using var scope = NewDisposeScope();
        var steps = new Steps(3);
        var mask = steps.Mask(steps.Bits(6, 0.8), 2, 3);
        var (wide, table) = (steps.Numbers(2, 4, 3), steps.Numbers(4, 9));
        var (teacher, student) = (steps.Numbers(2, 3, 4), wide.transpose(1, 2).requires_grad_());
        double Loss(Tensor hidden, Tensor weight)
        {
            var head = LogitTerms.Begin(Steps.Of(mask, mask, steps.Numbers(2, 3, 2), new LanguageModelHead(weight), (Pass.TeacherClean, teacher, null), (Pass.StudentNoisy, hidden, null)), CeTarget.Soft);
            head.CrossEntropy(Pass.StudentNoisy, 1, mask);
            var loss = head.Run().Loss;
            loss.Value.backward();
            return loss.Value.item<double>();
        }

        var whole = student.detach().contiguous().requires_grad_();
        Assert.Equal(Loss(whole, table.t().contiguous()), Loss(student, table.t()), 12);
        Steps.Near(whole.grad!, student.grad, 1e-12, "the gradient");
    }

    [Fact]
    public void Without_gradients_only_the_values_are_there()
    {
        using var scope = NewDisposeScope();
        var steps = new Steps(3);
        var mask = steps.Mask(steps.Bits(6, 0.8), 2, 3);
        var hidden = steps.Numbers(2, 3, 4);
        LogitTermsValue Run()
        {
            var head = LogitTerms.Begin(Steps.Of(mask, mask, hidden, new LanguageModelHead(new Steps(4).Numbers(9, 4)), (Pass.TeacherClean, new Steps(5).Numbers(2, 3, 4), null), (Pass.StudentNoisy, hidden, null)), CeTarget.Soft);
            head.CrossEntropy(Pass.StudentNoisy, 1, mask);
            return head.Run();
        }

        var plain = Run().Loss;
        Assert.False(plain.Value.requires_grad);
        hidden.requires_grad_();
        using (no_grad())
        {
            Assert.False(Run().Loss.Value.requires_grad);
        }

        var differentiable = Run().Loss;
        Assert.True(differentiable.Value.requires_grad);
        Assert.Equal(plain.Value.item<double>(), differentiable.Value.item<double>());
    }

    [Theory]
    [InlineData(ScalarType.BFloat16, CeTarget.Soft)]
    [InlineData(ScalarType.BFloat16, CeTarget.Hard)]
    [InlineData(ScalarType.Float16, CeTarget.Soft)]
    [InlineData(ScalarType.Float16, CeTarget.Hard)]
    [InlineData(ScalarType.Float32, CeTarget.Soft)]
    [InlineData(ScalarType.Float32, CeTarget.Hard)]
    public void The_error_is_no_worse_than_that_of_plain_torch_in_the_same_dtype(ScalarType type, CeTarget target)
    {
        using var scope = NewDisposeScope();
        var steps = new Steps(11, type);
        var (weight, teacher) = (steps.Numbers(2000, 64) * 0.3, steps.Numbers(1, 96, 64));
        var student = (teacher + (0.3 * steps.Numbers(1, 96, 64))).detach();
        var mask = steps.Mask(steps.Bits(96, 1), 1, 96);
        Tensor Plain(ScalarType products, ScalarType reductions, out double value)
        {
            var input = student.to(products).detach().requires_grad_();
            var logits = input[0].mm(weight.to(products).t()).to(reductions);
            using var labelsOf = no_grad();
            var goal = teacher[0].to(products).mm(weight.to(products).t()).to(reductions);
            var labels = teacher[0].mm(weight.t()).argmax(1);
            using var again = enable_grad();
            var loss = target == CeTarget.Soft ? nn.functional.cross_entropy(logits, goal.softmax(1)) : nn.functional.cross_entropy(logits, labels);
            loss.backward();
            value = loss.to(ScalarType.Float64).item<double>();
            return input.grad!.to(ScalarType.Float64);
        }

        var truth = Plain(ScalarType.Float64, ScalarType.Float64, out var exact);
        var plain = Plain(type, ScalarType.Float32, out var rounded);
        var hidden = student.detach().requires_grad_();
        var head = LogitTerms.Begin(Steps.Of(mask, mask, zeros(1, 96, 2), new LanguageModelHead(weight), (Pass.TeacherClean, teacher, null), (Pass.StudentNoisy, hidden, null)), target);
        head.CrossEntropy(Pass.StudentNoisy, 1, mask);
        var value = head.Run().Loss;
        value.Value.backward();
        var (own, reference) = ((hidden.grad!.to(ScalarType.Float64) - truth).norm().item<double>(), (plain - truth).norm().item<double>());
        Assert.True(own <= 1.5 * reference, $"The gradient is off by {own:g3}, plain torch by {reference:g3}.");
        var (ownValue, referenceValue) = (Math.Abs(value.Value.item<float>() - exact), Math.Abs(rounded - exact));
        Assert.True(ownValue <= (1.5 * referenceValue) + (4e-7 * exact), $"The value is off by {ownValue:g3}, plain torch by {referenceValue:g3}.");
    }

    [Fact]
    public void A_pass_that_left_no_head_is_named()
    {
        using var scope = NewDisposeScope();
        var steps = new Steps(1);
        var mask = steps.Mask([true, true], 1, 2);
        var head = LogitTerms.Begin(Steps.Of(mask, mask, steps.Numbers(1, 2, 2), null, (Pass.TeacherClean, steps.Numbers(1, 2, 3), null), (Pass.StudentNoisy, steps.Numbers(1, 2, 3), null)), CeTarget.Soft);
        Assert.Contains("no terms", Assert.Throws<InvalidOperationException>(head.Run).Message, StringComparison.Ordinal);
        head.CrossEntropy(Pass.StudentNoisy, 1, mask);
        Assert.Contains("TeacherClean has no LM head", Assert.Throws<InvalidOperationException>(head.Run).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => head.CrossEntropy(Pass.TeacherClean, 1, mask));
    }

    internal enum Kind
    {
        CrossEntropy,
        CosineDistance,
        NormalizedL2,
        OfRows,
    }

    internal sealed record Term(Kind Kind, Pass Pass, double Weight, double? MaxLoss, int Mask, int Form = 0);

    internal sealed record Recipe(int Seed, int Batch, int Sequence, int Hidden, int Vocabulary, int Chunk, CeTarget Target, int Flags, double Share, Term[] Terms)
    {
        public override string ToString() => $"{Seed}: ({Batch}, {Sequence}, {Hidden}) of {Vocabulary} by {Chunk}, {Target}, flags {Flags}, share {Share}: {string.Join("; ", Terms.AsEnumerable())}";
    }

    /// <summary>Custom terms, the last of which is undefined at logits of zero.</summary>
    private static Tensor OfRows(int form, Tensor rows, Tensor? teacher) => form switch
    {
        0 => -(rows.softmax(1) * rows.log_softmax(1)).sum(1),
        1 => (rows - teacher!).square().mean([1]) + rows.select(1, 0),
        _ => (rows.square().sum(1).sqrt() / rows.square().sum(1)).log() + rows.amax([1]),
    };

    private sealed class Step
    {
        private readonly Recipe _recipe;
        private readonly RowMask[] _masks;
        private readonly StepActivations _activations;
        private readonly LanguageModelHead _head;

        internal Step(Recipe recipe)
        {
            _recipe = recipe;
            var steps = new Steps(recipe.Seed);
            var packed = (recipe.Flags & 1) == 0;
            var tokens = recipe.Batch * recipe.Sequence;
            _masks = [.. Enumerable.Range(0, 3).Select(_ => steps.Mask(steps.Bits(tokens, recipe.Share), recipe.Batch, recipe.Sequence, packed))];
            Tensor Hidden() => steps.Numbers(recipe.Batch, recipe.Sequence, recipe.Hidden);
            var weight = steps.Numbers(recipe.Vocabulary, recipe.Hidden);
            var bias = (recipe.Flags & 2) == 0 ? null : steps.Numbers(recipe.Vocabulary);
            if ((recipe.Flags & 4) != 0)
            {
                weight.requires_grad_();
                bias?.requires_grad_();
            }

            _head = new LanguageModelHead(weight, bias);
            var passes = _sources.Select(pass => (pass, Hidden: (Tensor?)Hidden().requires_grad_((recipe.Flags & 8) == 0), Layer: (Tensor?)null)).Prepend((Pass.TeacherClean, Hidden(), null)).ToArray();
            Inputs = [.. passes.Select(pass => pass.Item2!).Append(weight).Concat(bias is null ? [] : [bias]).Where(input => input.requires_grad)];
            if (Inputs.Length == 0)
            {
                Inputs = [passes[1].Item2!.requires_grad_(), passes[2].Item2!.requires_grad_(), passes[3].Item2!.requires_grad_()];
            }

            _activations = Steps.Of(_masks[0], _masks[1], Hidden(), _head, passes);
        }

        internal Tensor[] Inputs { get; }

        internal LogitTermsValue Run()
        {
            var head = LogitTerms.Begin(_activations, _recipe.Target);
            head.Options = new VocabularyLoopOptions { ChunkRows = _recipe.Chunk };
            foreach (var term in _recipe.Terms)
            {
                if (term.Kind == Kind.OfRows)
                {
                    var key = $"own_{term.Form}";
                    if (term.Form == 1)
                    {
                        head.OfRows(key, term.Pass, term.Weight, _masks[term.Mask], (rows, teacher) => OfRows(1, rows, teacher));
                    }
                    else
                    {
                        head.OfRows(key, term.Pass, term.Weight, _masks[term.Mask], rows => OfRows(term.Form, rows, null));
                    }

                    continue;
                }

                LogitTerm builtIn = term.Kind switch { Kind.CrossEntropy => new CrossEntropyTerm(), Kind.CosineDistance => new CosineDistanceTerm(), _ => new NormalizedL2Term() };
                head.Add(builtIn, term.Pass, term.Weight, _masks[term.Mask], term.MaxLoss, 0.7);
            }

            return head.Run();
        }

        internal (Tensor Loss, Tensor[] Components) Reference()
        {
            Tensor Logits(Pass pass) => _head.Logits(_activations.Of(pass).Hidden);
            var target = Logits(Pass.TeacherClean).detach();
            var goal = _recipe.Target == CeTarget.Soft ? target.softmax(-1) : nn.functional.one_hot(target.argmax(-1), _recipe.Vocabulary).to(ScalarType.Float64);
            var components = new List<Tensor>();
            Tensor? loss = null;
            foreach (var term in _recipe.Terms)
            {
                var logits = Logits(term.Pass);
                var perToken = term.Kind switch
                {
                    Kind.CrossEntropy => -(goal * logits.log_softmax(-1)).sum(-1),
                    Kind.OfRows => OfRows(term.Form, logits.reshape(-1, _recipe.Vocabulary), target.reshape(-1, _recipe.Vocabulary)).reshape(_recipe.Batch, _recipe.Sequence),
                    Kind.CosineDistance => 1 - ((logits * target).sum(-1) / (logits.norm(2) * target.norm(2))),
                    _ => (logits - target).norm(2) / target.norm(2),
                };
                var mask = _masks[term.Mask].Value.to(ScalarType.Float64);
                var mean = (perToken * mask).sum() / mask.sum().clamp_min(1);
                var value = term.MaxLoss is { } cap ? cap * (0.7 * mean).sigmoid() : mean;
                components.Add(value);
                loss = loss is null ? term.Weight * value : loss + (term.Weight * value);
            }

            return (loss!, [.. components]);
        }
    }
}
