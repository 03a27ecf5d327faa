using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Jigsaw.Checkpoints;
using Jigsaw.CommandLine.Options;
using Microsoft.Data.Sqlite;

namespace Jigsaw.CommandLine.Sweeps;

/// <summary>The trials of a sweep in SQLite, with a write-ahead log: what is committed survives a kill at any moment. Folders are kept relative to the file.</summary>
internal sealed class SweepDatabase : IDisposable
{
    /// <summary>The file in the folder of a sweep that is not divided.</summary>
    internal const string Name = "sweep.db";

    private const string Format = "1";

    private readonly string _path;
    private readonly SqliteConnection _connection;

    private SweepDatabase(string path, bool create)
    {
        _path = Path.GetFullPath(path);
        _connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = _path, Mode = create ? SqliteOpenMode.ReadWriteCreate : SqliteOpenMode.ReadWrite, Pooling = false }.ToString());
    }

    /// <summary>Opens the database of a sweep, and makes it where there is none.</summary>
    /// <param name="path">The file.</param>
    /// <param name="plan">The hash of the sweep's file; a database of another sweep is refused.</param>
    /// <exception cref="ArgumentException">The file is damaged, or of another sweep.</exception>
    internal static SweepDatabase OpenOrCreate(string path, string plan)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        return Open(new SweepDatabase(path, create: true), database =>
        {
            database.Execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
            database.Execute("""
                BEGIN IMMEDIATE;
                CREATE TABLE IF NOT EXISTS about (name TEXT PRIMARY KEY, value TEXT NOT NULL);
                CREATE TABLE IF NOT EXISTS trials (id INTEGER PRIMARY KEY, rung INTEGER NOT NULL, options TEXT NOT NULL, state TEXT NOT NULL, starts INTEGER NOT NULL, kills INTEGER NOT NULL, message TEXT NOT NULL, measured TEXT NOT NULL, folder TEXT NOT NULL, seconds REAL NOT NULL);
                INSERT OR IGNORE INTO about VALUES ('format', $format), ('plan', $plan);
                COMMIT;
                """, ("$format", Format), ("$plan", plan));
            if (database.About("plan") != plan)
            {
                throw new ArgumentException($"{path} is of another sweep than the file describes; name another folder with --output, or restore the file of the sweep.");
            }
        });
    }

    /// <summary>Opens a database that is there.</summary>
    /// <exception cref="ArgumentException">It is missing or damaged, or no database of a sweep.</exception>
    internal static SweepDatabase OpenExisting(string path) => File.Exists(path)
        ? Open(new SweepDatabase(path, create: false), database => database.About("plan"))
        : throw new ArgumentException($"{path} is missing; name the database of a sweep, {Name} in its folder.");

    /// <summary>A fact about the sweep.</summary>
    /// <exception cref="ArgumentException">It is not there.</exception>
    internal string About(string name) => Query($"SELECT value FROM about WHERE name = $name", row => row.GetString(0), ("$name", name)) is [var value]
        ? value
        : throw new ArgumentException($"{_path} has no {name}, so it is not the database of a sweep; name {Name} in the folder of one.");

    /// <summary>Keeps a fact about the sweep.</summary>
    internal void Tell(string name, string value) => Execute("INSERT OR REPLACE INTO about VALUES ($name, $value)", ("$name", name), ("$value", value));

    /// <summary>The trials, by number.</summary>
    internal IReadOnlyList<Trial> Trials() => Query("SELECT id, rung, options, state, starts, kills, message, measured, folder, seconds FROM trials ORDER BY id", row => new Trial
    {
        Id = row.GetInt32(0),
        Rung = row.GetInt32(1),
        Options = StrictJson.Parse(row.GetString(2)) as JsonObject ?? throw new FormatException("the options of a trial are no object"),
        State = Enum.TryParse<TrialState>(row.GetString(3), out var state) ? state : throw new FormatException($"a trial is in the state '{NearestName.Shown(row.GetString(3))}', which there is not"),
        Starts = row.GetInt32(4),
        Kills = row.GetInt32(5),
        Message = row.GetString(6),
        Values = StrictJson.Parse(row.GetString(7))?.Deserialize<Dictionary<string, double>>() ?? throw new FormatException("what a trial measured is no object"),
        Folder = Path.GetFullPath(row.GetString(8), Path.GetDirectoryName(_path)!),
        Seconds = row.GetDouble(9),
    });

    /// <summary>Writes trials, each in place of the one of its number, all or none.</summary>
    internal void Write(params IReadOnlyList<Trial> trials) => Guarded(() =>
    {
        using var transaction = _connection.BeginTransaction();
        foreach (var trial in trials)
        {
            using var command = Command(
                "INSERT OR REPLACE INTO trials VALUES ($id, $rung, $options, $state, $starts, $kills, $message, $measured, $folder, $seconds)",
                ("$id", trial.Id),
                ("$rung", trial.Rung),
                ("$options", trial.Options.ToJsonString()),
                ("$state", trial.State.ToString()),
                ("$starts", trial.Starts),
                ("$kills", trial.Kills),
                ("$message", trial.Message),
                ("$measured", JsonSerializer.Serialize(trial.Values)),
                ("$folder", Path.GetRelativePath(Path.GetDirectoryName(_path)!, trial.Folder).Replace('\\', '/')),
                ("$seconds", trial.Seconds));
            command.Transaction = transaction;
            command.ExecuteNonQuery();
        }

        transaction.Commit();
        return true;
    });

    public void Dispose() => _connection.Dispose();

    private static SweepDatabase Open(SweepDatabase database, Action<SweepDatabase> prepare)
    {
        try
        {
            database.Guarded(() =>
            {
                database._connection.Open();
                return true;
            });
            database.RequireTables();
            prepare(database);
            return database;
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }

    /// <summary>A sweep makes tables alone. A view could be one without an end, and a trigger changes what is written.</summary>
    private void RequireTables()
    {
        if (Query("SELECT type || ' ' || name FROM sqlite_master WHERE type NOT IN ('table', 'index')", row => row.GetString(0)) is [var other, ..])
        {
            throw new ArgumentException($"{_path} has the {other}, and a sweep makes tables alone, so it is not the database of a sweep; name {Name} in the folder of one.");
        }
    }

    private void Execute(string sql, params (string, object)[] values) => Guarded(() =>
    {
        using var command = Command(sql, values);
        return command.ExecuteNonQuery();
    });

    private List<T> Query<T>(string sql, Func<SqliteDataReader, T> read, params (string, object)[] values) => Guarded(() =>
    {
        using var command = Command(sql, values);
        using var reader = command.ExecuteReader();
        var rows = new List<T>();
        while (reader.Read())
        {
            rows.Add(read(reader));
        }

        return rows;
    });

    private SqliteCommand Command(string sql, params (string Name, object Value)[] values)
    {
        var command = _connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in values)
        {
            command.Parameters.AddWithValue(name, value);
        }

        return command;
    }

    private T Guarded<T>(Func<T> action)
    {
        try
        {
            return action();
        }
        catch (Exception exception) when (exception is SqliteException or JsonException or FormatException or InvalidCastException or InvalidOperationException or OverflowException or ArgumentException)
        {
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"{_path} can't be used as the database of a sweep ({(exception is ArgumentException argument ? ArgumentSentence.Of(argument) : exception is JsonException json ? JsonReason.Of(json) : exception.Message).TrimEnd('.')}); move it away and run the sweep again: trials that are finished are taken from their folders."), exception);
        }
    }
}
