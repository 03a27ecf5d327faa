namespace Jigsaw.Fuzz.Tests.Mutations;

/// <summary>Flips, overwrites, inserts, removes, repeats and cuts off bytes; half of the edits are among the first.</summary>
/// <param name="atEnd">True if half of those are among the last instead, where a format has its description.</param>
/// <param name="dense">True if a place where the file has no zero is preferred, for a format with empty pages.</param>
internal sealed class ByteMutator(bool atEnd = false, bool dense = false) : Mutator
{
    private const int Head = 400;

    protected override byte[] Edit(byte[] bytes, Random random)
    {
        var at = Place(bytes, random);
        var length = Math.Min(random.Next(1, 40), bytes.Length - at);
        switch (random.Next(7))
        {
            case 0 when at < bytes.Length:
                bytes = [.. bytes];
                bytes[at] ^= (byte)(1 << random.Next(8));
                return bytes;
            case 1 when at < bytes.Length:
                bytes = [.. bytes];
                bytes[at] = (byte)random.Next(256);
                return bytes;
            case 2:
                var inserted = new byte[random.Next(1, 9)];
                random.NextBytes(inserted);
                return [.. bytes.AsSpan(0, at), .. inserted, .. bytes.AsSpan(at)];
            case 3:
                return [.. bytes.AsSpan(0, at), .. bytes.AsSpan(at + length)];
            case 4:
                return [.. bytes.AsSpan(0, at + length), .. bytes.AsSpan(at)];
            case 5:
                return [.. bytes.AsSpan(0, at)];
            default:
                // Eight bytes that a reader may take for a length.
                var number = BitConverter.GetBytes(random.Next(3) switch { 0 => random.NextInt64(), 1 => long.MaxValue - random.Next(100), _ => 1L << random.Next(63) });
                bytes = [.. bytes];
                number.AsSpan(0, Math.Min(8, bytes.Length - at)).CopyTo(bytes.AsSpan(at));
                return bytes;
        }
    }

    private int Place(byte[] bytes, Random random)
    {
        var at = random.Next(Math.Min(bytes.Length, random.Next(2) == 0 ? Head : int.MaxValue) + 1);
        at = atEnd && random.Next(2) == 0 ? bytes.Length - at : at;
        for (var tries = 0; dense && tries < 8 && at < bytes.Length && bytes[at] == 0; tries++)
        {
            at = random.Next(bytes.Length);
        }

        return at;
    }
}
