namespace Jigsaw.Evaluation.Metrics;

/// <summary>How one pass answers, compared with the base model on the clean embeddings, over the tokens of the loss mask.</summary>
/// <param name="Agreement">Share of the tokens where the most likely next token is the same, 0 to 1.</param>
/// <param name="Divergence">Mean KL(teacher clean ‖ this pass), nats per token.</param>
public sealed record PassAgreement(double Agreement, double Divergence);
