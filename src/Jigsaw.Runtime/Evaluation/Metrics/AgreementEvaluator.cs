using Jigsaw.Batches;
using Jigsaw.Models;
using Jigsaw.Models.Decoder;
using Jigsaw.Transforms;
using TorchSharp;
using static TorchSharp.torch;

namespace Jigsaw.Evaluation.Metrics;

/// <summary>Compares the passes with the base model on the clean embeddings, token by token.</summary>
public static class AgreementEvaluator
{
    private const int ChunkRows = 256;

    /// <summary>Compares over batches; the rows of the loss mask count.</summary>
    /// <param name="model">The base.</param>
    /// <param name="adapters">The student's adapters.</param>
    /// <param name="transform">The transform; one sample is drawn for each batch.</param>
    /// <param name="batches">Batches on the model's device; not disposed.</param>
    public static AgreementReport Measure(ICausalLM model, IAdapters adapters, StainedGlassTransform transform, IEnumerable<TokenBatch> batches)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(adapters);
        ArgumentNullException.ThrowIfNull(transform);
        ArgumentNullException.ThrowIfNull(batches);
        var agree = new double[3];
        var divergence = new double[3];
        double std = 0, shift = 0;
        long tokens = 0, changed = 0;
        using var noGrad = no_grad();
        foreach (var batch in batches)
        {
            using var scope = NewDisposeScope();
            var noisy = transform.Apply(batch);
            var rows = Rows(batch.LossMask);
            var teacher = Hidden(model, noisy.Clean, batch, null, rows);
            Tensor[] others =
            [
                Hidden(model, noisy.Noisy, batch, adapters, rows),
                Hidden(model, noisy.Noisy, batch, null, rows),
                Hidden(model, noisy.Clean, batch, adapters, rows),
            ];
            for (long start = 0; start < rows.shape[0]; start += ChunkRows)
            {
                using var chunk = NewDisposeScope();
                var length = Math.Min(ChunkRows, rows.shape[0] - start);
                var target = model.Head.Logits(teacher.narrow(0, start, length)).to(ScalarType.Float32);
                var (best, logTarget) = (target.argmax(-1), nn.functional.log_softmax(target, -1));
                for (var i = 0; i < others.Length; i++)
                {
                    var logits = model.Head.Logits(others[i].narrow(0, start, length)).to(ScalarType.Float32);
                    agree[i] += logits.argmax(-1).eq(best).sum().ToInt64();
                    divergence[i] += (logTarget.exp() * (logTarget - nn.functional.log_softmax(logits, -1))).sum().ToDouble();
                }
            }

            tokens += rows.shape[0];
            var noised = Rows(batch.NoiseMask);
            changed += noised.shape[0];
            std += Pick(noisy.Stds, noised).mean([1]).sum().ToDouble();
            shift += (Pick(noisy.Means, noised).norm(1) / Pick(noisy.Clean, noised).norm(1)).sum().ToDouble();
        }

        PassAgreement Of(int pass) => new(agree[pass] / Math.Max(1, tokens), divergence[pass] / Math.Max(1, tokens));
        return new AgreementReport(Of(0), Of(1), Of(2), tokens, std / Math.Max(1, changed) / transform.Scale, shift / Math.Max(1, changed));
    }

    internal static Tensor Rows(RowMask mask) => mask.Rows ?? mask.Value.flatten().nonzero().squeeze(-1);

    internal static Tensor Pick(Tensor values, Tensor rows) => values.flatten(0, 1).index_select(0, rows);

    private static Tensor Hidden(ICausalLM model, Tensor embeddings, TokenBatch batch, IAdapters? adapters, Tensor rows) =>
        Pick(model.Run(embeddings, batch.AttentionMask, adapters).Last!, rows);
}
