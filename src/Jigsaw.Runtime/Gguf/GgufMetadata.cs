using System.Text;

namespace Jigsaw.Gguf;

/// <summary>The keys of a GGUF file and their values, in the order in which they were added.</summary>
internal sealed class GgufMetadata : IDisposable
{
    private const uint Unsigned32 = 4;
    private const uint Signed32 = 5;
    private const uint Single32 = 6;
    private const uint Boolean = 7;
    private const uint Text = 8;
    private const uint Array = 9;

    private readonly MemoryStream _stream = new();
    private readonly BinaryWriter _writer;

    public GgufMetadata() => _writer = new BinaryWriter(_stream);

    /// <summary>How many keys there are.</summary>
    public int Count { get; private set; }

    /// <summary>Their bytes.</summary>
    public byte[] ToArray() => _stream.ToArray();

    public void Dispose() => _writer.Dispose();

    public void Add(string key, string value)
    {
        Begin(key, Text);
        Write(_writer, value);
    }

    public void Add(string key, int value)
    {
        Begin(key, Unsigned32);
        _writer.Write(checked((uint)value));
    }

    public void Add(string key, double value)
    {
        Begin(key, Single32);
        _writer.Write((float)value);
    }

    public void Add(string key, bool value)
    {
        Begin(key, Boolean);
        _writer.Write(value);
    }

    public void Add(string key, IReadOnlyCollection<string> values)
    {
        BeginArray(key, Text, values.Count);
        foreach (var value in values)
        {
            Write(_writer, value);
        }
    }

    public void Add(string key, IReadOnlyCollection<int> values)
    {
        BeginArray(key, Signed32, values.Count);
        foreach (var value in values)
        {
            _writer.Write(value);
        }
    }

    public void Add(string key, IReadOnlyCollection<float> values)
    {
        BeginArray(key, Single32, values.Count);
        foreach (var value in values)
        {
            _writer.Write(value);
        }
    }

    /// <summary>Writes a text as GGUF has it: the number of its bytes in UTF-8, and these.</summary>
    public static void Write(BinaryWriter writer, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        writer.Write((ulong)bytes.Length);
        writer.Write(bytes);
    }

    private void Begin(string key, uint type)
    {
        Count++;
        Write(_writer, key);
        _writer.Write(type);
    }

    private void BeginArray(string key, uint type, int count)
    {
        Begin(key, Array);
        _writer.Write(type);
        _writer.Write((ulong)count);
    }
}
