using Jigsaw.ModelBenchmarks;
using System.Globalization;
using Jigsaw.Batches;
using Jigsaw.Checkpoints;
using Jigsaw.Models;
using Jigsaw.Models.Generation;
using static TorchSharp.torch;

if (args is not [var directory, .. var rest] || directory.StartsWith('-') || rest is not ([] or ["bfloat16"] or ["float32"]))
{
    Console.Error.WriteLine("Usage: dotnet run -c Release --project benchmarks/Jigsaw.ModelBenchmarks -- DIR [bfloat16|float32]\nDIR is the directory of a Hugging Face checkpoint.");
    return 2;
}

// One dtype per process: memory that the C library keeps from one model would hide what the next one takes.
var dtype = rest is ["bfloat16"] ? ScalarType.BFloat16 : ScalarType.Float32;
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
try
{
    using var start = zeros(1);
    Console.WriteLine($"{directory} as {dtype}, {get_num_threads()} threads, best of {Measurement.Repeats}");
    Loading();
    Generation(batch: 1);
    Generation(batch: 4);
    return 0;
}
catch (CheckpointException exception)
{
    Console.Error.WriteLine(exception.Message);
    return 1;
}

void Loading()
{
    long peak;
    using (var memory = new PrivateMemory())
    {
        using var model = CausalLM.Load(directory, CPU, dtype);
        peak = memory.Peak;
        Console.WriteLine($"peak private memory while loading: {peak / 1e6:F0} MB; model {Measurement.Bytes(model) / 1e6:F0} MB, largest tensor {Measurement.LargestBytes(model) / 1e6:F0} MB");
    }

    var files = Directory.GetFiles(directory, "*.safetensors");
    var seconds = Measurement.Best(
        () => Measurement.ReadFiles(files, fresh: false), () => Measurement.ReadFiles(files, fresh: true), () => CausalLM.Load(directory, CPU, dtype).Dispose());
    var (reused, fresh, load) = (seconds[0], seconds[1], seconds[2]);
    Console.WriteLine($"loading: {load * 1e3:F0} ms; reading the files as cat does {reused * 1e3:F0} ms, into fresh memory {fresh * 1e3:F0} ms: {load / fresh:F1} times that");
}

void Generation(int batch)
{
    const int Prompt = 32;
    const int Reply = 9;
    using var model = CausalLM.Load(directory, CPU, dtype);
    using var scope = NewDisposeScope();
    using var grad = no_grad();
    var ids = arange(batch * Prompt, dtype: ScalarType.Int64).remainder(model.Config.VocabularySize - 10).add(5).reshape(batch, Prompt);
    var mask = RowMask.FromHost([.. Enumerable.Repeat(true, batch * Prompt)], batch, Prompt, CPU);
    var seconds = Measurement.Best(() => Generate(1), () => Generate(Reply), Measurement.BareProducts(model, batch));
    var (first, step, floor) = (seconds[0], (seconds[1] - seconds[0]) / (Reply - 1), seconds[2]);
    Console.WriteLine($"generation, batch {batch}: {batch / step:F1} tokens/s, {step * 1e3:F1} ms per step, {step / floor:F2} times its bare products ({floor * 1e3:F1} ms); prompt of {Prompt} tokens {first * 1e3:F0} ms");

    void Generate(int tokens) => model.GenerateFromIds(ids, mask, options: new GenerationOptions { MaxNewTokens = tokens, EndTokens = [] });
}
