namespace Jigsaw.Data;

/// <summary>What the fields of a structure in Thrift's compact protocol are.</summary>
/// <param name="fields">By number.</param>
internal sealed class ThriftStruct(IReadOnlyDictionary<long, ThriftStruct.Field> fields)
{
    /// <summary>A field.</summary>
    /// <param name="Type">The protocol's number of its type; 2 for a truth.</param>
    /// <param name="Element">That of a list's elements.</param>
    /// <param name="Of">What a structure, or a list of them, is made of.</param>
    public sealed record Field(int Type, int Element, ThriftStruct? Of);

    /// <summary>The field of a number; null if it is unknown.</summary>
    public Field? Find(long number) => fields.GetValueOrDefault(number);
}
