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
            "features", "Apply ms", "secure noise ms", "noise ÷ Apply %", "target", "noise, sum and rounding ms", "these ÷ Apply %", "the same in training ms", "a turn sent again ms");
        foreach (var features in (int[])[1024, 4096])
        {
            using var embeddings = randn([Tokens, features], dtype: ScalarType.Float32, generator: new Generator(4)).mul_(0.02f).to(scale.Device);
            using var trained = new StainedGlassTransform(embeddings, new TransformConfig { Std = new TanhStd { InitialRho = 0 } });
            using var used = trained.WithSecureNoise();
            using var secure = new SecureNoise();
            using var seeded = new SeededNoise(1, scale.Device);
            using var memory = new ConversationMemory();
            var all = Enumerable.Repeat(true, Tokens).ToArray();
            using var batch = new TokenBatch([.. Enumerable.Range(0, Tokens).Select(token => (long)token)], all, all, all, 1, Tokens, scale.Device);
            using var noGrad = no_grad();
            using var clean = embeddings.unsqueeze(0);
            using var means = clean * 0.1;
            using var stds = clean.abs();
            void Sampled(INoiseSource source)
            {
                var noise = source.Draw(clean.shape, scale.Device);
                _ = TransformFunctions.Round(TransformFunctions.Sample(clean.to(noise.dtype), means, stds, noise, batch.NoiseMask.Value), ScalarType.Float32);
            }

            void Within(Action act)
            {
                using (NewDisposeScope())
                {
                    act();
                }
            }

            var times = Timing.Medians(
                scale.Rounds,
                () => Within(() => used.Apply(batch)),
                () => Within(() => secure.Draw(clean.shape, scale.Device)),
                () => Within(() => Sampled(secure)),
                () => Within(() => Sampled(seeded)),
                () => Within(() => used.Apply(batch, memory)));
            table.Add(
                $"{features}",
                Table.Time(times[0]),
                Table.Time(times[1]),
                $"{100 * times[1] / times[0]:f1}",
                features == 4096 ? "≤ 15" : "",
                Table.Time(times[2]),
                $"{100 * times[2] / times[0]:f1}",
                Table.Time(times[3]),
                Table.Time(times[4]));
        }

        return table;
    }
}
