namespace Jigsaw.Planning;

internal enum ArgumentKind
{
    Double,
    Int32,
    Boolean,
    Mask,
    Target,
    Ramp,
    Weighting,
}
