using System.Runtime.CompilerServices;
using Jigsaw.Client;
using Jigsaw.Client.Transports;
using Jigsaw.LLamaSharp;
using Jigsaw.Models;
using Jigsaw.Tokenization;
using static TorchSharp.torch;

namespace Serving;

/// <summary>What the server can see of a prompt: it has the model, so it reads each row as the token whose embedding is nearest, and asks the base what it makes of it.</summary>
internal sealed class ServerView : ICompletionTransport, IDisposable
{
    private readonly LLamaTransport _server;
    private readonly LLamaTransport _bare;
    private readonly CausalLM _model;
    private readonly Tokenizer _tokenizer;

    /// <param name="server">The adapted model, which answers.</param>
    /// <param name="bare">The base.</param>
    /// <param name="model">The base's checkpoint.</param>
    public ServerView(LLamaTransport server, LLamaTransport bare, string model)
    {
        (_server, _bare) = (server, bare);
        _model = CausalLM.Load(model, CPU, ScalarType.Float32);
        _tokenizer = Tokenizer.Load(model);
    }

    /// <summary>The last prompt, read by nearest neighbors.</summary>
    public string NearestText { get; private set; } = "";

    /// <summary>What the base says to the last prompt.</summary>
    public string BaseReply { get; private set; } = "";

    /// <inheritdoc/>
    public async IAsyncEnumerable<CompletionPart> StreamAsync(IReadOnlyList<TransformedPrompt> prompts, CompletionOptions options, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        NearestText = Line(_tokenizer.Decode(Nearest(prompts[0])));
        BaseReply = Line((await _bare.CompleteAsync(prompts[0], options, cancellationToken)).Text);
        await foreach (var part in _server.StreamAsync(prompts, options, cancellationToken))
        {
            yield return part;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _model.Dispose();

    private int[] Nearest(TransformedPrompt prompt)
    {
        using var scope = NewDisposeScope();
        var rows = tensor(prompt.ToSingles()).reshape(prompt.TokenCount, prompt.Features);
        return [.. cdist(rows, _model.EmbeddingTable).argmin(1).data<long>().ToArray().Select(id => (int)id)];
    }

    private static string Line(string text) => text.ReplaceLineEndings(" ↵ ").Trim();
}
