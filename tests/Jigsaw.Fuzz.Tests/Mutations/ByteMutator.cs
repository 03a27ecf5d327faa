namespace Jigsaw.Fuzz.Tests.Mutations;

/// <summary>Flips, overwrites, inserts, removes, repeats and cuts off bytes; half of the edits are among the first.</summary>
internal sealed class ByteMutator : Mutator
{
    private const int Head = 400;

    protected override byte[] Edit(byte[] bytes, Random random)
    {
        var at = random.Next(Math.Min(bytes.Length, random.Next(2) == 0 ? Head : int.MaxValue) + 1);
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
}
