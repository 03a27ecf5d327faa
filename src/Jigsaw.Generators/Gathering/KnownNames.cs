namespace Jigsaw.Generators.Gathering;

/// <summary>Metadata names of the types that recipes are made of.</summary>
internal static class KnownNames
{
    public const string LossRecipe = "Jigsaw.LossRecipeAttribute";
    public const string LossRecipeClass = "LossRecipeAttribute";
    public const string LossTerm = "LossTermAttribute";
    public const string LossTerms = "LossTerm";
    public const string LossTermsClass = "LossTermsAttribute";
    public const string Dsl = "Jigsaw";
    public const string CompilerServices = "CompilerServices";
    public const string Definition = "LossTermDefinitionAttribute";
    public const string Hyperparameter = "HyperparameterAttribute";
    public const string MaskUnless = "MaskUnlessAttribute";
    public const string Key = "Key";
    public const string Runtime = "Jigsaw.Losses.Hyperparameters.RecipeHyperparameters";

    /// <summary>What a recipe is as a type argument.</summary>
    public const string TypeArgument = "Jigsaw.Steps.ILossRecipe";

    /// <summary>What generated code names, from the global namespace on.</summary>
    public static readonly string[] Generated =
    [
        "Jigsaw.Batches", "Jigsaw.CompilerServices", "Jigsaw.Losses.Hyperparameters", "Jigsaw.Losses.ComponentLosses", "Jigsaw.Passes", "Jigsaw.Steps", "Jigsaw.Pass", "Jigsaw.CeTarget", "Jigsaw.Ramp",
        "TorchSharp.torch", "System.CodeDom.Compiler.GeneratedCodeAttribute", "System.Array", "System.ArgumentException", "System.InvalidOperationException",
    ];

    /// <summary>The members that the generator writes into a recipe.</summary>
    public static readonly string[] GeneratedMembers = ["Plan", "Defaults", "Bind", "Compute", "Components", "Hyperparameters"];
}
