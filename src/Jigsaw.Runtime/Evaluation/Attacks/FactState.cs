namespace Jigsaw.Evaluation.Attacks;

/// <summary>Says if a fact can be replaced by another of its kind in the otherwise true prompt.</summary>
internal enum FactState
{
    /// <summary>It stands once among the transformed tokens, whole tokens.</summary>
    Placed,

    /// <summary>No transformed text contains it.</summary>
    Missing,

    /// <summary>It stands more than once, case folded, or another fact contains it or is contained in it.</summary>
    Repeated,

    /// <summary>It begins or ends within a token, or is not transformed throughout.</summary>
    Misaligned,
}
