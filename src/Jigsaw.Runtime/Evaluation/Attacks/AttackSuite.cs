using Jigsaw.Data;
using Jigsaw.Models;
using Jigsaw.Tokenization;
using Jigsaw.Transforms;

namespace Jigsaw.Evaluation.Attacks;

/// <summary>Runs attacks on a transform and gathers what they read, what no attacker can beat, and what the model still can do, in one record.</summary>
public static class AttackSuite
{
    /// <summary>Runs a suite.</summary>
    /// <param name="model">The base model that the transform was made for.</param>
    /// <param name="transform">The transform; it draws its noise as it does in use.</param>
    /// <param name="tokenizer">Makes tokens and masks of the chats; its <see cref="NoiseTokenizer.NoiseRoles"/> say what is transformed.</param>
    /// <param name="chats">Chats that neither the transform nor the adapters were trained on, at least one.</param>
    /// <param name="options">Which attacks, on how many chats.</param>
    /// <param name="progress">Called with what is being done and which share of the suite is done.</param>
    /// <param name="cancellation">Stops between two tokens.</param>
    /// <exception cref="ArgumentException">There is no chat, none has a transformed token, a number is out of its range, or the transform is for another model.</exception>
    public static AttackReport Run(
        ICausalLM model,
        StainedGlassTransform transform,
        NoiseTokenizer tokenizer,
        IReadOnlyList<ChatExample> chats,
        AttackSuiteOptions? options = null,
        Action<string, double>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(transform);
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(chats);
        options ??= new AttackSuiteOptions();
        options.Validate();
        ExactLikelihoodAttack.RequireMatch(model, transform);
        using var run = new SuiteRun(model, transform, tokenizer, chats, options, progress, cancellation);
        return run.Run();
    }
}
