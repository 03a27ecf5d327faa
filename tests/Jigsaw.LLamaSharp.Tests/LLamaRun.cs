using LLama;
using LLama.Common;
using LLama.Native;

namespace Jigsaw.LLamaSharp.Tests;

/// <summary>llama.cpp on a GGUF file, without Jigsaw's transport: logits of token ids.</summary>
internal sealed class LLamaRun : IDisposable
{
    private readonly LLamaWeights _weights;
    private readonly LLamaContext _context;

    public LLamaRun(string model, string? adapter = null)
    {
        var parameters = new ModelParams(model) { ContextSize = 64, Threads = 1, BatchThreads = 1, TypeK = GGMLType.GGML_TYPE_F32, TypeV = GGMLType.GGML_TYPE_F32, FlashAttention = false };
        _weights = LLamaWeights.LoadFromFile(parameters);
        _context = _weights.CreateContext(parameters);
        if (adapter is not null)
        {
            _context.NativeHandle.SetLoraAdapters([(_weights.NativeHandle.LoadLoraFromFile(adapter), 1f)]);
        }
    }

    /// <summary>The logits behind each token, one after another.</summary>
    public float[] Logits(IReadOnlyList<int> ids)
    {
        _context.NativeHandle.MemoryClear();
        var batch = new LLamaBatch();
        for (var i = 0; i < ids.Count; i++)
        {
            batch.Add(ids[i], i, (LLamaSeqId)0, logits: true);
        }

        Assert.Equal(DecodeResult.Ok, _context.Decode(batch));
        return [.. Enumerable.Range(0, ids.Count).SelectMany(i => _context.NativeHandle.GetLogitsIth(i).ToArray())];
    }

    public void Dispose()
    {
        _context.Dispose();
        _weights.Dispose();
    }
}
