namespace Jigsaw;

/// <summary>How a ramped weight rises to its full value: from 0, or geometrically from a start value.</summary>
public enum Ramp
{
    /// <summary>In equal steps: (step − from) / steps.</summary>
    Linear,

    /// <summary>Along half a cosine: ½ − ½·cos(π·(step − from) / steps).</summary>
    Cosine,

    /// <summary>By an equal factor in each step, from <c>RampStart</c>: start · (weight / start)^((step − from) / steps).</summary>
    Geometric,
}
