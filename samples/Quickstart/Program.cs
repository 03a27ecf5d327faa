using Jigsaw.CommandLine;
using Quickstart;

var bundled = Path.Combine("models", "support-lm");
return await new JigsawProgram
{
    Model = bundled,
    Data = Path.Combine(bundled, "data", "train-32000.jsonl.gz"),
    EvaluationData = Path.Combine(bundled, "data", "eval.jsonl"),
}.Add<QuickstartRecipe>("protect").Add<OriginalTermsRecipe>().Add<EveryTokenRecipe>().Add<PairwiseRecipe>().RunAsync(args);
