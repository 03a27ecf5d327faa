using TorchSharp.Modules;

namespace Jigsaw.Transforms;

/// <summary>One trained tensor of a transform.</summary>
/// <param name="Name">Its name in the transform's file.</param>
/// <param name="Value">The parameter.</param>
/// <param name="IsHead">True if it belongs to a head that produces μ or ρ; heads get no weight decay.</param>
internal sealed record TransformParameter(string Name, Parameter Value, bool IsHead);
