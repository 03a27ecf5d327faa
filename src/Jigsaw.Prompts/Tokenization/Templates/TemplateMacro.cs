namespace Jigsaw.Tokenization.Templates;

/// <summary>A macro, or the body of a call block, which its macro knows as <c>caller</c>.</summary>
internal sealed class TemplateMacro(TemplateNode.Macro node, TemplateScope definition) : ITemplateCallable
{
    public string Name => node.Name;

    public object? Member(string name) => name switch
    {
        "name" => MarkedText.Plain(node.Name),
        "arguments" => TemplateList.Tuple([.. node.Parameters.Select(parameter => MarkedText.Plain(parameter.Name))]),
        "catch_kwargs" => node.UsesNamed,
        "catch_varargs" => node.UsesRest,
        "caller" => node.UsesCaller,
        _ => BoundArguments.Missing,
    };

    public object? Call(TemplateInterpreter interpreter, TemplateArguments arguments)
    {
        var scope = new TemplateScope(definition);
        var named = arguments.Named.ToList();
        for (var i = 0; i < node.Parameters.Count; i++)
        {
            var (name, otherwise) = node.Parameters[i];
            if (i < arguments.Positional.Count)
            {
                scope.Set(name, arguments.Positional[i]);
            }
            else if (Take(named, name, out var value))
            {
                scope.Set(name, value);
            }
            else
            {
                scope.Set(name, otherwise is null ? new TemplateUndefined($"uses the parameter '{name}', which was not given") : interpreter.EvaluateIn(scope, otherwise));
            }
        }

        if (node.UsesCaller && node.Parameters.All(parameter => parameter.Name != "caller"))
        {
            scope.Set("caller", Take(named, "caller", out var caller) ? caller : new TemplateUndefined("uses 'caller' in a macro that is not called with a call block"));
        }

        if (node.UsesNamed)
        {
            scope.Set("kwargs", new TemplateArguments([], named).NamedValues());
        }
        else if (named.Count > 0)
        {
            throw new TemplateException($"gives the macro '{Name}' the argument '{named[0].Key.Text}', which it doesn't have");
        }

        if (node.UsesRest)
        {
            scope.Set("varargs", TemplateList.Tuple([.. arguments.Positional.Skip(node.Parameters.Count)]));
        }
        else if (arguments.Positional.Count > node.Parameters.Count)
        {
            throw new TemplateException($"gives the macro '{Name}' {arguments.Positional.Count} arguments, more than the {node.Parameters.Count} that it takes");
        }

        return interpreter.Captured(scope, node.Body).AsMarkup(interpreter.Autoescape);
    }

    private static bool Take(List<KeyValuePair<MarkedText, object?>> named, string name, out object? value)
    {
        var at = named.FindIndex(argument => argument.Key.Text == name);
        value = at < 0 ? null : named[at].Value;
        if (at >= 0)
        {
            named.RemoveAt(at);
        }

        return at >= 0;
    }
}
