using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Jigsaw.Client.Tests.Transports;

/// <summary>Reads what torch's weights-only unpickler would take for one dense tensor, and nothing else: its opcodes, its globals.</summary>
internal sealed class TorchTensorReader
{
    private static readonly object _mark = new();

    private readonly ZipArchive _archive;
    private readonly string _root;
    private readonly Dictionary<int, object?> _memo = [];
    private readonly Stack<object?> _stack = new();
    private int _at;

    private TorchTensorReader(ZipArchive archive, string root) => (_archive, _root) = (archive, root);

    /// <summary>A tensor: its storage's name, shape, strides and bytes.</summary>
    public sealed record Tensor(string Storage, long[] Shape, long[] Strides, byte[] Bytes);

    /// <summary>Reads a file.</summary>
    /// <exception cref="InvalidDataException">It is not one dense tensor.</exception>
    public static Tensor Read(byte[] file)
    {
        Require(file is [(byte)'P', (byte)'K', 3, 4, ..], "it does not begin as a zip file");
        using var archive = new ZipArchive(new MemoryStream(file), ZipArchiveMode.Read);
        var root = archive.Entries[0].FullName.Split('/')[0];
        var reader = new TorchTensorReader(archive, root);
        Require(long.Parse(Encoding.ASCII.GetString(reader.Entry("version")).Trim(), System.Globalization.CultureInfo.InvariantCulture) is >= 1 and <= 10, "its version is not 1 to 10");
        if (archive.GetEntry($"{root}/byteorder") is not null)
        {
            Require(Encoding.ASCII.GetString(reader.Entry("byteorder")) == "little", "it is not little-endian");
        }

        return reader.Run(reader.Entry("data.pkl")) as Tensor ?? throw new InvalidDataException("it does not hold one tensor");
    }

    private static void Require(bool holds, string problem)
    {
        if (!holds)
        {
            throw new InvalidDataException(problem);
        }
    }

    private byte[] Entry(string name)
    {
        using var stream = (_archive.GetEntry($"{_root}/{name}") ?? throw new InvalidDataException($"it lacks {name}")).Open();
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        return copy.ToArray();
    }

    private object? Run(byte[] pickle)
    {
        while (true)
        {
            var op = pickle[_at++];
            switch ((char)op)
            {
                case (char)0x80:
                    Require(pickle[_at++] == 2, "it is not of pickle's protocol 2");
                    break;
                case 'c':
                    _stack.Push($"{Line(pickle)}.{Line(pickle)}");
                    break;
                case '(':
                    _stack.Push(_mark);
                    break;
                case ')':
                    _stack.Push(Array.Empty<object?>());
                    break;
                case 't':
                    _stack.Push(ToMark());
                    break;
                case (char)0x85 or (char)0x86 or (char)0x87:
                    _stack.Push(Enumerable.Range(0, op - 0x84).Select(_ => _stack.Pop()).Reverse().ToArray());
                    break;
                case 'X':
                    var length = BinaryPrimitives.ReadInt32LittleEndian(pickle.AsSpan(_at));
                    _stack.Push(Encoding.UTF8.GetString(pickle, _at + 4, length));
                    _at += 4 + length;
                    break;
                case 'K':
                    _stack.Push((long)pickle[_at++]);
                    break;
                case 'M':
                    _stack.Push((long)BinaryPrimitives.ReadUInt16LittleEndian(pickle.AsSpan(_at)));
                    _at += 2;
                    break;
                case 'J':
                    _stack.Push((long)BinaryPrimitives.ReadInt32LittleEndian(pickle.AsSpan(_at)));
                    _at += 4;
                    break;
                case (char)0x8A:
                    Require(pickle[_at++] == 8, "a long number has not 8 bytes");
                    _stack.Push(BinaryPrimitives.ReadInt64LittleEndian(pickle.AsSpan(_at)));
                    _at += 8;
                    break;
                case (char)0x88 or (char)0x89:
                    _stack.Push(op == 0x88);
                    break;
                case 'N':
                    _stack.Push(null);
                    break;
                case 'q':
                    _memo[pickle[_at++]] = _stack.Peek();
                    break;
                case 'h':
                    _stack.Push(_memo[pickle[_at++]]);
                    break;
                case 'Q':
                    _stack.Push(Storage((object?[])_stack.Pop()!));
                    break;
                case 'R':
                    var arguments = (object?[])_stack.Pop()!;
                    _stack.Push(Call((string)_stack.Pop()!, arguments));
                    break;
                case '.':
                    Require(_stack.Count == 1 && _at == pickle.Length, "something is left over");
                    return _stack.Pop();
                default:
                    throw new InvalidDataException($"the opcode 0x{op:X2} at {_at - 1} is not allowed");
            }
        }
    }

    private object?[] ToMark()
    {
        var items = new List<object?>();
        while (_stack.Pop() is var item && item != _mark)
        {
            items.Insert(0, item);
        }

        return [.. items];
    }

    private (string Type, byte[] Bytes) Storage(object?[] id)
    {
        Require(id is ["storage", string, string, string, long], "a storage is not named as one");
        var (type, key, count) = ((string)id[1]!, (string)id[2]!, (long)id[4]!);
        var size = type switch
        {
            "torch.BFloat16Storage" or "torch.HalfStorage" => 2,
            "torch.FloatStorage" => 4,
            _ => throw new InvalidDataException($"the storage {type} is not allowed"),
        };
        var bytes = Entry($"data/{key}");
        Require(bytes.Length == count * size, $"the storage has {bytes.Length} bytes, not {count * size}");
        return (type, bytes);
    }

    private static object? Call(string function, object?[] arguments)
    {
        switch (function)
        {
            case "collections.OrderedDict":
                Require(arguments.Length == 0, "a dictionary has a beginning");
                return new Dictionary<string, object?>();
            case "torch._utils._rebuild_tensor_v2":
                Require(arguments is [ValueTuple<string, byte[]>, 0L, object?[], object?[], false, Dictionary<string, object?> { Count: 0 }], "a tensor is not put together as one");
                var (type, bytes) = ((string, byte[]))arguments[0]!;
                return new Tensor(type, [.. ((object?[])arguments[2]!).Cast<long>()], [.. ((object?[])arguments[3]!).Cast<long>()], bytes);
            default:
                throw new InvalidDataException($"the global {function} is not allowed");
        }
    }

    private string Line(byte[] pickle)
    {
        var end = Array.IndexOf(pickle, (byte)'\n', _at);
        var line = Encoding.ASCII.GetString(pickle, _at, end - _at);
        _at = end + 1;
        return line;
    }
}
