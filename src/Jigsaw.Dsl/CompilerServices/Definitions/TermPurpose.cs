using System.ComponentModel;

namespace Jigsaw.CompilerServices;

/// <summary>What a recipe needs a term for: one without quality collapses to noise, one without privacy learns the identity.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public enum TermPurpose
{
    /// <summary>It shapes what the others do.</summary>
    Shapes,

    /// <summary>It keeps the student's answers what the teacher's are.</summary>
    Quality,

    /// <summary>It drives the transformed embeddings away from the clean ones.</summary>
    Privacy,
}
