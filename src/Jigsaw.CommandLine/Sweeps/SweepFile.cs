using System.CommandLine;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Jigsaw.CommandLine.Options;
using Jigsaw.CommandLine.Recipes;
using Jigsaw.CommandLine.Reporting;

namespace Jigsaw.CommandLine.Sweeps;

/// <summary>Reads the file of a sweep. Whatever is wrong with it is one sentence: file, field, value, rule, remedy.</summary>
internal sealed class SweepFile
{
    // Each is checked before the first one runs.
    private const int MostTrials = 10_000;

    private static readonly string[] _fields = ["$schema", "search", "options", "parameters", "trials", "seed", "rungs", "keep", "continue", "objectives", "measure"];
    private static readonly string[] _rangeFields = ["from", "to", "scale", "whole", "count"];
    private static readonly string[] _verbs = ["evaluate", "attack"];

    // What a sweep itself decides.
    private static readonly string[] _own = ["output", "resume", "stop-after", "quiet", "json", "prompt", "to", "merge", "chat"];

    private readonly string _path;
    private readonly IReadOnlyList<Option> _known;
    private readonly IReadOnlyList<ProgramRecipe> _recipes;

    private SweepFile(string path, IReadOnlyList<Option> known, IReadOnlyList<ProgramRecipe> recipes) => (_path, _known, _recipes) = (path, known, recipes);

    private IReadOnlyList<string> OptionNames => [.. _known.Select(ConfigurationFile.Key).Except(_own)];

    /// <summary>Reads it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="known">The options that a file may name.</param>
    /// <param name="recipes">The recipes of the program.</param>
    /// <exception cref="UsageException">Something in it can't be used.</exception>
    internal static SweepPlan Read(string path, IReadOnlyList<Option> known, IReadOnlyList<ProgramRecipe> recipes) =>
        new SweepFile(path, known, recipes).Plan(ConfigurationFile.Parse(path));

    private SweepPlan Plan(JsonObject file)
    {
        RequireNames(file, _fields, "");
        var search = Text(file, "search", "grid") switch
        {
            "grid" => SweepSearch.Grid,
            "random" => SweepSearch.Random,
            "halving" => SweepSearch.Halving,
            var other => throw Wrong("search", $"'{other}'", $"use grid, random or halving.{NearestName.Question(other, ["grid", "random", "halving"])}"),
        };
        RequireFit(file, search);
        var options = Options(file["options"]);
        var parameters = Parameters(file["parameters"], options, search);
        var objectives = Names(file, "objectives", ["agreement", "bits"]).Select(name => Objective.Of(name, $"{_path}: an entry of 'objectives'")).ToArray();
        var needed = objectives.Any(objective => objective.Name is "bits" or "untold-facts" or "bound");
        var measures = Names(file, "measure", needed ? _verbs : ["evaluate"]);
        foreach (var measure in measures.Where(measure => !_verbs.Contains(measure)))
        {
            throw Wrong("measure", $"'{measure}'", $"use evaluate and attack.{NearestName.Question(measure, _verbs)}");
        }

        if (needed && !measures.Contains("attack"))
        {
            throw Wrong("measure", string.Join(", ", measures), "add attack, which an entry of 'objectives' is read from.");
        }

        var rungs = Rungs(file["rungs"], search, parameters);
        var trials = Trials(file, search, parameters);
        return new SweepPlan
        {
            Search = search,
            Options = options,
            Parameters = parameters,
            Objectives = objectives,
            Measures = measures,
            Rungs = rungs,
            GoesOn = search == SweepSearch.Halving && Flag(file, "continue", otherwise: true),
            Trials = trials,
            Seed = Whole(file, "seed", 0, 0),
            Keep = file["keep"] is null ? 0.5 : Number(file["keep"], "keep") is > 0 and < 1 and var keep ? keep : throw Wrong("keep", file["keep"]!.ToJsonString(), "use a share between 0 and 1, such as 0.5."),
            Text = Canonical(file, options),
        };
    }

    /// <summary>How many are drawn; 0 for a grid, which has all combinations.</summary>
    private int Trials(JsonObject file, SweepSearch search, IReadOnlyList<SweepParameter> parameters)
    {
        if (search != SweepSearch.Grid)
        {
            var trials = Whole(file, "trials", null, 1);
            return trials <= MostTrials ? trials : throw Wrong("trials", file["trials"]!.ToJsonString(), $"use at most {MostTrials}.");
        }

        var count = parameters.Aggregate(1L, (count, parameter) => Math.Min(MostTrials + 1L, count * (parameter.Values.Count > 0 ? parameter.Values.Count : parameter.Count ?? 1)));
        return count <= MostTrials ? 0 : throw Wrong("parameters", $"a grid of more than {MostTrials} trials", "take fewer values, or \"search\": \"random\" with \"trials\".");
    }

    /// <summary>Refuses what the search wouldn't read.</summary>
    private void RequireFit(JsonObject file, SweepSearch search)
    {
        (string Field, bool Fits, string Remedy)[] rules =
        [
            ("trials", search != SweepSearch.Grid, "remove it, since a grid runs all combinations, or use \"search\": \"random\"."),
            ("seed", search != SweepSearch.Grid, "remove it, since a grid draws nothing, or use \"search\": \"random\"."),
            ("keep", search == SweepSearch.Halving, "remove it, or use \"search\": \"halving\"."),
            ("continue", search == SweepSearch.Halving, "remove it, or use \"search\": \"halving\"."),
        ];
        foreach (var (field, fits, remedy) in rules)
        {
            if (!fits && file[field] is { } given)
            {
                throw Wrong(field, given.ToJsonString(), remedy);
            }
        }
    }

    /// <summary>The options of all trials, with full paths and the numbers of a file in place.</summary>
    private JsonObject Options(JsonNode? node)
    {
        var given = node is null ? [] : node as JsonObject ?? throw Wrong("options", node.ToJsonString(), "write an object of options, such as { \"steps\": 200 }.");
        RequireNames(given, [.. OptionNames], "options.");
        var options = new JsonObject();
        foreach (var (name, value) in given)
        {
            options[name] = value switch
            {
                JsonValue one => Full(name, one),
                JsonArray several when IsPath(name) => new JsonArray([.. several.Select(one => one is JsonValue path ? Full(name, path) : one?.DeepClone())]),
                _ => value?.DeepClone(),
            };
        }

        if (options["hyperparameters"] is JsonValue file && file.TryGetValue<string>(out var numbers))
        {
            options["hyperparameters"] = RecipeNumbers.Checked(numbers, Numbers(numbers)).DeepClone();
        }

        return options;
    }

    private JsonObject Numbers(string path)
    {
        try
        {
            return ConfigurationFile.Parse(path);
        }
        catch (UsageException exception)
        {
            throw new UsageException($"{_path}: 'options.hyperparameters' names a file that can't be used: {exception.Message}");
        }
    }

    private SweepParameter[] Parameters(JsonNode? node, JsonObject options, SweepSearch search)
    {
        if (node is not JsonObject { Count: > 0 } given)
        {
            throw Wrong("parameters", node?.ToJsonString() ?? "missing", "write an object of what varies, such as { \"std-max\": [2, 4] }.");
        }

        var numbers = NumberNames(options, given);
        return [.. given.Select(entry => Parameter(entry.Key, entry.Value, numbers, search))];
    }

    /// <summary>The numbers of the recipes that the trials may have.</summary>
    private string[] NumberNames(JsonObject options, JsonObject parameters)
    {
        string[] chosen = [.. ((parameters["recipe"] as JsonArray)?.Select(name => name?.ToString() ?? "") ?? [options["recipe"]?.ToString() ?? _recipes[0].Name])];
        return [.. _recipes.Where(recipe => chosen.Contains(recipe.Name)).SelectMany(recipe => recipe.Members.Defaults.ToDictionary()).Where(number => number.Value is double or int).Select(number => number.Key).Distinct()];
    }

    private SweepParameter Parameter(string name, JsonNode? node, string[] numbers, SweepSearch search)
    {
        var field = $"parameters.{name}";
        var isOption = OptionNames.Contains(name) && name != "hyperparameters";
        if (!isOption && !numbers.Contains(name))
        {
            throw new UsageException($"{_path}: '{field}' is no option and no number of the recipe.{NearestName.Question(name, [.. OptionNames, .. numbers])}");
        }

        var parameter = new SweepParameter(name, isOption);
        if (node is JsonArray { Count: > 0 } values)
        {
            return parameter with { Values = [.. values.Select(value => value is JsonValue one && (isOption || one.GetValueKind() == JsonValueKind.Number) ? Full(name, one) : throw Wrong(field, values.ToJsonString(), isOption ? "list texts, numbers, true and false." : "list numbers."))] };
        }

        if (node is not JsonObject range)
        {
            throw Wrong(field, node?.ToJsonString() ?? "null", "write a list of values, or a range { \"from\": 0.1, \"to\": 1, \"scale\": \"log\" }.");
        }

        RequireNames(range, _rangeFields, field + ".");
        var (from, to) = (Number(range["from"], field + ".from"), Number(range["to"], field + ".to"));
        var logarithmic = Text(range, "scale", "linear", field + ".") switch { "log" => true, "linear" => false, var other => throw Wrong(field + ".scale", $"'{other}'", "use linear or log.") };
        if (from >= to || (logarithmic && from <= 0))
        {
            throw Wrong(field, range.ToJsonString(), logarithmic ? "use from above 0 and below to." : "use from below to.");
        }

        if (!double.IsFinite(logarithmic ? to / from : to - from))
        {
            throw Wrong(field, range.ToJsonString(), "use ends that are nearer to each other.");
        }

        int? count = range["count"] is null ? null : Whole(range, "count", null, 1, field + ".");
        return search != SweepSearch.Grid || count is not null
            ? parameter with { Range = (from, to), IsLogarithmic = logarithmic, Count = count, IsWhole = range["whole"] is JsonValue whole && whole.TryGetValue<bool>(out var only) && only }
            : throw Wrong(field, range.ToJsonString(), "add \"count\", the values that a grid takes of the range.");
    }

    private JsonNode Full(string name, JsonValue value) =>
        IsPath(name) && value.TryGetValue<string>(out var path)
            ? Path.GetFullPath(path, Path.GetDirectoryName(Path.GetFullPath(_path))!)
            : value.DeepClone();

    private bool IsPath(string name) => _known.FirstOrDefault(option => ConfigurationFile.Key(option) == name) is Option<FileInfo> or Option<DirectoryInfo> || name == ConfigurationFile.DataKey;

    private int[] Rungs(JsonNode? node, SweepSearch search, IReadOnlyList<SweepParameter> parameters)
    {
        if (search != SweepSearch.Halving)
        {
            return node is null ? [] : throw Wrong("rungs", node.ToJsonString(), "remove it, or use \"search\": \"halving\".");
        }

        int[] rungs = node is JsonArray array && array.All(step => step is JsonValue value && value.TryGetValue<int>(out var number) && number > 0) ? [.. array.Select(step => (int)step!)] : [];
        if (rungs.Length < 2 || rungs.Zip(rungs.Skip(1)).Any(pair => pair.First >= pair.Second))
        {
            throw Wrong("rungs", node?.ToJsonString() ?? "missing", "list the steps of each round, growing, such as [50, 100, 200].");
        }

        return parameters.All(parameter => parameter.Name != "steps") ? rungs : throw Wrong("parameters.steps", "given", "remove it: with halving, 'rungs' has the steps.");
    }

    private string[] Names(JsonObject file, string field, string[] otherwise) => file[field] switch
    {
        null => otherwise,
        JsonArray { Count: > 0 } names when names.All(name => name?.GetValueKind() == JsonValueKind.String) => [.. names.Select(name => name!.GetValue<string>()).Distinct()],
        var other => throw Wrong(field, other.ToJsonString(), "list names."),
    };

    private void RequireNames(JsonObject of, string[] names, string prefix)
    {
        if (of.FirstOrDefault(entry => !names.Contains(entry.Key)) is { Key: { } unknown })
        {
            throw new UsageException($"{_path}: '{prefix}{unknown}' is unknown.{NearestName.Question(unknown, names)}");
        }
    }

    private string Text(JsonObject of, string name, string otherwise, string prefix = "") =>
        of[name] is null ? otherwise : of[name] is JsonValue value && value.TryGetValue<string>(out var text) ? text : throw Wrong(prefix + name, of[name]!.ToJsonString(), "use a text.");

    private bool Flag(JsonObject of, string name, bool otherwise) =>
        of[name] is not { } given ? otherwise : given is JsonValue value && value.TryGetValue<bool>(out var flag) ? flag : throw Wrong(name, given.ToJsonString(), "use true or false.");

    private double Number(JsonNode? node, string field) =>
        node is JsonValue value && value.TryGetValue<double>(out var number) && double.IsFinite(number) ? number : throw Wrong(field, node?.ToJsonString() ?? "missing", "use a number.");

    private int Whole(JsonObject of, string name, int? otherwise, int least, string prefix = "") => of[name] switch
    {
        null when otherwise is { } number => number,
        JsonValue value when value.TryGetValue<int>(out var number) && number >= least => number,
        var other => throw Wrong(prefix + name, other?.ToJsonString() ?? "missing", $"use a whole number that is at least {least}."),
    };

    private UsageException Wrong(string field, string value, string remedy) => new($"{_path}: '{field}' is {value}; {remedy}");

    /// <summary>A hash of what the trials depend on.</summary>
    private static string Canonical(JsonObject file, JsonObject options)
    {
        var whole = file.DeepClone().AsObject();
        whole.Remove("$schema");
        whole["options"] = options.DeepClone();
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(whole.ToJsonString())));
    }
}
