using System.ComponentModel;

namespace Jigsaw.CompilerServices;

/// <summary>Which way training pulls a term's value.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public enum TermPull
{
    /// <summary>Down: it is added to the loss.</summary>
    Minimized,

    /// <summary>Up: it is subtracted from the loss.</summary>
    Maximized,
}
