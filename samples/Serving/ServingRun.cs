using System.ClientModel;
using Jigsaw.Client;
using Jigsaw.Gguf;
using Jigsaw.LLamaSharp;
using Jigsaw.Models;
using Jigsaw.Models.Lora;
using Jigsaw.Proxy;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenAI;
using OpenAI.Chat;
using TorchSharp;

namespace Serving;

/// <summary>Serves a trained result and asks it: export, server, proxy, and a program that knows OpenAI's API alone.</summary>
internal static class ServingRun
{
    // The first three of the chats that training has not seen.
    private static readonly string[] _questions =
    [
        "Jonathan Garrett here, Clarkshire. Order 57324 is late, I am still waiting for the desk lamp.",
        "Patrick Marshall here, locked out of my account patrick.marshall@example.com since 12 January.",
        "Tammy Richardson here. The invoice for order 76724 of 16 September is missing.",
    ];

    /// <summary>Prints, for three questions, what the server saw beside what the user got.</summary>
    /// <param name="run">A folder with <c>transform</c> and <c>adapter</c>.</param>
    /// <param name="output">Where it is printed.</param>
    public static async Task ShowAsync(string run, TextWriter output)
    {
        var model = Path.Combine(AppContext.BaseDirectory, "models", "support-lm");
        var folder = Directory.CreateTempSubdirectory("jigsaw-serving-").FullName;
        try
        {
            Export(model, run, folder);
            using var server = LLamaTransport.Load(new LLamaOptions { ModelPath = Path.Combine(folder, "server", "model.gguf") });
            using var bare = LLamaTransport.Load(new LLamaOptions { ModelPath = Path.Combine(folder, "server", "base.gguf") });
            using var view = new ServerView(server, bare, model);
            await using var proxy = ProxyApplication.Build(
                ["--Bundle", Path.Combine(folder, "company"), "--Model", "support", "--urls", "http://127.0.0.1:0"],
                builder => builder.Logging.ClearProviders(),
                view);
            await proxy.StartAsync();
            var address = proxy.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
            await output.WriteLineAsync($"The proxy listens to {address}/v1, llama.cpp answers it.");
            await AskAsync(address, view, output);
            await proxy.StopAsync();
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Writes the company's folder and the server's.</summary>
    private static void Export(string model, string run, string folder)
    {
        ClientBundle.Export(model, Path.Combine(run, "transform"), Path.Combine(folder, "company"), NoiseScope.Users);
        using var whole = CausalLM.Load(model, torch.CPU, torch.ScalarType.Float32);
        using var adapters = LoraAdapters.Load(Path.Combine(run, "adapter"), whole);
        GgufExport.WriteModel(Path.Combine(folder, "server", "model.gguf"), whole, GgufType.Float16, adapters);
        GgufExport.WriteModel(Path.Combine(folder, "server", "base.gguf"), whole, GgufType.Float16);
    }

    private static async Task AskAsync(string address, ServerView view, TextWriter output)
    {
        var client = new ChatClient("support", new ApiKeyCredential("none"), new OpenAIClientOptions { Endpoint = new Uri($"{address}/v1") });
        foreach (var question in _questions)
        {
            ChatCompletion reply = await client.CompleteChatAsync([new UserChatMessage(question)], new ChatCompletionOptions { Temperature = 0, MaxOutputTokenCount = 60 });
            await output.WriteLineAsync();
            await output.WriteLineAsync($"the user wrote     {question}");
            await output.WriteLineAsync($"the server saw     {view.NearestText}");
            await output.WriteLineAsync($"its base would say {view.BaseReply}");
            await output.WriteLineAsync($"the user got       {reply.Content[0].Text}");
        }
    }
}
