namespace Jigsaw.Planning;

/// <summary>Names that custom terms can't have, because the classes that hold their values have them.</summary>
internal static class ReservedNames
{
    /// <summary>Members of the components' class and of its bases, and the class itself.</summary>
    public static readonly string[] OfComponents =
    [
        "Components", "CompositeKey", "CompositeLoss", "GradientError", "ContainsKey", "Count", "Dispose", "Equals", "Finalize", "GetEnumerator", "GetHashCode", "GetType",
        "Keys", "MemberwiseClone", "Read", "ReferenceEquals", "Skipped", "ToString", "TryGetValue", "Values", "Item",
    ];

    /// <summary>Keys of components that every recipe has.</summary>
    public static readonly string[] Keys = ["composite_loss"];
}
