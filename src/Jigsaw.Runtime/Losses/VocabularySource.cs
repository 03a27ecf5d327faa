using static TorchSharp.torch;

namespace Jigsaw.Losses;

/// <summary>The hidden states and the LM head that make one pass's logits, and the terms that read them.</summary>
internal sealed record VocabularySource(Tensor Hidden, LanguageModelHead Head, params IReadOnlyList<VocabularyTerm> Terms);
