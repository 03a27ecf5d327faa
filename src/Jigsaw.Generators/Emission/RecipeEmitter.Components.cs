using System.Security;
using Jigsaw.Generators.Gathering;
using Jigsaw.Planning;

namespace Jigsaw.Generators.Emission;

/// <content>The typed components.</content>
internal static partial class RecipeEmitter
{
    private static void EmitComponents(IndentedWriter writer, RecipePlan plan, string? fault)
    {
        var components = plan.Terms.SelectMany(term => term.Parts.Prepend(new PlannedPart(term.Term.Key, term.Property, term.Local))).ToList();
        writer.Line("/// <summary>The raw value of each term, and the composite loss, detached. Also a dictionary under the original's names.</summary>");
        writer.Line(_generatedCode);
        writer.Line("public sealed class Components : global::Jigsaw.Losses.ComponentLosses");
        using (writer.Block())
        {
            if (fault is null)
            {
                writer.Line("private static readonly string[] s_keys =");
                using (writer.Block("};"))
                {
                    foreach (var key in components.Select(component => component.Key).Append("composite_loss"))
                    {
                        writer.Line(Literal.Of(key) + ",");
                    }
                }

                writer.Line();
                writer.Line($"internal Components(params {CompilerServices}.TermValue[] values)");
                using (writer.Indent())
                {
                    writer.Line($": base(s_keys, {CompilerServices}.TermValue.Tensors(values))");
                }

                writer.Line("{");
                writer.Line("}");
            }
            else
            {
                writer.Line("private Components()");
                using (writer.Indent())
                {
                    writer.Line(": base(global::System.Array.Empty<string>())");
                }

                writer.Line("{");
                writer.Line("}");
            }

            foreach (var component in components)
            {
                writer.Line();
                writer.Line($"/// <summary><c>{SecurityElement.Escape(component.Key)}</c>, shape ().</summary>");
                writer.Line($"public {Tensor} {Identifier.Of(component.Property)} => this[{Literal.Of(component.Key)}];");
            }
        }
    }
}
