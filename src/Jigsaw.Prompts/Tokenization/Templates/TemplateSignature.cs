namespace Jigsaw.Tokenization.Templates;

/// <summary>The parameters of a filter, test, method or function.</summary>
internal sealed class TemplateSignature
{
    private readonly string _name;
    private readonly List<(string Name, bool Required, bool ByPosition)> _parameters = [];

    /// <param name="name">What the function is called in messages.</param>
    /// <param name="parameters">Names with a comma between; <c>?</c> behind an optional one, <c>/</c> behind those that have no name, <c>*</c> for any number.</param>
    public TemplateSignature(string name, string parameters)
    {
        _name = name;
        foreach (var part in parameters.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (part == "/")
            {
                _parameters = [.. _parameters.Select(parameter => parameter with { ByPosition = true })];
            }
            else if (part == "*")
            {
                TakesAll = true;
            }
            else
            {
                _parameters.Add((part.TrimEnd('?'), !part.EndsWith('?'), false));
            }
        }
    }

    /// <summary>True if further arguments, also named ones, are left to the function.</summary>
    public bool TakesAll { get; }

    public BoundArguments Bind(TemplateArguments arguments)
    {
        var values = new object?[_parameters.Count];
        Array.Fill(values, BoundArguments.Missing);
        if (arguments.Positional.Count > values.Length && !TakesAll)
        {
            throw new TemplateException($"gives '{_name}' {arguments.Positional.Count} arguments, more than the {values.Length} that it takes");
        }

        for (var i = 0; i < Math.Min(arguments.Positional.Count, values.Length); i++)
        {
            values[i] = arguments.Positional[i];
        }

        if (!TakesAll)
        {
            foreach (var (name, value) in arguments.Named)
            {
                var at = _parameters.FindIndex(parameter => parameter.Name == name.Text && !parameter.ByPosition);
                if (at < 0)
                {
                    throw new TemplateException($"gives '{_name}' the argument '{name.Text}', which it doesn't have");
                }

                values[at] = values[at] == BoundArguments.Missing ? value : throw new TemplateException($"gives '{_name}' the argument '{name.Text}' twice");
            }
        }

        for (var i = 0; i < values.Length; i++)
        {
            if (_parameters[i].Required && values[i] == BoundArguments.Missing)
            {
                throw new TemplateException($"calls '{_name}' without its argument '{_parameters[i].Name}'");
            }
        }

        return new BoundArguments(_name, values, arguments);
    }
}
