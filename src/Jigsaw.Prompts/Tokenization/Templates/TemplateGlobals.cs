using System.Numerics;

namespace Jigsaw.Tokenization.Templates;

/// <summary>The functions that every template has: Jinja's, and those of transformers that need nothing from outside.</summary>
internal static class TemplateGlobals
{
    private static readonly TemplateFunction[] _functions =
    [
        new("range", "*", (_, a) => Range(a)),
        new("dict", "*", (_, a) => Dictionary(a.All)),
        new("namespace", "*", (_, a) => new TemplateNamespace(Dictionary(a.All))),
        new("cycler", "*", (_, a) => a.All.Named.Count == 0 && a.All.Positional.Count > 0 ? new TemplateCycler(a.All.Positional) : throw new TemplateException("calls 'cycler' without values, or with named ones")),
        new("joiner", "sep?", (_, a) => new TemplateJoiner(a.Or(0, new MarkedText(", ", [])))),
        new("lipsum", "*", (_, _) => throw new TemplateException("calls 'lipsum', whose text is random; write a text")),
        new("raise_exception", "message", (_, a) => throw new TemplateRefusal(TemplatePrinting.Text(a[0]).Text)),
    ];

    public static TemplateScope Scope()
    {
        var scope = new TemplateScope(null);
        foreach (var function in _functions)
        {
            scope.Set(function.Name, function);
        }

        return scope;
    }

    private static TemplateRange Range(BoundArguments arguments)
    {
        if (arguments.All.Named.Count > 0 || arguments.All.Positional.Count is < 1 or > 3)
        {
            throw new TemplateException("calls 'range' with other than one to three numbers");
        }

        var numbers = arguments.All.Positional.Select(value => TemplateNumbers.Integer(value) ?? throw new TemplateException($"calls 'range' with {TemplateKinds.Of(value)}")).ToArray();
        return numbers.Length == 1 ? new TemplateRange(BigInteger.Zero, numbers[0], BigInteger.One) : new TemplateRange(numbers[0], numbers[1], numbers.Length == 3 ? numbers[2] : BigInteger.One);
    }

    private static TemplateDictionary Dictionary(TemplateArguments arguments)
    {
        var dictionary = new TemplateDictionary();
        switch (arguments.Positional)
        {
            case []:
                break;
            case [TemplateDictionary other]:
                dictionary = other.Copy();
                break;
            case [var pairs]:
                foreach (var item in TemplateKinds.Items(pairs))
                {
                    var pair = TemplateKinds.List(item);
                    dictionary.Set(pair.Count == 2 ? pair[0] : throw new TemplateException("makes a dictionary of items that are not pairs"), pair[1]);
                }

                break;
            default:
                throw new TemplateException("makes a dictionary of several values");
        }

        foreach (var (name, value) in arguments.Named)
        {
            dictionary.Set(name, value);
        }

        return dictionary;
    }
}
