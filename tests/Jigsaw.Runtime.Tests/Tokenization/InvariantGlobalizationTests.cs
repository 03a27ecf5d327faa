using System.Diagnostics;
using Jigsaw.Tokenization;

namespace Jigsaw.Runtime.Tests.Tokenization;

public sealed class InvariantGlobalizationTests
{
    [Theory]
    [InlineData("NFC", "e\u0301 A\u030A \u1112\u1161\u11AB q\u0307\u0323 İ ﬁ")]
    [InlineData("NFKC", "ﬁ ｱ ² \u0344 Å")]
    [InlineData("NFKD, no accents, lower case", "ÀÉ ΣΑΣ İ 𐐀")]
    [InlineData("case", "KſsÉx1 a\nb")]
    public async Task Ids_are_the_same_where_globalization_is_invariant(string name, string text)
    {
        using var folder = new TemporaryFolder();
        TokenizerVariants.Write(name, folder.Path);
        var start = new ProcessStartInfo("dotnet", ["exec", typeof(InvariantGlobalizationTests).Assembly.Location, folder.Path, text]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["DOTNET_SYSTEM_GLOBALIZATION_INVARIANT"] = "1";
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.Equal((0, string.Empty), (process.ExitCode, await errors));
        Assert.Equal(string.Join(' ', Tokenizer.Load(folder.Path).Encode(text, addedTokens: AddedTokens.All)), output.Trim());
    }
}
