extern alias generators;

using System.Reflection;
using generators::Jigsaw.Planning;
using Jigsaw.Losses;

namespace Jigsaw.Generators.Tests.Rules;

public class ReservedNamesTests
{
    [Fact]
    public void Every_member_of_the_components_class_is_reserved()
    {
        var members = typeof(ComponentLosses)
            .GetMembers(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.FlattenHierarchy)
            .Where(member => member is not MethodInfo { IsSpecialName: true } && member is not MethodBase { IsPrivate: true } && member is not MethodBase { IsAssembly: true } && member is not FieldInfo { IsPrivate: true } && member is not ConstructorInfo)
            .Select(member => member.Name)
            .Where(name => !name.Contains('.', StringComparison.Ordinal) && !name.StartsWith('<'));

        Assert.Empty(members.Except(ReservedNames.OfComponents));
    }
}
