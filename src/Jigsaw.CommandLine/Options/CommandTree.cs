using System.CommandLine;
using System.CommandLine.Parsing;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Jigsaw.Checkpoints;
using Jigsaw.CommandLine.Output;
using Jigsaw.CommandLine.Running;
using Jigsaw.CommandLine.Sweeps;
using Jigsaw.CommandLine.Verbs;
using Jigsaw.Processes;
using Jigsaw.Training;

namespace Jigsaw.CommandLine.Options;

/// <summary>The verbs of a program, and what becomes of a command line.</summary>
internal sealed partial class CommandTree
{
    private readonly JigsawProgram _program;
    private readonly ProgramOptions _options;
    private readonly RootCommand _root;
    private readonly Dictionary<Command, Verb> _verbs = [];

    internal CommandTree(JigsawProgram program)
    {
        _program = program;
        _options = new ProgramOptions(program);
        var whole = new Verb("", program.Description + " Without a verb: all three.", [.. _options.Subject, .. _options.Training, .. _options.Measuring, _options.AttackSteps, .. _options.Attacking, _options.Chat], WholeVerb.Run) { Trains = true };
        _root = (RootCommand)Add(new RootCommand(whole.Description), whole);
        foreach (var verb in Verbs())
        {
            var command = Add(new Command(verb.Name, verb.Description) { Hidden = verb.IsHidden }, verb);
            if (verb.Takes is { } argument)
            {
                command.Arguments.Add(argument);
            }

            (verb.Under is { } above ? _root.Subcommands.First(other => other.Name == above) : _root).Subcommands.Add(command);
        }

    }

    /// <summary>Runs a command line to its exit code.</summary>
    internal async Task<int> RunAsync(string[] args, CancellationToken cancellation)
    {
        // Numbers of a command line and a file are read by the culture of the thread, and 0.003 must be the same everywhere. It flows with this call alone.
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        string? file = null;
        try
        {
            var parsed = Parsed(args);
            if (!_verbs.TryGetValue(parsed.CommandResult.Command, out var verb) || !ReferenceEquals(parsed.Action, parsed.CommandResult.Command.Action))
            {
                return await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null }, CancellationToken.None).ConfigureAwait(false);
            }

            file = FileOf(parsed, verb);
            if (file is not null)
            {
                var wanted = _options.Wanted(parsed, verb.Options.Concat(_options.Everywhere));
                var end = Array.IndexOf(args, "--");
                parsed = Parsed([.. args.Take(end < 0 ? args.Length : end), .. ConfigurationFile.Read(file, _options.Known, wanted), .. args.Skip(end < 0 ? args.Length : end)], file);
            }

            return Run(parsed, verb, cancellation);
        }
        catch (UsageException exception)
        {
            var also = file is null || exception.Message.Contains(file, StringComparison.Ordinal) ? "" : $" Options come from {file}, too.";
            await Console.Error.WriteLineAsync($"error: {exception.Message}{also}").ConfigureAwait(false);
            return JigsawExitCode.Usage;
        }
    }

    private int Run(ParseResult parsed, Verb verb, CancellationToken cancellation)
    {
        using var processes = ProgramProcesses.Find(_program.Processes);
        processes.RequireShared(verb.Name);
        try
        {
            return Run(parsed, verb, processes, cancellation);
        }
        catch (Exception exception) when (processes.Group is not null)
        {
            // The others would wait for this one forever.
            processes.Group.Abort(Sentence(exception));
            throw;
        }
    }

    private int Run(ParseResult parsed, Verb verb, ProgramProcesses processes, CancellationToken cancellation)
    {
        var settings = processes.Settings(Settings(parsed, verb));
        settings = verb.Name switch
        {
            "inspect" => settings with { Inspected = parsed.GetValue(_options.Inspected)!.FullName },
            "report" => settings with { Runs = parsed.GetValue(_options.Runs) is { Length: > 0 } runs ? runs : [_options.OutputOf(parsed, goesOn: true)] },
            _ => settings,
        };
        using var output = RunOutputs.Choose(!processes.IsFirst || parsed.GetValue(_options.Quiet), processes.IsFirst && parsed.GetValue(_options.Json), settings.LogEvery);
        var context = new RunContext(settings, new LoggedOutput(output, _program.LoggerFactory), cancellation) { Processes = processes.Group };
        using var activity = RunMeasurements.Begin(verb.Name.Length == 0 ? "run" : verb.Name);
        try
        {
            return verb.Run(context, parsed);
        }
        catch (OperationCanceledException)
        {
            activity?.SetStatus(ActivityStatusCode.Error, "stopped");
            var kept = Directory.Exists(settings.Checkpoints) && Directory.EnumerateDirectories(settings.Checkpoints, "step-*").Any() ? $" The last checkpoint is in {settings.Checkpoints}. Go on with the arguments: {string.Join(' ', ((string[])[.. verb.Name.Length == 0 ? [] : new[] { verb.Name }, "--output", settings.Output, "--resume"]).Select(ShellArgument.Of))}" : " There is no checkpoint yet.";
            if (processes.IsFirst)
            {
                context.Output.Fail($"Stopped.{(verb.Trains ? kept : "")}");
            }

            return JigsawExitCode.Stopped;
        }
        catch (Exception exception) when (exception is CheckpointException or TrainingCheckpointException or NonFiniteLossException or ProcessGroupException or ArgumentException or FormatException or NotSupportedException or InvalidOperationException or IOException or UnauthorizedAccessException)
        {
            activity?.SetStatus(ActivityStatusCode.Error, Sentence(exception));
            if (exception is not (NonFiniteLossException or ProcessGroupException))
            {
                processes.Group?.Abort(Sentence(exception));
            }
            else if (!processes.IsFirst)
            {
                // All processes have found the same, and the first one says it.
                return JigsawExitCode.Error;
            }

            context.Output.Fail($"error: {Sentence(exception)}");
            return JigsawExitCode.Error;
        }
    }

    private RunSettings Settings(ParseResult parsed, Verb verb)
    {
        try
        {
            var settings = _options.Read(parsed, verb.GoesOn || parsed.GetValue(_options.Resume));
            if (verb.Options.Contains(_options.Set))
            {
                // A file of numbers is read when the verb runs, and what is wrong with it is no fault of the command line.
                settings.Recipe.Numbers(file: null, settings.Numbers);
            }

            return settings;
        }
        catch (Exception exception) when (exception is ArgumentException or System.Text.Json.JsonException or InvalidOperationException)
        {
            throw new UsageException(Sentence(exception));
        }
    }

    /// <summary>How the parser names an option that is empty.</summary>
    [GeneratedRegex(@"^Cannot parse argument '' for option '([^']*)'")]
    private static partial Regex EmptyValue();

    /// <summary>How the parser says that what follows a verb is empty.</summary>
    [GeneratedRegex(@"^Cannot parse argument '' for command ")]
    private static partial Regex EmptyArgument();

    /// <summary>How the parser names the type that an option has.</summary>
    [GeneratedRegex(@" as expected type '[^']*'\.$")]
    private static partial Regex TypeName();

    /// <summary>What went wrong.</summary>
    private static string Sentence(Exception exception) => exception is ArgumentException argument ? ArgumentSentence.Of(argument) : exception.Message;

    /// <summary>The file of options that is told, or that the run has which goes on.</summary>
    private string? FileOf(ParseResult parsed, Verb verb)
    {
        if (parsed.GetValue(_options.Config) is { } told)
        {
            return told.FullName;
        }

        if (!verb.GoesOn && !parsed.GetValue(_options.Resume))
        {
            return null;
        }

        var written = Path.Combine(_options.OutputOf(parsed, goesOn: true), ConfigurationFile.Name);
        return File.Exists(written) ? written : null;
    }

    /// <summary>Parses a command line.</summary>
    /// <param name="args">The command line.</param>
    /// <param name="file">The file that gave some of it; null for none. What is wrong comes from there, for the rest was parsed without it before.</param>
    private ParseResult Parsed(string[] args, string? file = null)
    {
        var parsed = _root.Parse(args);
        var command = parsed.CommandResult.Command;
        var names = command.Options.Concat(_root.Options.Where(option => option.Recursive)).Select(option => option.Name).ToArray();
        var of = file is null ? "" : $"{file}: ";

        // The parser takes any text for a value. A prompt may be one that is called like an option.
        var (option, taken) = parsed.CommandResult.Children.OfType<OptionResult>().Where(result => result.Option != _options.Prompt).SelectMany(result => result.Tokens.Select(token => (result.Option, token.Value))).FirstOrDefault(pair => pair.Value.StartsWith("--", StringComparison.Ordinal));
        var isKnown = taken is not null && names.Contains(taken.Split('=')[0]);

        // Of data, which have a rule of their own, only what is an option.
        if (taken is not null && (isKnown || option != _options.Data))
        {
            throw new UsageException((isKnown, file) switch
            {
                (true, null) => $"{option.Name} has no value: '{taken}', which follows, is an option. See --help.",
                (true, _) => $"{of}{option.Name} is '{taken}', which is an option and no value.",
                _ => $"{of}{option.Name} is '{taken}', which begins as an option does and is none; see --help, or write ./{taken} for a path.",
            });
        }

        if (parsed.Errors.Count == 0)
        {
            return parsed;
        }

        var unknown = parsed.UnmatchedTokens.OrderByDescending(token => token.StartsWith('-')).FirstOrDefault();
        throw new UsageException(of + unknown switch
        {
            null when EmptyArgument().IsMatch(parsed.Errors[0].Message) => $"The {command.Arguments[0].Name} is empty; name one.",
            not ['-', ..] when parsed.Errors.FirstOrDefault(error => error.SymbolResult is ArgumentResult { Tokens.Count: > 0 }) is { } refused => refused.Message,
            null when EmptyValue().Match(parsed.Errors[0].Message) is { Success: true } empty => $"{empty.Groups[1].Value} is empty; give it a value, or leave it out.",
            null => TypeName().Replace(parsed.Errors[0].Message, match => $"; use {(match.Value.Contains("Int", StringComparison.Ordinal) ? "a whole number that fits" : "a number")}."),
            ['-', ..] when VerbsWith(unknown.Split('=')[0]) is { Length: > 0 } others => $"'{unknown}' is no option{(command == _root ? "" : $" of {command.Name}")}; {string.Join(", ", others)} {(others.Length == 1 ? "has" : "have")} it. See --help.",
            ['-', ..] => $"'{unknown}' is no option{(command == _root ? "" : $" of {command.Name}")}.{NearestName.Question(unknown.Split('=')[0], names)} See --help.",
            _ when command != _root => $"'{unknown}' is too much; {command.Name} takes {(command.Arguments is [var argument] ? $"one {argument.Name} and " : "only ")}options. See --help.",
            _ => $"'{unknown}' is no verb.{NearestName.Question(unknown, _root.Subcommands.Where(verb => !verb.Hidden).Select(verb => verb.Name))} See --help.",
        });
    }

    /// <summary>The verbs that have an option.</summary>
    private string[] VerbsWith(string option) => [.. _verbs.Values.Where(verb => !verb.IsHidden && verb.Name.Length > 0 && verb.Options.Any(one => one.Name == option)).Select(verb => verb.Name)];

    private Command Add(Command command, Verb verb)
    {
        foreach (var option in verb.Options.Concat(_options.Everywhere))
        {
            command.Options.Add(option);
        }

        // What runs is chosen by the command, after a file has added its options.
        command.SetAction(_ => JigsawExitCode.Success);
        _verbs.Add(command, verb);
        return command;
    }

    private int RunSweep(RunContext context, ParseResult parsed)
    {
        var file = parsed.GetValue(_options.Sweep)!.FullName;
        var folder = parsed.GetValue(_options.SweepFolder)?.FullName ?? Path.GetFullPath(Path.Combine("sweeps", Path.GetFileNameWithoutExtension(file)));
        var options = new SweepOptions(file, folder, parsed.GetValue(_options.Workers), ShardOption.Of(context.Processes, parsed.GetValue(_options.Shard)), parsed.GetValue(_options.Retry));
        var plan = SweepFile.Read(file, _options.Known, _program.Recipes);
        return SweepVerb.Run(context with { Settings = context.Settings with { Model = plan.Options["model"]?.ToString() ?? context.Settings.Model } }, options, plan, trial => RequireRunnable(file, trial));
    }

    /// <summary>Refuses the options of a trial that no run could have, before any trial runs.</summary>
    private void RequireRunnable(string file, JsonObject trial)
    {
        try
        {
            Settings("trial", trial).RequireNumbers();
        }
        catch (Exception exception) when (exception is UsageException or ArgumentException)
        {
            throw new UsageException($"{file} has a trial that can't run, {trial.ToJsonString()}: {Sentence(exception)}");
        }
    }

    /// <summary>The settings of a run with the options of a file.</summary>
    private RunSettings Settings(string verb, JsonObject options)
    {
        var wanted = _verbs.Values.Single(other => other.Name == verb).Options;
        return _options.Read(Parsed([verb, .. ConfigurationFile.Tokens(verb, Directory.GetCurrentDirectory(), options, _options.Known, wanted)]), goesOn: false);
    }

    private IEnumerable<Verb> Verbs()
    {
        var o = _options;
        yield return new Verb("plan", "Shows what a step runs, what it costs in forwards, and what memory the weights take.", [.. o.Subject, o.Rank, o.Batch, o.MicroBatch, o.MaxLength, o.Steps, o.Memory, .. o.Numbers], PlanVerb.Run);
        yield return new Verb("train", "Trains a transform and adapters, and saves them.", [.. o.Subject, .. o.Training, .. o.Measuring], TrainVerb.Run) { Trains = true };
        yield return new Verb("evaluate", "Measures what a trained run keeps, on chats that it has not seen.", [.. o.Subject, .. o.Measuring, o.Chat, o.MaxTokens], EvaluateVerb.Run) { GoesOn = true };
        yield return new Verb("attack", "Runs the attack suite on a trained run.", [.. o.Subject, .. o.Measuring, o.Data, .. o.Attacking, o.Seed], AttackVerb.Run) { GoesOn = true };
        yield return new Verb("generate", "Answers a prompt, clean and transformed, with and without the adapters.", [.. o.Subject, o.EvaluationData, o.Prompt, o.MaxTokens], GenerateVerb.Run) { GoesOn = true };
        yield return new Verb("export", "Writes the transform and the adapters of a run, or a merged checkpoint, for other programs; for llama.cpp, and for whoever sends prompts.", [.. o.Subject, o.To, o.Merge, o.Gguf, o.Client], ExportVerb.Run) { GoesOn = true };
        yield return new Verb("inspect", "Says what a directory is, and what of it can't be run.", [], InspectVerb.Run) { Takes = o.Inspected };
        yield return new Verb("report", "Reports on runs in one file: formula, curves, utility, attacks, versions and hashes.", [o.ReportFile, o.Markdown, o.Chat], context => ReportVerb.Run(context, _program.Recipes)) { Takes = o.Runs };
        yield return new Verb("sweep", "Runs the trials of a sweep's file, several at a time, and goes on where it was stopped.", [o.SweepFolder, o.Workers, o.Shard, o.Retry], RunSweep) { Takes = o.Sweep };
        yield return new Verb("show", "Shows the trials of a sweep and their front.", [], (context, parsed) => SweepVerb.Show(context, parsed.GetValue(o.Shown)!)) { Takes = o.Shown, Under = "sweep" };
        yield return new Verb("merge", "Puts the parts of a sweep into one database.", [o.MergedFile], (context, parsed) => SweepVerb.Merge(context, parsed.GetValue(o.Merged)!, parsed.GetValue(o.MergedFile)?.FullName)) { Takes = o.Merged, Under = "sweep" };
        yield return new Verb("trial", "Runs a trial of a sweep.", [.. o.Subject, .. o.Training, .. o.Measuring, o.AttackSteps, .. o.Attacking, o.Measures, o.From], (context, parsed) => TrialVerb.Run(context, parsed.GetValue(o.Measures) ?? [], parsed.GetValue(o.From)?.FullName)) { IsHidden = true, Trains = true };
    }
}
