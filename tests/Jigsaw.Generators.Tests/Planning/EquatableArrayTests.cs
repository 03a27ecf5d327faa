extern alias generators;

using generators::Jigsaw.Planning;

namespace Jigsaw.Generators.Tests.Planning;

public class EquatableArrayTests
{
    [Fact]
    public void Arrays_of_equal_items_are_equal_in_every_way()
    {
        var (left, right) = (new EquatableArray<string>(["a", "b"]), new EquatableArray<string>(["a", "b"]));

        Assert.True(left == right);
        Assert.False(left != right);
        Assert.True(left.Equals((object)right));
        Assert.Equal(left.GetHashCode(), right.GetHashCode());
    }

    [Theory]
    [InlineData("a", "c")]
    [InlineData("b", "a")]
    [InlineData("a")]
    [InlineData]
    public void Arrays_of_other_items_differ(params string[] other)
    {
        Assert.False(new EquatableArray<string>(["a", "b"]).Equals(new EquatableArray<string>(other)));
    }

    [Fact]
    public void The_default_is_the_empty_array()
    {
        Assert.True(default(EquatableArray<string>) == new EquatableArray<string>([]));
        Assert.Empty(default(EquatableArray<string>));
        Assert.Equal(default(EquatableArray<string>).GetHashCode(), new EquatableArray<string>([]).GetHashCode());
        Assert.Throws<ArgumentOutOfRangeException>(() => default(EquatableArray<string>)[0]);
    }

    [Theory]
    [InlineData("NoiseFloor", "noise_floor")]
    [InlineData("KLTerm", "kl_term")]
    [InlineData("L2Floor", "l2_floor")]
    [InlineData("noise", "noise")]
    [InlineData("Noise_Floor", "noise_floor")]
    [InlineData("NoiseFloorX", "noise_floor_x")]
    public void A_key_is_the_name_in_snake_case(string name, string key) => Assert.Equal(key, SnakeCase.Of(name));
}
