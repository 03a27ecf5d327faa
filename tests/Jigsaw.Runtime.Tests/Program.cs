using System.Globalization;
using Jigsaw.Runtime.Tests.Training;
using Jigsaw.Runtime.Tests.Transforms;
using Jigsaw.Tokenization;

namespace Jigsaw.Runtime.Tests;

/// <summary>What tests run in a process of their own: the ids of a text, for a process whose globalization is set by its environment; x̃ of a transform, for a process that must not repeat another's; training beside threads that allocate, which may end the process; training that is killed; the memory of a training.</summary>
internal static class Program
{
    public static int Main(string[] arguments)
    {
        if (arguments.Length == 0)
        {
            // A process that runs the module initializer and ends.
            return 0;
        }

        if (arguments is ["--noise", var transform])
        {
            Console.WriteLine(string.Join(' ', SecureTransformTests.FirstNumbers(transform)));
            return 0;
        }

        if (arguments is ["--beside-allocations", var runs, var steps])
        {
            var failures = BusyProcess.Train(int.Parse(runs, CultureInfo.InvariantCulture), int.Parse(steps, CultureInfo.InvariantCulture));
            Console.WriteLine(string.Join(Environment.NewLine, failures.Append($"{failures.Count} of {runs} runs failed")));
            return failures.Count == 0 ? 0 : 1;
        }

        if (arguments is ["--step-memory", var recipe, var rows, var length])
        {
            var (measured, estimated) = MeasuredStep.Run(recipe, int.Parse(rows, CultureInfo.InvariantCulture), int.Parse(length, CultureInfo.InvariantCulture));
            Console.WriteLine($"{measured} {estimated.Total} {estimated.Weights} {estimated.Trained} {estimated.Transform} {estimated.Activations} {estimated.Logits} {estimated.Passing}");
            return 0;
        }

        if (arguments is ["--train", var folder])
        {
            KilledTraining.Train(folder);
            return 0;
        }

        if (arguments is ["--kill-training", var kills])
        {
            var killed = KilledTraining.Run(int.Parse(kills, CultureInfo.InvariantCulture), Environment.TickCount);
            Console.WriteLine(killed);
            return killed is { Lost: 0, Broken: 0, IsEqual: true } ? 0 : 1;
        }

        if (arguments is not [var directory, var text])
        {
            Console.Error.WriteLine("Give the directory of a tokenizer and a text.");
            return 1;
        }

        Console.WriteLine(string.Join(' ', Tokenizer.Load(directory).Encode(text, addedTokens: AddedTokens.All)));
        return 0;
    }
}
