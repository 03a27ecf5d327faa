using System.Text.Json.Serialization;
using Jigsaw.Checkpoints;
using Jigsaw.Transforms.Noise;

namespace Jigsaw.Transforms;

/// <summary>A configuration as the file has it: one level, and the kind of σ as a number.</summary>
internal sealed record StoredTransformConfig
{
    private const int TanhKind = 0;
    private const int DirectKind = 1;

    private static readonly TanhStd _tanh = new();
    private static readonly DirectStd _direct = new();

    public double StdMin { get; init; } = _tanh.Min;

    public double StdMax { get; init; } = _tanh.Max;

    public int Std { get; init; }

    public double Shallow { get; init; } = _tanh.Shallow;

    public double InitialRho { get; init; } = _tanh.InitialRho;

    public double InitialStd { get; init; } = _direct.InitialStd;

    public double? MeanBound { get; init; }

    public double MeanShift { get; init; }

    public double? Scale { get; init; }

    public int Heads { get; init; } = 4;

    public int FeedForwardRatio { get; init; } = 2;

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Rank { get; init; }

    public static StoredTransformConfig Of(TransformConfig config)
    {
        var stored = new StoredTransformConfig { StdMin = config.Std.Min, StdMax = config.Std.Max, Scale = config.Scale, Heads = config.Heads, FeedForwardRatio = config.FeedForwardRatio, Rank = config.Rank };
        stored = config.Std switch
        {
            TanhStd tanh => stored with { Std = TanhKind, Shallow = tanh.Shallow, InitialRho = tanh.InitialRho },
            DirectStd direct => stored with { Std = DirectKind, InitialStd = direct.InitialStd },
            _ => throw new NotSupportedException($"The file of a transform has no kind for {config.Std.GetType().Name}."),
        };
        return config.Mean is BoundedMean bounded ? stored with { MeanBound = bounded.Bound, MeanShift = bounded.Shift } : stored;
    }

    public TransformConfig ToConfig(string path) => new()
    {
        Std = Std switch
        {
            TanhKind => new TanhStd { Min = StdMin, Max = StdMax, Shallow = Shallow, InitialRho = InitialRho },
            DirectKind => new DirectStd { Min = StdMin, Max = StdMax, InitialStd = InitialStd },
            _ => throw new CheckpointException(path, $"its std is {Std}; supported are {TanhKind} (tanh) and {DirectKind} (direct)."),
        },
        Mean = MeanBound is { } bound ? new BoundedMean { Bound = bound, Shift = MeanShift } : new FreeMean(),
        Scale = Scale,
        Heads = Heads,
        FeedForwardRatio = FeedForwardRatio,
        Rank = Rank,
    };
}
