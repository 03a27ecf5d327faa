namespace Jigsaw.Proxy;

/// <summary>A request that is not answered, with the status, OpenAI's code and a sentence without the caller's text.</summary>
internal sealed class RefusedException(int status, string code, string message) : Exception(message)
{
    public int Status => status;

    public string Code => code;
}
