using System.Globalization;
using System.Text;

namespace Jigsaw.Tokenization.Templates;

/// <summary>Upper, lower and title case as Python has them: Unicode's full mappings (SpecialCasing.txt), one character becoming up to three.</summary>
internal static class TextCasing
{
    /// <summary>A character and its uppercase, where that is not the simple one.</summary>
    private const string Upper =
        "\u00DFSS \u0130\u0130 \u0131I \u0149\u02BCN \u017FS \u01F0J\u030C \u0390\u0399\u0308\u0301 \u03B0\u03A5\u0308\u0301 \u0587\u0535\u0552 \u1E96H\u0331 " +
        "\u1E97T\u0308 \u1E98W\u030A \u1E99Y\u030A \u1E9AA\u02BE \u1F50\u03A5\u0313 \u1F52\u03A5\u0313\u0300 \u1F54\u03A5\u0313\u0301 \u1F56\u03A5\u0313\u0342 " +
        "\u1F80\u1F08\u0399 \u1F81\u1F09\u0399 \u1F82\u1F0A\u0399 \u1F83\u1F0B\u0399 \u1F84\u1F0C\u0399 \u1F85\u1F0D\u0399 \u1F86\u1F0E\u0399 " +
        "\u1F87\u1F0F\u0399 \u1F88\u1F08\u0399 \u1F89\u1F09\u0399 \u1F8A\u1F0A\u0399 \u1F8B\u1F0B\u0399 \u1F8C\u1F0C\u0399 \u1F8D\u1F0D\u0399 " +
        "\u1F8E\u1F0E\u0399 \u1F8F\u1F0F\u0399 \u1F90\u1F28\u0399 \u1F91\u1F29\u0399 \u1F92\u1F2A\u0399 \u1F93\u1F2B\u0399 \u1F94\u1F2C\u0399 " +
        "\u1F95\u1F2D\u0399 \u1F96\u1F2E\u0399 \u1F97\u1F2F\u0399 \u1F98\u1F28\u0399 \u1F99\u1F29\u0399 \u1F9A\u1F2A\u0399 \u1F9B\u1F2B\u0399 " +
        "\u1F9C\u1F2C\u0399 \u1F9D\u1F2D\u0399 \u1F9E\u1F2E\u0399 \u1F9F\u1F2F\u0399 \u1FA0\u1F68\u0399 \u1FA1\u1F69\u0399 \u1FA2\u1F6A\u0399 " +
        "\u1FA3\u1F6B\u0399 \u1FA4\u1F6C\u0399 \u1FA5\u1F6D\u0399 \u1FA6\u1F6E\u0399 \u1FA7\u1F6F\u0399 \u1FA8\u1F68\u0399 \u1FA9\u1F69\u0399 " +
        "\u1FAA\u1F6A\u0399 \u1FAB\u1F6B\u0399 \u1FAC\u1F6C\u0399 \u1FAD\u1F6D\u0399 \u1FAE\u1F6E\u0399 \u1FAF\u1F6F\u0399 \u1FB2\u1FBA\u0399 " +
        "\u1FB3\u0391\u0399 \u1FB4\u0386\u0399 \u1FB6\u0391\u0342 \u1FB7\u0391\u0342\u0399 \u1FBC\u0391\u0399 \u1FC2\u1FCA\u0399 \u1FC3\u0397\u0399 " +
        "\u1FC4\u0389\u0399 \u1FC6\u0397\u0342 \u1FC7\u0397\u0342\u0399 \u1FCC\u0397\u0399 \u1FD2\u0399\u0308\u0300 \u1FD3\u0399\u0308\u0301 " +
        "\u1FD6\u0399\u0342 \u1FD7\u0399\u0308\u0342 \u1FE2\u03A5\u0308\u0300 \u1FE3\u03A5\u0308\u0301 \u1FE4\u03A1\u0313 \u1FE6\u03A5\u0342 " +
        "\u1FE7\u03A5\u0308\u0342 \u1FF2\u1FFA\u0399 \u1FF3\u03A9\u0399 \u1FF4\u038F\u0399 \u1FF6\u03A9\u0342 \u1FF7\u03A9\u0342\u0399 \u1FFC\u03A9\u0399 " +
        "\uFB00FF \uFB01FI \uFB02FL \uFB03FFI \uFB04FFL \uFB05ST \uFB06ST \uFB13\u0544\u0546 \uFB14\u0544\u0535 \uFB15\u0544\u053B \uFB16\u054E\u0546 " +
        "\uFB17\u0544\u053D";

    /// <summary>A character and its titlecase, where that is not its uppercase.</summary>
    private const string Title =
        "\u00DFSs \u01C4\u01C5 \u01C5\u01C5 \u01C6\u01C5 \u01C7\u01C8 \u01C8\u01C8 \u01C9\u01C8 \u01CA\u01CB \u01CB\u01CB \u01CC\u01CB \u01F1\u01F2 " +
        "\u01F2\u01F2 \u01F3\u01F2 \u0587\u0535\u0582 \u10D0\u10D0 \u10D1\u10D1 \u10D2\u10D2 \u10D3\u10D3 \u10D4\u10D4 \u10D5\u10D5 \u10D6\u10D6 \u10D7\u10D7 " +
        "\u10D8\u10D8 \u10D9\u10D9 \u10DA\u10DA \u10DB\u10DB \u10DC\u10DC \u10DD\u10DD \u10DE\u10DE \u10DF\u10DF \u10E0\u10E0 \u10E1\u10E1 \u10E2\u10E2 " +
        "\u10E3\u10E3 \u10E4\u10E4 \u10E5\u10E5 \u10E6\u10E6 \u10E7\u10E7 \u10E8\u10E8 \u10E9\u10E9 \u10EA\u10EA \u10EB\u10EB \u10EC\u10EC \u10ED\u10ED " +
        "\u10EE\u10EE \u10EF\u10EF \u10F0\u10F0 \u10F1\u10F1 \u10F2\u10F2 \u10F3\u10F3 \u10F4\u10F4 \u10F5\u10F5 \u10F6\u10F6 \u10F7\u10F7 \u10F8\u10F8 " +
        "\u10F9\u10F9 \u10FA\u10FA \u10FD\u10FD \u10FE\u10FE \u10FF\u10FF \u1F80\u1F88 \u1F81\u1F89 \u1F82\u1F8A \u1F83\u1F8B \u1F84\u1F8C \u1F85\u1F8D " +
        "\u1F86\u1F8E \u1F87\u1F8F \u1F88\u1F88 \u1F89\u1F89 \u1F8A\u1F8A \u1F8B\u1F8B \u1F8C\u1F8C \u1F8D\u1F8D \u1F8E\u1F8E \u1F8F\u1F8F \u1F90\u1F98 " +
        "\u1F91\u1F99 \u1F92\u1F9A \u1F93\u1F9B \u1F94\u1F9C \u1F95\u1F9D \u1F96\u1F9E \u1F97\u1F9F \u1F98\u1F98 \u1F99\u1F99 \u1F9A\u1F9A \u1F9B\u1F9B " +
        "\u1F9C\u1F9C \u1F9D\u1F9D \u1F9E\u1F9E \u1F9F\u1F9F \u1FA0\u1FA8 \u1FA1\u1FA9 \u1FA2\u1FAA \u1FA3\u1FAB \u1FA4\u1FAC \u1FA5\u1FAD \u1FA6\u1FAE " +
        "\u1FA7\u1FAF \u1FA8\u1FA8 \u1FA9\u1FA9 \u1FAA\u1FAA \u1FAB\u1FAB \u1FAC\u1FAC \u1FAD\u1FAD \u1FAE\u1FAE \u1FAF\u1FAF \u1FB2\u1FBA\u0345 \u1FB3\u1FBC " +
        "\u1FB4\u0386\u0345 \u1FB7\u0391\u0342\u0345 \u1FBC\u1FBC \u1FC2\u1FCA\u0345 \u1FC3\u1FCC \u1FC4\u0389\u0345 \u1FC7\u0397\u0342\u0345 \u1FCC\u1FCC " +
        "\u1FF2\u1FFA\u0345 \u1FF3\u1FFC \u1FF4\u038F\u0345 \u1FF7\u03A9\u0342\u0345 \u1FFC\u1FFC \uFB00Ff \uFB01Fi \uFB02Fl \uFB03Ffi \uFB04Ffl \uFB05St " +
        "\uFB06St \uFB13\u0544\u0576 \uFB14\u0544\u0565 \uFB15\u0544\u056B \uFB16\u054E\u0576 \uFB17\u0544\u056D";

    /// <summary>A character and its lowercase, where that is not the simple one.</summary>
    private const string Lower =
        "\u0130i\u0307 \u0131\u0131 \u017F\u017F";

    /// <summary>A character and its folding, where that is not its lowercase.</summary>
    private const string Fold =
        "\u00B5\u03BC \u00DFss \u0149\u02BCn \u017Fs \u01F0j\u030C \u0345\u03B9 \u0390\u03B9\u0308\u0301 \u03B0\u03C5\u0308\u0301 \u03C2\u03C3 \u03D0\u03B2 " +
        "\u03D1\u03B8 \u03D5\u03C6 \u03D6\u03C0 \u03F0\u03BA \u03F1\u03C1 \u03F5\u03B5 \u0587\u0565\u0582 \u13A0\u13A0 \u13A1\u13A1 \u13A2\u13A2 \u13A3\u13A3 " +
        "\u13A4\u13A4 \u13A5\u13A5 \u13A6\u13A6 \u13A7\u13A7 \u13A8\u13A8 \u13A9\u13A9 \u13AA\u13AA \u13AB\u13AB \u13AC\u13AC \u13AD\u13AD \u13AE\u13AE " +
        "\u13AF\u13AF \u13B0\u13B0 \u13B1\u13B1 \u13B2\u13B2 \u13B3\u13B3 \u13B4\u13B4 \u13B5\u13B5 \u13B6\u13B6 \u13B7\u13B7 \u13B8\u13B8 \u13B9\u13B9 " +
        "\u13BA\u13BA \u13BB\u13BB \u13BC\u13BC \u13BD\u13BD \u13BE\u13BE \u13BF\u13BF \u13C0\u13C0 \u13C1\u13C1 \u13C2\u13C2 \u13C3\u13C3 \u13C4\u13C4 " +
        "\u13C5\u13C5 \u13C6\u13C6 \u13C7\u13C7 \u13C8\u13C8 \u13C9\u13C9 \u13CA\u13CA \u13CB\u13CB \u13CC\u13CC \u13CD\u13CD \u13CE\u13CE \u13CF\u13CF " +
        "\u13D0\u13D0 \u13D1\u13D1 \u13D2\u13D2 \u13D3\u13D3 \u13D4\u13D4 \u13D5\u13D5 \u13D6\u13D6 \u13D7\u13D7 \u13D8\u13D8 \u13D9\u13D9 \u13DA\u13DA " +
        "\u13DB\u13DB \u13DC\u13DC \u13DD\u13DD \u13DE\u13DE \u13DF\u13DF \u13E0\u13E0 \u13E1\u13E1 \u13E2\u13E2 \u13E3\u13E3 \u13E4\u13E4 \u13E5\u13E5 " +
        "\u13E6\u13E6 \u13E7\u13E7 \u13E8\u13E8 \u13E9\u13E9 \u13EA\u13EA \u13EB\u13EB \u13EC\u13EC \u13ED\u13ED \u13EE\u13EE \u13EF\u13EF \u13F0\u13F0 " +
        "\u13F1\u13F1 \u13F2\u13F2 \u13F3\u13F3 \u13F4\u13F4 \u13F5\u13F5 \u13F8\u13F0 \u13F9\u13F1 \u13FA\u13F2 \u13FB\u13F3 \u13FC\u13F4 \u13FD\u13F5 " +
        "\u1C80\u0432 \u1C81\u0434 \u1C82\u043E \u1C83\u0441 \u1C84\u0442 \u1C85\u0442 \u1C86\u044A \u1C87\u0463 \u1C88\uA64B \u1E96h\u0331 \u1E97t\u0308 " +
        "\u1E98w\u030A \u1E99y\u030A \u1E9Aa\u02BE \u1E9B\u1E61 \u1E9Ess \u1F50\u03C5\u0313 \u1F52\u03C5\u0313\u0300 \u1F54\u03C5\u0313\u0301 " +
        "\u1F56\u03C5\u0313\u0342 \u1F80\u1F00\u03B9 \u1F81\u1F01\u03B9 \u1F82\u1F02\u03B9 \u1F83\u1F03\u03B9 \u1F84\u1F04\u03B9 \u1F85\u1F05\u03B9 " +
        "\u1F86\u1F06\u03B9 \u1F87\u1F07\u03B9 \u1F88\u1F00\u03B9 \u1F89\u1F01\u03B9 \u1F8A\u1F02\u03B9 \u1F8B\u1F03\u03B9 \u1F8C\u1F04\u03B9 " +
        "\u1F8D\u1F05\u03B9 \u1F8E\u1F06\u03B9 \u1F8F\u1F07\u03B9 \u1F90\u1F20\u03B9 \u1F91\u1F21\u03B9 \u1F92\u1F22\u03B9 \u1F93\u1F23\u03B9 " +
        "\u1F94\u1F24\u03B9 \u1F95\u1F25\u03B9 \u1F96\u1F26\u03B9 \u1F97\u1F27\u03B9 \u1F98\u1F20\u03B9 \u1F99\u1F21\u03B9 \u1F9A\u1F22\u03B9 " +
        "\u1F9B\u1F23\u03B9 \u1F9C\u1F24\u03B9 \u1F9D\u1F25\u03B9 \u1F9E\u1F26\u03B9 \u1F9F\u1F27\u03B9 \u1FA0\u1F60\u03B9 \u1FA1\u1F61\u03B9 " +
        "\u1FA2\u1F62\u03B9 \u1FA3\u1F63\u03B9 \u1FA4\u1F64\u03B9 \u1FA5\u1F65\u03B9 \u1FA6\u1F66\u03B9 \u1FA7\u1F67\u03B9 \u1FA8\u1F60\u03B9 " +
        "\u1FA9\u1F61\u03B9 \u1FAA\u1F62\u03B9 \u1FAB\u1F63\u03B9 \u1FAC\u1F64\u03B9 \u1FAD\u1F65\u03B9 \u1FAE\u1F66\u03B9 \u1FAF\u1F67\u03B9 " +
        "\u1FB2\u1F70\u03B9 \u1FB3\u03B1\u03B9 \u1FB4\u03AC\u03B9 \u1FB6\u03B1\u0342 \u1FB7\u03B1\u0342\u03B9 \u1FBC\u03B1\u03B9 \u1FBE\u03B9 " +
        "\u1FC2\u1F74\u03B9 \u1FC3\u03B7\u03B9 \u1FC4\u03AE\u03B9 \u1FC6\u03B7\u0342 \u1FC7\u03B7\u0342\u03B9 \u1FCC\u03B7\u03B9 \u1FD2\u03B9\u0308\u0300 " +
        "\u1FD3\u03B9\u0308\u0301 \u1FD6\u03B9\u0342 \u1FD7\u03B9\u0308\u0342 \u1FE2\u03C5\u0308\u0300 \u1FE3\u03C5\u0308\u0301 \u1FE4\u03C1\u0313 " +
        "\u1FE6\u03C5\u0342 \u1FE7\u03C5\u0308\u0342 \u1FF2\u1F7C\u03B9 \u1FF3\u03C9\u03B9 \u1FF4\u03CE\u03B9 \u1FF6\u03C9\u0342 \u1FF7\u03C9\u0342\u03B9 " +
        "\u1FFC\u03C9\u03B9 \uAB70\u13A0 \uAB71\u13A1 \uAB72\u13A2 \uAB73\u13A3 \uAB74\u13A4 \uAB75\u13A5 \uAB76\u13A6 \uAB77\u13A7 \uAB78\u13A8 \uAB79\u13A9 " +
        "\uAB7A\u13AA \uAB7B\u13AB \uAB7C\u13AC \uAB7D\u13AD \uAB7E\u13AE \uAB7F\u13AF \uAB80\u13B0 \uAB81\u13B1 \uAB82\u13B2 \uAB83\u13B3 \uAB84\u13B4 " +
        "\uAB85\u13B5 \uAB86\u13B6 \uAB87\u13B7 \uAB88\u13B8 \uAB89\u13B9 \uAB8A\u13BA \uAB8B\u13BB \uAB8C\u13BC \uAB8D\u13BD \uAB8E\u13BE \uAB8F\u13BF " +
        "\uAB90\u13C0 \uAB91\u13C1 \uAB92\u13C2 \uAB93\u13C3 \uAB94\u13C4 \uAB95\u13C5 \uAB96\u13C6 \uAB97\u13C7 \uAB98\u13C8 \uAB99\u13C9 \uAB9A\u13CA " +
        "\uAB9B\u13CB \uAB9C\u13CC \uAB9D\u13CD \uAB9E\u13CE \uAB9F\u13CF \uABA0\u13D0 \uABA1\u13D1 \uABA2\u13D2 \uABA3\u13D3 \uABA4\u13D4 \uABA5\u13D5 " +
        "\uABA6\u13D6 \uABA7\u13D7 \uABA8\u13D8 \uABA9\u13D9 \uABAA\u13DA \uABAB\u13DB \uABAC\u13DC \uABAD\u13DD \uABAE\u13DE \uABAF\u13DF \uABB0\u13E0 " +
        "\uABB1\u13E1 \uABB2\u13E2 \uABB3\u13E3 \uABB4\u13E4 \uABB5\u13E5 \uABB6\u13E6 \uABB7\u13E7 \uABB8\u13E8 \uABB9\u13E9 \uABBA\u13EA \uABBB\u13EB " +
        "\uABBC\u13EC \uABBD\u13ED \uABBE\u13EE \uABBF\u13EF \uFB00ff \uFB01fi \uFB02fl \uFB03ffi \uFB04ffl \uFB05st \uFB06st \uFB13\u0574\u0576 " +
        "\uFB14\u0574\u0565 \uFB15\u0574\u056B \uFB16\u057E\u0576 \uFB17\u0574\u056D";

    private static readonly Dictionary<int, string> _upper = Table(Upper);
    private static readonly Dictionary<int, string> _title = Table(Title);
    private static readonly Dictionary<int, string> _lower = Table(Lower);
    private static readonly Dictionary<int, string> _fold = Table(Fold);

    public static string ToUpper(Rune rune) => rune.IsAscii ? Rune.ToUpperInvariant(rune).ToString() : _upper.GetValueOrDefault(rune.Value) ?? Rune.ToUpperInvariant(rune).ToString();

    public static string ToTitle(Rune rune) => _title.GetValueOrDefault(rune.Value) ?? ToUpper(rune);

    public static string ToFolded(Rune rune) => _fold.GetValueOrDefault(rune.Value) ?? ToLower(rune);

    public static string ToLower(Rune rune) => rune.IsAscii ? Rune.ToLowerInvariant(rune).ToString() : _lower.GetValueOrDefault(rune.Value) ?? Rune.ToLowerInvariant(rune).ToString();

    /// <summary>The lowercase of a character of a text: a sigma that ends a word is a final one.</summary>
    public static string ToLower(string text, int offset)
    {
        const char sigma = '\u03A3';
        if (text[offset] != sigma)
        {
            return ToLower(Rune.GetRuneAt(text, offset));
        }

        var before = offset - 1;
        while (before >= 0 && IsCaseIgnorable(text[before]))
        {
            before--;
        }

        var after = offset + 1;
        while (after < text.Length && IsCaseIgnorable(text[after]))
        {
            after++;
        }

        return before >= 0 && IsCased(text, before) && !(after < text.Length && IsCased(text, after)) ? "\u03C2" : "\u03C3";
    }

    /// <summary>True if a character has case.</summary>
    public static bool IsCased(Rune rune) => Rune.GetUnicodeCategory(rune) is UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter
        || IsOtherLower(rune.Value) || IsOtherUpper(rune.Value);

    public static bool IsUpper(Rune rune) => Rune.GetUnicodeCategory(rune) == UnicodeCategory.UppercaseLetter || IsOtherUpper(rune.Value);

    public static bool IsLower(Rune rune) => Rune.GetUnicodeCategory(rune) == UnicodeCategory.LowercaseLetter || IsOtherLower(rune.Value);

    public static bool IsTitle(Rune rune) => Rune.GetUnicodeCategory(rune) == UnicodeCategory.TitlecaseLetter;

    private static bool IsCased(string text, int offset) => Rune.TryGetRuneAt(text, char.IsLowSurrogate(text[offset]) && offset > 0 ? offset - 1 : offset, out var rune) && IsCased(rune);

    private static bool IsCaseIgnorable(char c) => c is '\'' or '.' or ':' or '^' or '`' or '\u00B7' or '\u2018' or '\u2019' or '\u2024' or '\u2027'
        || char.GetUnicodeCategory(c) is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark or UnicodeCategory.Format or UnicodeCategory.ModifierLetter or UnicodeCategory.ModifierSymbol;

    /// <summary>Other_Uppercase of Unicode.</summary>
    private static bool IsOtherUpper(int codePoint) => codePoint is (>= 0x2160 and <= 0x216F) or (>= 0x24B6 and <= 0x24CF) or (>= 0x1F130 and <= 0x1F149) or (>= 0x1F150 and <= 0x1F169) or (>= 0x1F170 and <= 0x1F189);

    /// <summary>Other_Lowercase of Unicode.</summary>
    private static bool IsOtherLower(int codePoint) => codePoint is 0xAA or 0xBA or (>= 0x2B0 and <= 0x2B8) or 0x2C0 or 0x2C1 or (>= 0x2E0 and <= 0x2E4) or 0x345 or 0x37A
        or (>= 0x1D2C and <= 0x1D6A) or 0x1D78 or (>= 0x1D9B and <= 0x1DBF) or 0x2071 or 0x207F or (>= 0x2090 and <= 0x209C) or (>= 0x2170 and <= 0x217F)
        or (>= 0x24D0 and <= 0x24E9) or 0x2C7C or 0x2C7D or 0xA69C or 0xA69D or 0xA770 or 0xA7F8 or 0xA7F9 or (>= 0xAB5C and <= 0xAB5F);

    private static Dictionary<int, string> Table(string entries)
    {
        var table = new Dictionary<int, string>();
        foreach (var entry in entries.Split(' '))
        {
            var rune = Rune.GetRuneAt(entry, 0);
            table[rune.Value] = entry[rune.Utf16SequenceLength..];
        }

        return table;
    }
}
