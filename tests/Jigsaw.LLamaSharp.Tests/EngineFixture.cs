namespace Jigsaw.LLamaSharp.Tests;

/// <summary>One set of engines for the tests of a class, made when it is first asked for.</summary>
public sealed class EngineFixture : IDisposable
{
    private readonly Lazy<Engines> _engines = new(() => new Engines());

    internal Engines Engines => _engines.Value;

    public void Dispose()
    {
        if (_engines.IsValueCreated)
        {
            _engines.Value.Dispose();
        }
    }
}
