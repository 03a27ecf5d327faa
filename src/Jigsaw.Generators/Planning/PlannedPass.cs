using Jigsaw.Generators.Gathering;

namespace Jigsaw.Generators.Planning;

/// <summary>One pass that a step runs.</summary>
internal sealed record PlannedPass(Pass Pass, bool Logits, bool Layer, EquatableArray<string> ReadBy, EquatableArray<string> WholeLogitsReadBy);
