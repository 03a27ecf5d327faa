using System.Diagnostics;
using System.Net;
using System.Text.RegularExpressions;

namespace Jigsaw.CommandLine.Tests;

/// <summary>A test that looks at a page in Chromium, where it is installed.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ChromiumFactAttribute : FactAttribute
{
    private static readonly string? _program = ((string[])["chromium", "google-chrome", "chromium-browser"])
        .SelectMany(name => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(folder => Path.Combine(folder, name))).FirstOrDefault(File.Exists);

    /// <summary>Skips the test, with the reason, where there is no Chromium.</summary>
    public ChromiumFactAttribute() => Skip = _program is null ? "Neither chromium nor google-chrome is installed; with one of them the test looks at the report." : null;

    /// <summary>What a script returns in a page that is 390 pixels wide.</summary>
    /// <param name="folder">A folder to write to.</param>
    /// <param name="page">The page.</param>
    /// <param name="script">The body of a function, in whose page <c>document</c> and <c>innerWidth</c> are those of the page.</param>
    public static string Look(string folder, string page, string script)
    {
        // The window of a headless Chromium is at least 500 pixels wide, and the page allows no script: so it stands in a frame, and the script outside.
        var file = Path.Combine(folder, "frame.html");
        File.WriteAllText(file, $$"""
            <!DOCTYPE html><iframe id="frame" style="width:390px;height:800px;border:0" srcdoc="{{WebUtility.HtmlEncode(page)}}"></iframe><div id="result"></div>
            <script>frame.onload = () => {
              const window = frame.contentWindow, document = window.document, innerWidth = window.innerWidth, getComputedStyle = one => window.getComputedStyle(one);
              result.textContent = 'seen(' + (() => { {{script}} })() + ')';
            };</script>
            """);
        using var process = Process.Start(new ProcessStartInfo(_program!, ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", $"--user-data-dir={Path.Combine(folder, "profile")}", "--virtual-time-budget=3000", "--dump-dom", new Uri(file).AbsoluteUri]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        process.ErrorDataReceived += (_, _) => { };
        process.BeginErrorReadLine();
        var seen = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return WebUtility.HtmlDecode(Regex.Match(seen, @"<div id=""result"">seen\((.*)\)</div>").Groups[1].Value);
    }
}
