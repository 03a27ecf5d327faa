using System.Text;
using DiffPlex.DiffBuilder;
using DiffPlex.DiffBuilder.Model;

namespace Jigsaw.Testing;

/// <summary>A verified file, and the received one beside it.</summary>
internal sealed class SnapshotFile
{
    private const int Context = 2;

    private readonly string _verified;
    private readonly string _received;
    private readonly bool _accepts;
    private readonly bool _isOnServer;

    /// <param name="folder">Its folder.</param>
    /// <param name="stem">What its name begins with, up to a point.</param>
    /// <param name="extension">What its name ends with.</param>
    /// <param name="accepts">True to verify what is received.</param>
    /// <param name="isOnServer">True on a build server, where nothing is accepted.</param>
    public SnapshotFile(string folder, string stem, string extension, bool accepts, bool isOnServer)
    {
        _verified = Path.Combine(folder, $"{stem}verified.{extension}");
        _received = Path.Combine(folder, $"{stem}received.{extension}");
        _accepts = accepts;
        _isOnServer = isOnServer;
    }

    /// <summary>Compares a text with the verified file.</summary>
    /// <exception cref="SnapshotException">They differ.</exception>
    public void Compare(string text)
    {
        var received = text.ReplaceLineEndings("\n");
        var verified = File.Exists(_verified) ? File.ReadAllText(_verified).ReplaceLineEndings("\n") : null;
        File.Delete(_received);
        if (verified == received)
        {
            return;
        }

        if (_accepts && _isOnServer)
        {
            throw new SnapshotException("JIGSAW_ACCEPT_SNAPSHOTS is set on a build server, where CI is set too, and nothing is accepted there; accept the difference where it is reviewed.");
        }

        File.WriteAllText(_accepts ? _verified : _received, received);
        if (!_accepts)
        {
            var said = verified is null ? "There is no verified file yet" : "What was received differs from what was verified";
            throw new SnapshotException($"{said}: {Path.GetFileName(_verified)}. If it is what you intended, rename {Path.GetFileName(_received)} to that, or run the test with JIGSAW_ACCEPT_SNAPSHOTS=1.\n{Difference(verified ?? "", received)}");
        }
    }

    /// <summary>The lines that differ, with those around them.</summary>
    private static string Difference(string verified, string received)
    {
        var lines = InlineDiffBuilder.Diff(verified, received, ignoreWhiteSpace: false).Lines;
        var text = new StringBuilder();
        var last = -1;
        for (var i = 0; i < lines.Count; i++)
        {
            if (!Enumerable.Range(i - Context, (2 * Context) + 1).Any(near => near >= 0 && near < lines.Count && lines[near].Type != ChangeType.Unchanged))
            {
                continue;
            }

            if (last >= 0 && i > last + 1)
            {
                text.Append("  …\n");
            }

            text.Append(lines[i].Type switch { ChangeType.Inserted => "+ ", ChangeType.Deleted => "- ", _ => "  " }).Append(lines[i].Text).Append('\n');
            last = i;
        }

        return text.ToString();
    }
}
