using System.Text.RegularExpressions;
using TrackedFiles = Jigsaw.Docs.Tests.Repository;

namespace Jigsaw.Architecture.Tests;

/// <summary>Prose, messages and names use the field's words in American spelling: a phrase that was replaced does not come back.</summary>
public sealed class LanguageTests
{
    // A bar splits each phrase, so this file passes its own test.
    private static readonly (string Avoid, string Write)[] _phrases =
    [
        ("of one|'s own", "custom"),
        ("wa|y back", "backward pass"),
        ("wa|y forth", "forward pass"),
        ("what comes from ab|ove", "upstream gradient"),
        ("nats a to|ken", "per token"),
        ("tokens a se|quence", "per sequence"),
        ("chats a st|ep", "per step"),
        ("features a he|ad", "per head"),
        ("number a ro|w", "per row"),
        ("numbers a ro|w", "per row"),
        ("are wo|rth", "value of"),
        ("their li|ke", "similar"),
        ("its li|ke", "similar"),
        ("of like le|ngth", "of similar length"),
        ("don't go tog|ether", "are incompatible"),
        ("doesn't go wi|th", "is incompatible with"),
        ("take it o|ut", "remove it"),
        ("take the ma|rk off", "remove the attribute"),
        ("to the b|it", "bit for bit"),
        ("to the let|ter", "verbatim"),
        ("nobody's dis|pose scope", "not attached to a dispose scope"),
        ("with anyth|ing in it", "uninitialized"),
        ("men|ded", "patched"),
        ("men|ding", "patching"),
        ("some|body", "someone, or the attack"),
        ("<summary>Whe|ther", "True if"),
        ("<returns>Whe|ther", "True if"),
        ("for ev|er", "forever"),
        ("toward|s", "toward"),
        ("outward|s", "outward"),
        ("whi|lst", "while"),
        ("gre|y", "gray"),
        ("learn|t", "learned"),
    ];

    // Within names, too.
    private static readonly (string Avoid, string Write)[] _spellings =
    [
        ("neighb|our", "neighbor"), ("behavi|our", "behavior"), ("col|our", "color"), ("fav|our", "favor"), ("hon|our", "honor"),
        ("cent|re", "center"), ("licen|ce", "license"), ("cancel|led", "canceled"), ("cancel|ling", "canceling"), ("label|led", "labeled"),
        ("label|ling", "labeling"), ("model|led", "modeled"), ("model|ling", "modeling"), ("arte|fact", "artifact"), ("catal|ogue", "catalog"),
        .. ((string[])["normal", "optim", "maxim", "minim", "initial", "material", "serial", "summar", "recogn", "stabil", "general", "parameter", "token", "random", "regular", "penal", "custom", "author"])
            .SelectMany(stem => ((string[])["e", "ed", "es", "er", "ing", "ation"]).Select(ending => (stem + "i|s" + ending, stem + "iz" + ending))),
    ];

    private static readonly (string Avoid, string Write, Regex Pattern)[] _table =
    [
        .. _phrases.Select(entry => Entry(entry, phrase => $@"(?<!\w){Regex.Escape(phrase).Replace("\\ ", @"\s+", StringComparison.Ordinal)}(?!\w)")),
        .. _spellings.Select(entry => Entry(entry, word => $"{word}(?![a-z])")),
    ];

    [Fact]
    public void Pages_and_sources_use_the_fields_words_in_American_spelling()
    {
        var texts = TrackedFiles.Files.Where(IsProse).Select(file => (File: file, Text: TrackedFiles.Read(file))).ToArray();
        Assert.Contains(texts, text => text.File == "README.md");

        var found = texts.SelectMany(text => Found(text.Text).Select(phrase => $"{text.File}: {phrase}")).ToArray();
        Assert.True(found.Length == 0, string.Join('\n', found));
    }

    [Fact]
    public void Every_phrase_of_the_table_is_found() =>
        Assert.All(_table, entry => Assert.Contains($"'{entry.Avoid}', write '{entry.Write}'", Found($"It says {entry.Avoid}.")));

    [Theory]
    [InlineData("OperationCanceledException, analyses, advertised, recommended and tokens are fine.")]
    [InlineData("Full: 4 forwards, 3 backwards.")]
    public void Other_words_are_not(string text) => Assert.Empty(Found(text));

    private static IEnumerable<string> Found(string text) =>
        _table.Where(entry => entry.Pattern.IsMatch(text)).Select(entry => $"'{entry.Avoid}', write '{entry.Write}'");

    private static bool IsProse(string file) =>
        (file.EndsWith(".cs", StringComparison.Ordinal) || file.EndsWith(".md", StringComparison.Ordinal))
        && !file.Contains(".verified.", StringComparison.Ordinal)
        && !file.Split('/').Contains("data", StringComparer.OrdinalIgnoreCase);

    private static (string Avoid, string Write, Regex Pattern) Entry((string Avoid, string Write) entry, Func<string, string> pattern)
    {
        var avoid = entry.Avoid.Replace("|", "", StringComparison.Ordinal);
        return (avoid, entry.Write, new Regex(pattern(avoid), RegexOptions.IgnoreCase));
    }
}
