using Microsoft.Data.Sqlite;

namespace Jigsaw.Fuzz.Tests.Mutations;

/// <summary>Changes the rows and tables of an SQLite database by statements, so that what is behind SQLite is reached.</summary>
internal sealed class TableMutator : Mutator
{
    private static readonly string[] _columns = ["id", "rung", "options", "state", "starts", "kills", "message", "measured", "folder", "seconds"];

    private static readonly string[] _values =
    [
        "''", "'x'", "'null'", "'{}'", "'[]'", "'3'", "-1", "0", "2147483648", "9223372036854775807", "-9223372036854775808", "1e308", "9e999", "0.5", "x'00ff'", "char(0)", "char(97, 0, 98)", "'Done'", "'Running'", "'Failed'", "'3 '",
        """'{"a":1,"a":2}'""", """'{"agreement":1e400}'""", """'{"agreement":"NaN"}'""", """'{"agreement":null}'""", """'{"steps":1,"steps":2}'""", """'{"hyperparameters":{"a":1,"a":1}}'""", """'{"hyperparameters":null}'""", """'{"\ud800":1}'""",
        "'../../../../../../etc'", "'/'", "zeroblob(100000)", "replace(hex(zeroblob(1000)), '00', '[')", "replace(hex(zeroblob(50000)), '00', 'ab')",
    ];

    private static readonly string[] _statements =
    [
        "DELETE FROM trials", "DELETE FROM about WHERE name = 'plan'", "DELETE FROM about WHERE name = 'objectives'", "DROP TABLE about", "DROP TABLE trials", "ALTER TABLE trials RENAME COLUMN rung TO round", "ALTER TABLE trials DROP COLUMN seconds",
        "DELETE FROM trials WHERE id % 2 = 0", "UPDATE trials SET id = id + 1000000", "UPDATE about SET value = 'agreement,,bits' WHERE name = 'objectives'", "UPDATE about SET value = '2' WHERE name = 'format'",
        "INSERT INTO trials SELECT id + 100, rung + 7, options, state, starts, kills, message, measured, folder, seconds FROM trials",
        "DROP TABLE about; CREATE VIEW about AS WITH RECURSIVE all_of(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM all_of) SELECT 'plan' AS name, n AS value FROM all_of WHERE n < 0",
        "DROP TABLE trials; CREATE VIEW trials AS WITH RECURSIVE all_of(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM all_of) SELECT n AS id, 0 AS rung, '{}' AS options, 'Waiting' AS state, 0 AS starts, 0 AS kills, '' AS message, '{}' AS measured, 'x' AS folder, 0.0 AS seconds FROM all_of",
        "CREATE TRIGGER kept BEFORE INSERT ON trials BEGIN SELECT RAISE(ABORT, 'not here'); END",
    ];

    protected override byte[] Edit(byte[] bytes, Random random)
    {
        var column = _columns[random.Next(_columns.Length)];
        var value = _values[random.Next(_values.Length)];
        var statement = random.Next(3) switch
        {
            0 => _statements[random.Next(_statements.Length)],
            1 when random.Next(3) == 0 => $"UPDATE about SET value = {value} WHERE name = '{(random.Next(2) == 0 ? "objectives" : "plan")}'",
            _ => $"UPDATE trials SET {column} = {value} WHERE id {(random.Next(2) == 0 ? ">" : "=")} {random.Next(9)}",
        };
        var path = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(path, bytes);
            using (var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString()))
            {
                connection.Open();
                using var command = connection.CreateCommand();
                command.CommandText = $"PRAGMA synchronous = OFF; PRAGMA journal_mode = DELETE; {statement};";
                command.ExecuteNonQuery();
            }

            return File.ReadAllBytes(path);
        }
        catch (SqliteException)
        {
            // The statement doesn't fit what edits before have left.
            return bytes;
        }
        finally
        {
            File.Delete(path);
        }
    }
}
