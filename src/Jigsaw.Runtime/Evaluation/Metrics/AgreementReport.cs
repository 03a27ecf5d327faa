namespace Jigsaw.Evaluation.Metrics;

/// <summary>How far each pass answers as the base model does on the clean embeddings.</summary>
/// <param name="StudentNoisy">The adapted model on transformed embeddings: should agree.</param>
/// <param name="TeacherNoisy">The base model on transformed embeddings: should not.</param>
/// <param name="StudentClean">The adapted model on clean embeddings: should not, or the adapters alone would leak.</param>
/// <param name="Tokens">Tokens that were compared.</param>
/// <param name="MeanStd">Mean σ over the transformed tokens, in multiples of the transform's scale.</param>
/// <param name="MeanShift">Mean ‖μ‖ / ‖x‖ over the transformed tokens.</param>
public sealed record AgreementReport(
    PassAgreement StudentNoisy,
    PassAgreement TeacherNoisy,
    PassAgreement StudentClean,
    long Tokens,
    double MeanStd,
    double MeanShift);
