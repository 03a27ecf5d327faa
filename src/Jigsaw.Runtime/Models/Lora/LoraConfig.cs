namespace Jigsaw.Models.Lora;

/// <summary>Which modules get low-rank adapters, and of which rank: PEFT's LoraConfig, restricted to what leaves the teacher equal to the base.</summary>
/// <remarks>Formula: arXiv 2106.09685; rank-stabilized scaling arXiv 2312.03732; matching of names: PEFT 0.21.</remarks>
public sealed record LoraConfig
{
    /// <summary>In <see cref="TargetModules"/>: every linear map of the decoder layers, not the LM head.</summary>
    public const string AllLinear = "all-linear";

    /// <summary>The rank r of the adapters (PEFT: <c>r</c>).</summary>
    public int Rank { get; init; } = 8;

    /// <summary>The numerator of the scale α/r (PEFT: <c>lora_alpha</c>).</summary>
    public double Alpha { get; init; } = 16;

    /// <summary>True if the scale is α/√r (PEFT: <c>use_rslora</c>).</summary>
    public bool RankStabilized { get; init; }

    /// <summary>The chance that a feature of an adapter's input is dropped while its adapters are in training (PEFT: <c>lora_dropout</c>).</summary>
    public double Dropout { get; init; }

    /// <summary>Module names that a module's full name ends with, or <see cref="AllLinear"/> alone.</summary>
    public IReadOnlyList<string> TargetModules { get; init; } = [AllLinear];

    /// <summary>A regular expression that a module's full name must match as a whole; used instead of <see cref="TargetModules"/> if not null.</summary>
    public string? TargetPattern { get; init; }

    /// <summary>Module names to leave out, matched like <see cref="TargetModules"/> are.</summary>
    public IReadOnlyList<string> ExcludeModules { get; init; } = [];

    /// <summary>A regular expression for modules to leave out; used instead of <see cref="ExcludeModules"/> if not null.</summary>
    public string? ExcludePattern { get; init; }

    /// <summary>Layers that get adapters; null for all. PEFT allows it only with a list of target modules.</summary>
    public IReadOnlyList<int>? LayersToTransform { get; init; }

    /// <summary>Names of the list that holds the layers, for <see cref="LayersToTransform"/>; if empty, whatever precedes a number.</summary>
    public IReadOnlyList<string> LayersPattern { get; init; } = [];

    /// <summary>Other ranks for modules whose name ends with a match of the key, a regular expression.</summary>
    public IReadOnlyDictionary<string, int> RankPattern { get; init; } = new Dictionary<string, int>();

    /// <summary>Other values of α for modules whose name ends with a match of the key, a regular expression.</summary>
    public IReadOnlyDictionary<string, double> AlphaPattern { get; init; } = new Dictionary<string, double>();

    /// <summary>The value written as <c>base_model_name_or_path</c>; it is not used to find the base.</summary>
    public string? BaseModel { get; init; }

    /// <summary>Reads PEFT's adapter_config.json. Reading it needs no libtorch.</summary>
    /// <param name="directory">The directory of the adapter.</param>
    /// <exception cref="Checkpoints.CheckpointException">It is not there, malformed, or requires something unsupported.</exception>
    public static LoraConfig Read(string directory)
    {
        ArgumentNullException.ThrowIfNull(directory);
        return LoraConfigFile.Read(directory);
    }
}
