namespace Jigsaw.Tokenization.Templates;

internal enum TemplateTokenKind
{
    Text,
    OutputStart,
    OutputEnd,
    BlockStart,
    BlockEnd,
    Name,
    Literal,
    Integer,
    Float,
    Operator,
    End,
}
