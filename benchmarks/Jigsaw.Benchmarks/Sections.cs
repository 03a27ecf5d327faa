using Jigsaw.Batches;
using Jigsaw.Benchmarks.Steps;
using Jigsaw.Benchmarks.Training;
using Jigsaw.Compatibility;
using Jigsaw.CompilerServices;
using static TorchSharp.torch;

namespace Jigsaw.Benchmarks;

/// <summary>What is measured, section by section.</summary>
internal static class Sections
{
    public static readonly (string Name, Func<Scale, Table> Run)[] All =
    [
        ("head", Head),
        ("sharing", Sharing),
        ("large", LargeVocabulary),
        ("layers", Layers),
        ("information", Information),
        ("filter", FilterSection.Run),
        ("noise", NoiseSection.Run),
        ("client", ClientSection.Run),
        ("step", StepSection.Run),
        ("long", LongSection.Run),
        ("cache", CacheSection.Run),
        ("quality", QualitySection.Run),
        ("profile", ProfileSection.Run),
        ("trained", TrainedSection.Run),
        ("filtered", FilteredTrainingSection.Run),
    ];

    /// <summary>The sections that run on CUDA, too.</summary>
    public static readonly string[] OnDevice = ["head", "sharing", "large", "noise", "step"];

    private static Table Head(Scale scale)
    {
        var table = new Table("The vocabulary head against its bare products", "case", "bare ms", "jigsaw ms", "jigsaw ÷ bare", "naive ÷ bare", "target", "jigsaw peak MB", "naive peak MB", "target MB");
        foreach (var (type, limits) in ((ScalarType, string[])[])[(ScalarType.Float32, ["≤ 1.10", "≤ 60", "≤ 1.25", "≤ 110"]), (ScalarType.BFloat16, ["≤ 1.5", "", "≤ 1.8", ""])])
        {
            using var work = new HeadWork(scale.Rows, 576, 49152, type, scale.Device);
            foreach (var target in (CeTarget[])[CeTarget.Hard, CeTarget.Soft])
            {
                var times = Timing.Medians(scale.Rounds, () => work.Bare(), () => work.Jigsaw(target), () => work.Naive(target));
                var soft = target == CeTarget.Soft ? 2 : 0;
                table.Add(
                    $"{type}, {target.ToString().ToLowerInvariant()}",
                    Table.Time(times[0]),
                    Table.Time(times[1]),
                    $"{times[1] / times[0]:f2}",
                    $"{times[2] / times[0]:f2}",
                    limits[soft],
                    $"{PeakMemory.Of(() => work.Jigsaw(target)):f0}",
                    $"{PeakMemory.Of(() => work.Naive(target)):f0}",
                    limits[soft + 1]);
            }
        }

        return table;
    }

    private static Table Sharing(Scale scale)
    {
        var table = new Table("What more terms, masks and tokens cost", "case", "ratio", "target", "extra peak MB");
        using var work = new HeadWork(scale.Rows, 576, 49152, ScalarType.Float32, scale.Device);
        using var twice = new HeadWork(2 * scale.Rows, 576, 49152, ScalarType.Float32, scale.Device);
        var times = Timing.Medians(
            scale.Rounds,
            () => work.Jigsaw(CeTarget.Hard, sources: 1),
            () => work.Jigsaw(CeTarget.Hard, sources: 1, termsOnEach: 4),
            () => work.Jigsaw(CeTarget.Hard, sources: 1, half: true),
            () => twice.Jigsaw(CeTarget.Hard, sources: 1));
        table.Add("four terms on one source, to one", $"{times[1] / times[0]:f2}", "≤ 1.05", $"{PeakMemory.Of(() => work.Jigsaw(CeTarget.Hard, sources: 1, termsOnEach: 4)):f0}");
        table.Add("half of the rows masked, to all", $"{times[2] / times[0]:f2}", "≤ 0.60", $"{PeakMemory.Of(() => work.Jigsaw(CeTarget.Hard, sources: 1, half: true)):f0}");
        table.Add("twice the rows, to once", $"{times[3] / times[0]:f2}", "≤ 2.1", $"{PeakMemory.Of(() => twice.Jigsaw(CeTarget.Hard, sources: 1)):f0}");
        return table;
    }

    private static Table LargeVocabulary(Scale scale)
    {
        var table = new Table("A large head: V = 128256, H = 2048", "rows", "bare ms", "jigsaw ms", "jigsaw ÷ bare", "extra peak MB", "target MB");
        using var work = new HeadWork(scale.Rows / 4, 2048, 128256, ScalarType.Float32, scale.Device);
        var times = Timing.Medians(1, () => work.Bare(), () => work.Jigsaw(CeTarget.Hard));
        table.Add($"{work.Rows}", Table.Time(times[0]), Table.Time(times[1]), $"{times[1] / times[0]:f2}", $"{PeakMemory.Of(() => work.Jigsaw(CeTarget.Hard)):f0}", "< 200");
        return table;
    }

    private static Table Layers(Scale scale)
    {
        var table = new Table("Terms on rows of 2048 by 2048, value and gradient", "term", "autograd ms", "jigsaw ms", "jigsaw ÷ autograd", "autograd peak MB", "jigsaw peak MB");
        manual_seed(2);
        using var target = randn(1, 2048, 2048);
        using var source = (target + randn(1, 2048, 2048)).requires_grad_();
        using var mask = RowMask.FromHost(Enumerable.Repeat(true, 2048).ToArray(), 1, 2048, CPU);
        void Run(Func<Tensor> term)
        {
            using (NewDisposeScope())
            {
                term().backward();
            }

            source.grad!.Dispose();
            source.grad = null;
        }

        Tensor PlainPair()
        {
            var cosine = (source * target).sum(2) / (source.norm(2).clamp_min(1e-8) * target.norm(2).clamp_min(1e-8));
            return cosine.mean() + cosine.abs().mean() + (1 / ((source - target).norm(2) + 1e-6)).mean();
        }

        Tensor OwnPair()
        {
            var pair = PairLoss.Begin(target, source);
            pair.CosineSimilarity(mask);
            pair.AbsoluteCosineSimilarity(mask);
            pair.InverseL2PowerLaw(1, 1, mask);
            var (cosine, absolute, powerLaw) = pair.Values();
            return cosine + absolute + powerLaw;
        }

        foreach (var (name, plain, own) in ((string, Func<Tensor>, Func<Tensor>)[])[
            ("NL2", () => ((source - target).norm(2) / target.norm(2).clamp_min(1e-8)).mean(), () => PairLoss.Begin(source, target).NormalizedL2(mask).Value()),
            ("cosine distance", () => (1 - ((source * target).sum(2) / (source.norm(2).clamp_min(1e-8) * target.norm(2).clamp_min(1e-8)))).mean(), () => PairLoss.Begin(source, target).CosineDistance(mask).Value()),
            ("power law", () => (1 / ((source - target).norm(2) + 1e-6)).mean(), () => PairLoss.Begin(target, source).InverseL2PowerLaw(1, 1, mask).Value()),
            ("cosine, absolute cosine and power law on one pair", PlainPair, OwnPair)])
        {
            var times = Timing.Medians(scale.Rounds, () => Run(plain), () => Run(own));
            table.Add(name, $"{times[0]:f1}", $"{times[1]:f1}", $"{times[1] / times[0]:f2}", $"{PeakMemory.Of(() => Run(plain)):f0}", $"{PeakMemory.Of(() => Run(own)):f0}");
        }

        return table;
    }

    private static Table Information(Scale scale)
    {
        var table = new Table("Mutual information of (B, 64, 64), value and gradient", "B", "pairwise ms", "jigsaw ms", "jigsaw ÷ pairwise", "pairwise peak MB", "jigsaw peak MB");
        foreach (var batch in (int[])[8, 32, 128])
        {
            manual_seed(3);
            Tensor[] inputs = [randn(batch, 64, 64).requires_grad_(), (0.1 * randn(batch, 64, 64)).requires_grad_(), (randn(batch, 64, 64).square() + 0.1).requires_grad_(), randn(batch, 64, 64).requires_grad_()];
            using var mask = RowMask.FromHost(Enumerable.Repeat(true, batch * 64).ToArray(), batch, 64, CPU);
            void Run(Func<Tensor> term)
            {
                using (NewDisposeScope())
                {
                    term().backward();
                }

                foreach (var input in inputs)
                {
                    input.grad!.Dispose();
                    input.grad = null;
                }
            }

            Tensor Pairwise()
            {
                Tensor First(Tensor tensor) => tensor.narrow(0, 0, batch / 2).unsqueeze(0);
                Tensor Second(Tensor tensor) => tensor.narrow(0, batch / 2, batch / 2).unsqueeze(1);
                var mixture = (0.5 * ((Second(inputs[3]) - First(inputs[0]) - First(inputs[1])) / First(inputs[2])).square()) + First(inputs[2]).log();
                return mixture.mean() - (0.5 + Second(inputs[2]).log()).mean();
            }

            var times = Timing.Medians(scale.Rounds, () => Run(Pairwise), () => Run(() => JigsawLosses.MutualInformationSubBatch(inputs[0], inputs[1], inputs[2], inputs[3], mask, true).Value));
            table.Add($"{batch}", $"{times[0]:f1}", $"{times[1]:f1}", $"{times[1] / times[0]:f2}", $"{PeakMemory.Of(() => Run(Pairwise)):f0}", $"{PeakMemory.Of(() => Run(() => JigsawLosses.MutualInformationSubBatch(inputs[0], inputs[1], inputs[2], inputs[3], mask, true).Value)):f0}");
            foreach (var input in inputs)
            {
                input.Dispose();
            }
        }

        return table;
    }
}
