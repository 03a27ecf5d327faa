namespace Jigsaw;

/// <summary>How a ramped weight rises from 0 to its full value.</summary>
public enum Ramp
{
    /// <summary>In equal steps: (step − from) / steps.</summary>
    Linear,

    /// <summary>Along half a cosine: ½ − ½·cos(π·(step − from) / steps).</summary>
    Cosine,
}
