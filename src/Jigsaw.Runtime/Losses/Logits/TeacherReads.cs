namespace Jigsaw.Losses.Logits;

/// <summary>What a term reads from the teacher's logits.</summary>
[Flags]
internal enum TeacherReads
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>The targets of a cross-entropy: labels or a distribution.</summary>
    Targets = 1,

    /// <summary>The logits themselves.</summary>
    Logits = 2,

    /// <summary>The L2 norm of each row.</summary>
    Norms = 4,
}
