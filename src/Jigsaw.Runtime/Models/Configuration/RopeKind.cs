namespace Jigsaw.Models.Configuration;

/// <summary>How rotary frequencies are stretched beyond the length a model was first trained on.</summary>
internal enum RopeKind
{
    /// <summary>Not at all.</summary>
    Default,

    /// <summary>All frequencies divided by a factor.</summary>
    Linear,

    /// <summary>Low frequencies divided by a factor, high ones kept, a ramp between (Llama 3.1).</summary>
    Llama3,

    /// <summary>As <see cref="Llama3"/> with another ramp, with a factor on the attention (arXiv 2309.00071).</summary>
    Yarn,
}
