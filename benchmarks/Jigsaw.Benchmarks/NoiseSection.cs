using Jigsaw.Batches;
using Jigsaw.Transforms;
using Jigsaw.Transforms.Noise;
using static TorchSharp.torch;

namespace Jigsaw.Benchmarks;

/// <summary>What secure noise costs a transform that is used.</summary>
internal static class NoiseSection
{
    private const int Tokens = 1000;

    public static Table Run(Scale scale)
    {
        var table = new Table(
            $"Secure noise in a transform of {Tokens} tokens, of float32 and sent in it, all of them noised",
            "features", "μ and σ ms", "Apply in training ms", "Apply with secure noise ms", "secure noise alone ms", "noise ÷ Apply %", "target", "all that secure noise adds ÷ Apply %", "second turn of a conversation ms");
        foreach (var features in (int[])[1024, 4096])
        {
            using var embeddings = randn([Tokens, features], dtype: ScalarType.Float32, generator: new Generator(4)) * 0.02f;
            using var trained = new StainedGlassTransform(embeddings, new TransformConfig { Std = new TanhStd { InitialRho = 0 } });
            using var used = trained.WithSecureNoise();
            using var noise = new SecureNoise();
            using var memory = new ConversationMemory();
            var all = Enumerable.Repeat(true, Tokens).ToArray();
            using var batch = new TokenBatch([.. Enumerable.Range(0, Tokens).Select(token => (long)token)], all, all, all, 1, Tokens, CPU);
            using var noGrad = no_grad();
            void Within(Action act)
            {
                using (NewDisposeScope())
                {
                    act();
                }
            }

            var times = Timing.Medians(
                scale.Rounds,
                () => Within(() => trained.Moments(embeddings.unsqueeze(0), batch.AttentionMask)),
                () => Within(() => trained.Apply(batch)),
                () => Within(() => used.Apply(batch)),
                () => Within(() => noise.Draw([1, Tokens, features], CPU)),
                () => Within(() => used.Apply(batch, memory)));
            table.Add(
                $"{features}",
                $"{times[0]:f0}",
                $"{times[1]:f0}",
                $"{times[2]:f0}",
                $"{times[3]:f0}",
                $"{100 * times[3] / times[2]:f1}",
                features == 4096 ? "≤ 15" : "",
                $"{100 * (times[2] - times[0]) / times[2]:f1}",
                $"{times[4]:f0}");
        }

        return table;
    }
}
