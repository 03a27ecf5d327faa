using Jigsaw;
using Jigsaw.Testing;

namespace RecipeSnapshots;

public class SupportRecipeTests
{
    [Fact]
    public void The_loss_is_what_was_reviewed() => Snapshot.VerifyGenerated(typeof(SupportRecipe));

    [Fact]
    public void No_step_runs_the_student_on_clean_embeddings() => Assert.Null(SupportRecipe.Plan.Find(Pass.StudentClean));

    [Fact]
    public void The_cap_is_the_one_that_was_agreed() => Assert.Equal(10, SupportRecipe.Defaults.CeProtectionMaxLoss);
}
