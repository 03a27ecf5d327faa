using TorchSharp.Modules;

namespace Jigsaw.Training;

/// <summary>Trained tensors that belong together, for an optimizer that treats groups differently.</summary>
public sealed record ParameterGroup
{
    /// <summary>The group's name: <c>adapters</c>, <c>transform</c> or <c>transform heads</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Its tensors by name, unique over all groups: <c>student.</c> and the adapters' name, or <c>transform.</c> and the name in the transform's file.</summary>
    public required IReadOnlyList<(string Name, Parameter Value)> Parameters { get; init; }

    /// <summary>True if the group has weight decay: false for the heads of μ and ρ.</summary>
    public bool Decays { get; init; } = true;
}
