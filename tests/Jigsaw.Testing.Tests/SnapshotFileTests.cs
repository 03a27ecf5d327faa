namespace Jigsaw.Testing.Tests;

public sealed class SnapshotFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("jigsaw-snapshot-").FullName;

    [Fact]
    public void A_first_text_is_received_beside_the_test_and_fails_it()
    {
        var thrown = Assert.Throws<SnapshotException>(() => Compare("one\n"));

        Assert.Equal("There is no verified file yet: T.M.verified.txt. If it is what you intended, rename T.M.received.txt to that, or run the test with JIGSAW_ACCEPT_SNAPSHOTS=1.\n+ one\n+ \n", thrown.Message);
        Assert.Equal("one\n", Read("received"));
        Assert.Null(Read("verified"));
    }

    [Theory]
    [InlineData("one\ntwo\n")]
    [InlineData("one\r\ntwo\r\n")]
    public void Line_ends_make_no_difference(string verified)
    {
        Write("verified", verified);
        Write("received", "of an earlier run");

        Compare("one\ntwo\n");
        Compare("one\r\ntwo\r\n");

        Assert.Null(Read("received"));
    }

    [Fact]
    public void A_difference_shows_the_lines_and_those_around_them()
    {
        Write("verified", "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\n");

        var thrown = Assert.Throws<SnapshotException>(() => Compare("a\nb\nc\nd\nE\nf\ng\nh\ni\nj\nk\nl\n"));

        Assert.EndsWith("\n  c\n  d\n- e\n+ E\n  f\n  g\n  …\n  j\n  k\n+ l\n  \n", thrown.Message, StringComparison.Ordinal);
        Assert.StartsWith("What was received differs from what was verified: T.M.verified.txt.", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_difference_of_white_space_is_one()
    {
        Write("verified", "a b\n");

        Assert.Contains("- a b\n+ a  b\n", Assert.Throws<SnapshotException>(() => Compare("a  b\n")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_accepted_is_verified_from_then_on()
    {
        Write("verified", "one\n");

        Compare("two\n", accepts: true);

        Assert.Equal("two\n", Read("verified"));
        Assert.Null(Read("received"));
        Compare("two\n");
    }

    [Fact]
    public void A_build_server_accepts_nothing()
    {
        Write("verified", "one\n");

        var thrown = Assert.Throws<SnapshotException>(() => Compare("two\n", accepts: true, isOnServer: true));

        Assert.Contains("nothing is accepted there", thrown.Message, StringComparison.Ordinal);
        Assert.Equal("one\n", Read("verified"));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private void Compare(string received, bool accepts = false, bool isOnServer = false) => new SnapshotFile(_folder, "T.M.", "txt", accepts, isOnServer).Compare(received);

    private void Write(string kind, string text) => File.WriteAllText(Path.Combine(_folder, $"T.M.{kind}.txt"), text);

    private string? Read(string kind) => Path.Combine(_folder, $"T.M.{kind}.txt") is var file && File.Exists(file) ? File.ReadAllText(file) : null;
}
