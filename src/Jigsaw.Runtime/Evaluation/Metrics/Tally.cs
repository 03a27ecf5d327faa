namespace Jigsaw.Evaluation.Metrics;

/// <summary>A ratio over prompts: the sum of what each prompt adds, divided by the sum of what it was asked for. Intervals come from drawing prompts again.</summary>
internal sealed class Tally
{
    private const double Tail = 0.025;
    private readonly List<(double Sum, double Weight)> _prompts = [];

    /// <summary>Adds a prompt's numbers.</summary>
    public void Add(double sum, double weight) => _prompts.Add((sum, weight));

    /// <summary>What was asked for over all prompts.</summary>
    public double Weight => _prompts.Sum(prompt => prompt.Weight);

    /// <summary>The ratio; null if nothing was asked for.</summary>
    public double? Value => Ratio(_prompts);

    /// <summary>The mean over prompts of each prompt's own ratio, as a tally of its own.</summary>
    public Tally Macro
    {
        get
        {
            var macro = new Tally();
            foreach (var (sum, weight) in _prompts.Where(prompt => prompt.Weight > 0))
            {
                macro.Add(sum / weight, 1);
            }

            return macro;
        }
    }

    /// <summary>The bootstrap's 2.5 and 97.5 percentiles over prompts; null with fewer than two prompts.</summary>
    /// <param name="resamples">How often prompts are drawn.</param>
    /// <param name="seed">Seed of the draws.</param>
    /// <remarks>Source: Efron and Tibshirani, An Introduction to the Bootstrap, chapter 13: the percentile interval.</remarks>
    public (double Low, double High)? Interval(int resamples, long seed)
    {
        if (_prompts.Count(prompt => prompt.Weight > 0) < 2)
        {
            return null;
        }

        var random = new Random(unchecked((int)seed));
        var values = new List<double>(resamples);
        for (var i = 0; i < resamples; i++)
        {
            var (sum, weight) = (0.0, 0.0);
            for (var k = 0; k < _prompts.Count; k++)
            {
                var drawn = _prompts[random.Next(_prompts.Count)];
                (sum, weight) = (sum + drawn.Sum, weight + drawn.Weight);
            }

            if (weight > 0)
            {
                values.Add(sum / weight);
            }
        }

        values.Sort();
        return (values[(int)(Tail * (values.Count - 1))], values[(int)Math.Ceiling((1 - Tail) * (values.Count - 1))]);
    }

    private static double? Ratio(List<(double Sum, double Weight)> prompts)
    {
        var weight = prompts.Sum(prompt => prompt.Weight);
        return weight > 0 ? prompts.Sum(prompt => prompt.Sum) / weight : null;
    }
}
