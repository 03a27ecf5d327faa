namespace Jigsaw.Generators.Gathering;

/// <summary>The types that the parameters of one's own terms name activations by.</summary>
internal static class ActivationTypes
{
    private static readonly Dictionary<string, ActivationType> s_types = new ActivationType[]
    {
        new("CleanEmbeddings", "a.Clean", "x"),
        new("NoisyEmbeddings", "a.Noisy", "x̃"),
        new("TransformMeans", "a.Means", "μ"),
        new("TransformStds", "a.Stds", "σ"),
        new("AttentionMask", "a.AttentionMask", "attention mask"),
        new("LossMask", "lossMask", "loss mask"),
        new("NoiseMask", "a.NoiseMask", "noise mask"),
        new("InputIds", "a.InputIds", "input ids"),
        new("TeacherCleanHidden", "a.TeacherClean.Layer", "h teacher clean", Pass.TeacherClean),
        new("TeacherNoisyHidden", "a.TeacherNoisy.Layer", "h teacher noisy", Pass.TeacherNoisy),
        new("StudentNoisyHidden", "a.StudentNoisy.Layer", "h student noisy", Pass.StudentNoisy),
        new("StudentCleanHidden", "a.StudentClean.Layer", "h student clean", Pass.StudentClean),
        new("TeacherCleanLogits", "a.TeacherClean.Logits", "z teacher clean", Pass.TeacherClean, ReadsLogits: true),
        new("TeacherNoisyLogits", "a.TeacherNoisy.Logits", "z teacher noisy", Pass.TeacherNoisy, ReadsLogits: true),
        new("StudentNoisyLogits", "a.StudentNoisy.Logits", "z student noisy", Pass.StudentNoisy, ReadsLogits: true),
        new("StudentCleanLogits", "a.StudentClean.Logits", "z student clean", Pass.StudentClean, ReadsLogits: true),
        new("TeacherCleanLogitRows", "teacher", "rows of z teacher clean", Pass.TeacherClean, ReadsLogits: true, IsRows: true),
        new("TeacherNoisyLogitRows", "rows", "rows of z teacher noisy", Pass.TeacherNoisy, ReadsLogits: true, IsRows: true),
        new("StudentNoisyLogitRows", "rows", "rows of z student noisy", Pass.StudentNoisy, ReadsLogits: true, IsRows: true),
        new("StudentCleanLogitRows", "rows", "rows of z student clean", Pass.StudentClean, ReadsLogits: true, IsRows: true),
    }.ToDictionary(type => type.Name);

    public static IEnumerable<string> Names => s_types.Keys;

    public static ActivationType? Find(string name) => s_types.TryGetValue(name, out var type) ? type : null;
}
