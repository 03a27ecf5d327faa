namespace Jigsaw.Models.Configuration;

/// <summary>Rotary position embeddings of a model, as <c>rope_parameters</c> or <c>rope_scaling</c> of its config.json specify them.</summary>
/// <remarks>Formulas: transformers' modeling_rope_utils; yarn also arXiv 2309.00071.</remarks>
internal sealed record RopeConfig
{
    /// <summary>How frequencies are stretched.</summary>
    public RopeKind Kind { get; init; }

    /// <summary>The base θ.</summary>
    public double Theta { get; init; } = 10_000;

    /// <summary>The stretch.</summary>
    public double Factor { get; init; } = 1;

    /// <summary>The length that the model was first trained on.</summary>
    public int OriginalMaxPositions { get; init; }

    /// <summary>Llama 3: wavelengths beyond original / this are stretched in full.</summary>
    public double LowFrequencyFactor { get; init; } = 1;

    /// <summary>Llama 3: wavelengths below original / this are kept.</summary>
    public double HighFrequencyFactor { get; init; } = 4;

    /// <summary>Yarn: rotations above which a frequency is kept.</summary>
    public double BetaFast { get; init; } = 32;

    /// <summary>Yarn: rotations below which a frequency is stretched in full.</summary>
    public double BetaSlow { get; init; } = 1;

    /// <summary>Yarn: true if the ramp's ends are rounded outward to whole dimensions.</summary>
    public bool Truncate { get; init; } = true;

    /// <summary>The factor of cosines and sines.</summary>
    public double AttentionFactor { get; init; } = 1;

    /// <summary>The frequencies of the dimension pairs, in single precision, as in transformers.</summary>
    /// <param name="headDim">Features per head; even.</param>
    public float[] Frequencies(int headDim)
    {
        var frequencies = new float[headDim / 2];
        for (var i = 0; i < frequencies.Length; i++)
        {
            var exponent = 2f * i / headDim;
            frequencies[i] = 1f / MathF.Pow((float)Theta, exponent);
        }

        return Kind switch
        {
            RopeKind.Linear => [.. frequencies.Select(frequency => frequency / (float)Factor)],
            RopeKind.Llama3 => [.. frequencies.Select(Llama3)],
            RopeKind.Yarn => Yarn(frequencies, headDim),
            _ => frequencies,
        };
    }

    private float Llama3(float frequency)
    {
        var wavelength = 2 * Math.PI / frequency;
        if (wavelength < OriginalMaxPositions / HighFrequencyFactor)
        {
            return frequency;
        }

        if (wavelength > OriginalMaxPositions / LowFrequencyFactor)
        {
            return (float)(frequency / Factor);
        }

        var smooth = ((OriginalMaxPositions / wavelength) - LowFrequencyFactor) / (HighFrequencyFactor - LowFrequencyFactor);
        return (float)(((1 - smooth) * frequency / Factor) + (smooth * frequency));
    }

    private float[] Yarn(float[] frequencies, int headDim)
    {
        var low = CorrectionDimension(BetaFast, headDim);
        var high = CorrectionDimension(BetaSlow, headDim);
        if (Truncate)
        {
            (low, high) = (Math.Floor(low), Math.Ceiling(high));
        }

        (low, high) = (Math.Max(low, 0), Math.Min(high, headDim - 1));
        if (low == high)
        {
            high += 0.001;
        }

        var result = new float[frequencies.Length];
        for (var i = 0; i < result.Length; i++)
        {
            var stretched = (float)Math.Clamp((i - low) / (high - low), 0, 1);
            result[i] = (frequencies[i] / (float)Factor * stretched) + (frequencies[i] * (1 - stretched));
        }

        return result;
    }

    private double CorrectionDimension(double rotations, int headDim) =>
        headDim * Math.Log(OriginalMaxPositions / (rotations * 2 * Math.PI)) / (2 * Math.Log(Theta));
}
