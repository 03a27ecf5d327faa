using System.Text;
using Jigsaw.Checkpoints;
using Jigsaw.Fuzz.Tests.Mutations;

namespace Jigsaw.Fuzz.Tests.Targets;

/// <summary>A reader that does all that none may do: the sanity row of the watch.</summary>
internal static class HarmfulTarget
{
    public const string Name = "harmful";
    private const string FileName = "harm";

    private static readonly string[] _harm = ["read", "refused", "exception", "exit", "hang", "memory"];

    public static FuzzTarget Target { get; } = new(Name, folder => File.WriteAllText(Path.Combine(folder, FileName), "read"), FileName, new ByteMutator(), Read) { Given = number => Encoding.UTF8.GetBytes(_harm[number]) };

    private static void Read(string folder)
    {
        switch (File.ReadAllText(Path.Combine(folder, FileName)))
        {
            case "refused":
                throw new CheckpointException(FileName, "is refused.");
            case "exception":
                throw new InvalidOperationException("of others");
            case "exit":
                Environment.Exit(3);
                break;
            case "hang":
                while (Environment.TickCount64 >= 0)
                {
                    Thread.SpinWait(1000);
                }

                break;
            case "memory":
                var kept = Enumerable.Range(0, 24).Select(_ => GC.AllocateUninitializedArray<byte>(100 << 20)).ToArray();
                foreach (var part in kept)
                {
                    part.AsSpan().Fill(1);
                    Thread.Sleep(20);
                }

                Thread.Sleep(Timeout.Infinite);
                GC.KeepAlive(kept);
                break;
        }
    }
}
