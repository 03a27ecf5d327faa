namespace Jigsaw.Planning;

/// <summary>The types that the parameters of custom terms name activations by.</summary>
internal static class ActivationTypes
{
    private static readonly Dictionary<string, ActivationType> _types = new ActivationType[]
    {
        new("CleanEmbeddings", "step.Clean", "x"),
        new("NoisyEmbeddings", "step.Noisy", "x̃"),
        new("TransformMeans", "step.Means", "μ"),
        new("TransformStds", "step.Stds", "σ"),
        new("AttentionMask", "step.AttentionMask", "attention mask"),
        new("LossMask", "lossMask", "loss mask"),
        new("NoiseMask", "step.NoiseMask", "noise mask"),
        new("InputIds", "step.InputIds", "input ids"),
        new("TeacherCleanHidden", "step.TeacherClean.Layer", "h teacher clean", Pass.TeacherClean),
        new("TeacherNoisyHidden", "step.TeacherNoisy.Layer", "h teacher noisy", Pass.TeacherNoisy),
        new("StudentNoisyHidden", "step.StudentNoisy.Layer", "h student noisy", Pass.StudentNoisy),
        new("StudentCleanHidden", "step.StudentClean.Layer", "h student clean", Pass.StudentClean),
        new("TeacherCleanLogits", "step.TeacherClean.Logits", "z teacher clean", Pass.TeacherClean, ReadsLogits: true),
        new("TeacherNoisyLogits", "step.TeacherNoisy.Logits", "z teacher noisy", Pass.TeacherNoisy, ReadsLogits: true),
        new("StudentNoisyLogits", "step.StudentNoisy.Logits", "z student noisy", Pass.StudentNoisy, ReadsLogits: true),
        new("StudentCleanLogits", "step.StudentClean.Logits", "z student clean", Pass.StudentClean, ReadsLogits: true),
        new("TeacherCleanLogitRows", "teacher", "rows of z teacher clean", Pass.TeacherClean, ReadsLogits: true, IsRows: true),
        new("TeacherNoisyLogitRows", "rows", "rows of z teacher noisy", Pass.TeacherNoisy, ReadsLogits: true, IsRows: true),
        new("StudentNoisyLogitRows", "rows", "rows of z student noisy", Pass.StudentNoisy, ReadsLogits: true, IsRows: true),
        new("StudentCleanLogitRows", "rows", "rows of z student clean", Pass.StudentClean, ReadsLogits: true, IsRows: true),
    }.ToDictionary(type => type.Name);

    public static IEnumerable<string> Names => _types.Keys;

    public static ActivationType? Find(string name) => _types.TryGetValue(name, out var type) ? type : null;
}
