namespace Jigsaw.Fuzz.Tests.Mutations;

/// <summary>Damages a good file.</summary>
internal abstract class Mutator
{
    /// <summary>A damaged copy, by a few edits.</summary>
    /// <param name="good">The file.</param>
    /// <param name="random">Decides on the damage: the same numbers give the same file.</param>
    public byte[] Mutate(byte[] good, Random random)
    {
        var bytes = good;
        for (var edits = random.Next(1, 4); edits > 0; edits--)
        {
            bytes = Edit(bytes, random);
        }

        return bytes;
    }

    /// <summary>One edit.</summary>
    protected abstract byte[] Edit(byte[] bytes, Random random);
}
