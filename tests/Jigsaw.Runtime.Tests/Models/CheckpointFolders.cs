namespace Jigsaw.Runtime.Tests.Models;

/// <summary>The checkpoints of the test data, each with the folder that holds what to expect of it.</summary>
internal static class CheckpointFolders
{
    public static TheoryData<string, string> All { get; } = new()
    {
        { "llama-gqa", "llama-gqa" },
        { "llama-tied-rope3", "llama-tied-rope3" },
        { "llama-old-config", "llama-tied-rope3" },
        { "llama-bf16", "llama-bf16" },
        { "llama-linear-rope", "llama-linear-rope" },
        { "llama-yarn", "llama-yarn" },
        { "mistral", "mistral" },
        { "qwen2", "qwen2" },
        { "qwen3", "qwen3" },
    };
}
