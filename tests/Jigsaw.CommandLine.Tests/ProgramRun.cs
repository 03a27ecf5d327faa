using Microsoft.Extensions.Logging;

namespace Jigsaw.CommandLine.Tests;

/// <summary>Runs a program of recipes in this process, and keeps what it prints.</summary>
internal static class ProgramRun
{
    public static string Model { get; } = Path.Combine(AppContext.BaseDirectory, "models", "support-lm");

    /// <summary>The first chats of the model's evaluation: few, so that a training begins at once.</summary>
    private static readonly Lazy<string> _chats = new(() =>
    {
        var path = Path.Combine(Directory.CreateTempSubdirectory("jigsaw-chats").FullName, "chats.jsonl");
        File.WriteAllLines(path, File.ReadLines(Path.Combine(Model, "data", "eval.jsonl")).Take(24));
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
        return path;
    });

    public static JigsawProgram Program(ILoggerFactory? logger = null) => new JigsawProgram
    {
        Name = "tiny",
        Model = Model,
        Data = _chats.Value,
        EvaluationData = _chats.Value,
        LoggerFactory = logger,
    }.Add<TinyRecipe>().Add<RampedChatRecipe>();

    public static Task<(int Code, string Output, string Error)> Run(params string[] arguments) => Run(Program(), CancellationToken.None, arguments);

    public static async Task<(int Code, string Output, string Error)> Run(JigsawProgram program, CancellationToken cancellation, params string[] arguments)
    {
        var (output, error) = (Console.Out, Console.Error);
        using var said = new StringWriter();
        using var failed = new StringWriter();
        Console.SetOut(said);
        Console.SetError(failed);
        try
        {
            var code = await program.RunAsync(arguments, cancellation);
            return (code, said.ToString(), failed.ToString());
        }
        finally
        {
            Console.SetOut(output);
            Console.SetError(error);
        }
    }
}
