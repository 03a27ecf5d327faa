using Jigsaw.Testing;

namespace JigsawApp.Tests;

public class ChatRecipeTests
{
    [Fact]
    public void The_plan_and_the_numbers_are_what_was_reviewed() => Snapshot.Verify(ChatRecipe.Plan, ChatRecipe.Defaults);
}
