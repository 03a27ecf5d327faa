using Jigsaw.Passes;
using static TorchSharp.torch;

namespace Jigsaw.Losses.Logits;

/// <summary>The hidden states and the LM head that make one pass's logits, and the terms that read them.</summary>
internal sealed record LogitSource(Tensor Hidden, LanguageModelHead Head, params IReadOnlyList<VocabularyTerm> Terms);
