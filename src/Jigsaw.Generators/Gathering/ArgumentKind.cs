namespace Jigsaw.Generators.Gathering;

internal enum ArgumentKind
{
    Double,
    Int32,
    Boolean,
    Mask,
    Target,
    Ramp,
}
