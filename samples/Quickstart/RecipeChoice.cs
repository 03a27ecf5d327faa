using Jigsaw.Models.Lora;
using Jigsaw.Steps;

namespace Quickstart;

/// <summary>A recipe of the sample, and how it is trained.</summary>
/// <param name="Name">Its name on the command line.</param>
/// <param name="Steps">How many steps it takes.</param>
/// <param name="Rank">Rank of the adapters; alpha is twice the rank.</param>
/// <param name="LearningRate">The largest learning rate.</param>
/// <param name="FinalLearningRateFraction">Its fraction at the last step.</param>
/// <param name="ClipsApart">True if the gradients of adapters and transform are clipped apart.</param>
/// <param name="Bind">Binds it to a teacher and a student for a number of steps, with the numbers of a file; null keeps the recipe's.</param>
internal sealed record RecipeChoice(
    string Name,
    int Steps,
    int Rank,
    double LearningRate,
    double FinalLearningRateFraction,
    bool ClipsApart,
    Func<NoisyTeacher, NoisyStudent, int, string?, BoundLoss> Bind)
{
    /// <summary>All of them, the default first.</summary>
    public static IReadOnlyList<RecipeChoice> All { get; } =
    [
        new("protect", 2000, Rank: 32, 3e-3, 0.05, ClipsApart: true, (teacher, student, steps, file) =>
            QuickstartRecipe.Bind(teacher, student, InProportion(file is null ? QuickstartRecipe.Defaults : QuickstartRecipe.Hyperparameters.Read(file), steps))),
        new("original-terms", 700, Rank: 8, 2e-3, 0.1, ClipsApart: false, (teacher, student, _, file) =>
            OriginalTermsRecipe.Bind(teacher, student, file is null ? OriginalTermsRecipe.Defaults : OriginalTermsRecipe.Hyperparameters.Read(file))),
        new("every-token", 700, Rank: 8, 2e-3, 0.1, ClipsApart: false, (teacher, student, _, file) =>
            EveryTokenRecipe.Bind(teacher, student, file is null ? EveryTokenRecipe.Defaults : EveryTokenRecipe.Hyperparameters.Read(file))),
    ];

    /// <summary>The recipe with a name.</summary>
    public static RecipeChoice Of(string name) => All.Single(choice => choice.Name == name);

    /// <summary>The adapters to train.</summary>
    public LoraConfig Adapters => new() { Rank = Rank, Alpha = 2 * Rank };

    /// <summary>The recipe's ramps in proportion to the length of the run; what a file changed stays.</summary>
    private static QuickstartRecipe.Hyperparameters InProportion(QuickstartRecipe.Hyperparameters numbers, int steps)
    {
        var (recipe, whole) = (QuickstartRecipe.Defaults, All[0].Steps);
        int Of(int number, int written) => number == written ? (int)((long)written * steps / whole) : number;
        return numbers with
        {
            InformationRateRampStartFrom = Of(numbers.InformationRateRampStartFrom, recipe.InformationRateRampStartFrom),
            InformationRateRampFrom = Of(numbers.InformationRateRampFrom, recipe.InformationRateRampFrom),
            InformationRateRampSteps = Math.Max(1, Of(numbers.InformationRateRampSteps, recipe.InformationRateRampSteps)),
            CounterfactualDivergenceRampStartFrom = Of(numbers.CounterfactualDivergenceRampStartFrom, recipe.CounterfactualDivergenceRampStartFrom),
            CounterfactualDivergenceRampFrom = Of(numbers.CounterfactualDivergenceRampFrom, recipe.CounterfactualDivergenceRampFrom),
            CounterfactualDivergenceRampSteps = Math.Max(1, Of(numbers.CounterfactualDivergenceRampSteps, recipe.CounterfactualDivergenceRampSteps)),
            CeProtectionEvery = Math.Min(numbers.CeProtectionEvery, steps),
            CleanEmbeddingsGuardrailsEvery = Math.Min(numbers.CleanEmbeddingsGuardrailsEvery, steps),
        };
    }
}
