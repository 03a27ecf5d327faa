using System.Text.Json;
using System.Text.Json.Nodes;
using Jigsaw.CommandLine.Output;
using Jigsaw.Training;

namespace Jigsaw.CommandLine.Running;

/// <summary>The steps of a training as JSON lines, one for each, appended as they are done. A number that is not finite is null.</summary>
internal sealed class StepLog : IDisposable
{
    /// <summary>The file in the folder of a run.</summary>
    internal const string Name = "steps.jsonl";

    private readonly string _path;
    private readonly int _stepsDone;
    private FileStream? _stream;

    /// <summary>Names the file. The first step opens it, when the run has reserved its folder.</summary>
    /// <param name="path">The file.</param>
    /// <param name="stepsDone">The steps that the run goes on from; 0 begins anew.</param>
    internal StepLog(string path, int stepsDone) => (_path, _stepsDone) = (path, stepsDone);

    /// <summary>Adds a step. The first one cuts off what the run does again: the steps after those done, and what a kill left of a line.</summary>
    internal void Add(TrainingStep step)
    {
        var stream = _stream ??= Open();
        var line = StepJson.Of(step);
        if (step.Evaluation is { } evaluation)
        {
            line["evaluation"] = StepJson.Of(evaluation);
        }

        stream.Write([.. JsonSerializer.SerializeToUtf8Bytes(line), (byte)'\n']);
        stream.Flush();
    }

    public void Dispose() => _stream?.Dispose();

    private FileStream Open()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_path)!);
        var stream = new FileStream(_path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
        stream.SetLength(Kept(stream, _stepsDone));
        stream.Seek(0, SeekOrigin.End);
        return stream;
    }

    /// <summary>The length of the file up to the last whole line of a step that is done.</summary>
    private static long Kept(FileStream stream, int stepsDone)
    {
        var (kept, before) = (0L, 0);
        if (stepsDone == 0)
        {
            return kept;
        }

        var line = new List<byte>();
        var reader = new BufferedStream(stream, 1 << 16);
        for (int next; (next = reader.ReadByte()) >= 0;)
        {
            line.Add((byte)next);
            if (next != '\n')
            {
                continue;
            }

            if (StepOf([.. line]) is not { } step || step <= before || step > stepsDone)
            {
                return kept;
            }

            (kept, before) = (kept + line.Count, step);
            line.Clear();
        }

        return kept;
    }

    private static int? StepOf(byte[] line)
    {
        try
        {
            return (JsonNode.Parse(line) as JsonObject)?["step"]?.GetValue<int>();
        }
        catch (Exception exception) when (exception is JsonException or FormatException or InvalidOperationException)
        {
            return null;
        }
    }
}
