using System.Diagnostics;

namespace Jigsaw.Diagnostics;

/// <summary>
/// The phases of training steps as activities of an <see cref="ActivitySource"/>, for profilers and OpenTelemetry: passes forward and backward, the loss, the transform
/// forward and backward, the optimizer. Without a listener they cost nothing. Operations on an asynchronous device are counted when they are launched.
/// </summary>
internal static class StepPhases
{
    /// <summary>The name of the source.</summary>
    public const string SourceName = "Jigsaw";

    private static readonly ActivitySource _source = new(SourceName);

    /// <summary>Starts a phase, which ends when it is disposed; null without a listener.</summary>
    /// <param name="name">What runs.</param>
    /// <param name="pass">Which pass it belongs to.</param>
    internal static Activity? Begin(string name, Pass? pass = null) =>
        _source.HasListeners() ? _source.StartActivity(pass is null ? name : $"{name}: {pass}") : null;
}
