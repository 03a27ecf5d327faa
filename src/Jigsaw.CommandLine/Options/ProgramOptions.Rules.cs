using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace Jigsaw.CommandLine.Options;

/// <content>What the values of options have to be, said before anything is loaded.</content>
internal sealed partial class ProgramOptions
{
    private static void RequireAtLeast(int least, params Option[] counts)
    {
        foreach (var count in counts)
        {
            count.Validators.Add(result =>
            {
                // What is not a number gets the parser's own sentence.
                if (result.Tokens is [var token] && int.TryParse(token.Value, CultureInfo.InvariantCulture, out var value) && value < least)
                {
                    result.AddError($"{count.Name} is {value}; use at least {least}.");
                }
            });
        }
    }

    /// <summary>A number, with a point for its decimals: the parser takes a comma for a separator of thousands.</summary>
    private static void RequireNumber(Option option, Func<double, bool> isRight, string rule) => option.Validators.Add(result =>
    {
        if (result.Tokens is not [{ Value: var text }])
        {
            return;
        }

        if (text.Contains(',', StringComparison.Ordinal))
        {
            result.AddError($"{option.Name} is {text}; write a number with a point, such as 0.5.");
        }
        else if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && !isRight(value))
        {
            result.AddError($"{option.Name} is {text}; use a number {rule}.");
        }
    });

    /// <summary>An option that nobody knows is no path, though the parser takes it for one.</summary>
    private static void RefuseOptions(Symbol paths)
    {
        void Validate(SymbolResult result)
        {
            if (paths is Argument && result.Tokens.Any(token => token.Value.Length == 0))
            {
                result.AddError($"The {paths.Name} is empty; name one.");
            }
            else if (result.Tokens.FirstOrDefault(token => token.Value is ['-', ..]) is { } token)
            {
                result.AddError($"'{token.Value}' is no option and no path of {paths.Name}; see --help, or write ./{token.Value} for a file of that name.");
            }
        }

        if (paths is Option option)
        {
            option.Validators.Add(Validate);
        }
        else if (paths is Argument argument)
        {
            argument.Validators.Add(Validate);
        }
    }
}
