namespace Jigsaw.Benchmarks.Training;

/// <summary>The quick start's training with a gradient filter and without, from the same seeds.</summary>
internal static class TrainedSection
{
    private const int Steps = 200;

    // Larger than one would normally allow, so a difference would show.
    private const double Allowed = 0.1;

    public static Table Run(Scale scale)
    {
        var table = new Table(
            $"The quick start's training with a gradient filter and without: {Steps} steps, three seeds",
            "allowed error", "seed", "loss at the end", "student(noisy) agrees %", "KL", "teacher(noisy) agrees %", "student(clean) agrees %", "nearest neighbor recovers %", "mean σ");
        foreach (var seed in (ReadOnlySpan<long>)[0, 1, 2])
        {
            foreach (var filter in (ReadOnlySpan<double>)[0, Allowed])
            {
                using var work = new SupportWork(seed, Steps, filter);
                var loss = work.Train();
                var (agreement, divergence, noise, recovered) = work.Evaluate();
                table.Add(
                    filter == 0 ? "none" : $"{filter:0.00}",
                    $"{seed}",
                    $"{loss:0.000}",
                    $"{100 * agreement[Pass.StudentNoisy]:0.0}",
                    $"{divergence[Pass.StudentNoisy]:0.000}",
                    $"{100 * agreement[Pass.TeacherNoisy]:0.0}",
                    $"{100 * agreement[Pass.StudentClean]:0.0}",
                    $"{100 * recovered:0.0}",
                    $"{noise.MeanStd:0.00}");
            }
        }

        return table;
    }
}
