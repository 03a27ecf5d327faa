// What each term of the quick start's recipe does, as far as a weight of 0 there doesn't show it: its rate without surprisal, and on every token; and the original's terms where they are told what the reply doesn't repeat. The results are in docs/privacy.md.
using Ablation;
using Jigsaw.CommandLine;

var bundled = Path.Combine("models", "support-lm");
return await new JigsawProgram
{
    Model = bundled,
    Data = Path.Combine(bundled, "data", "train-32000.jsonl.gz"),
    EvaluationData = Path.Combine(bundled, "data", "eval.jsonl"),
}.Add<RateEverywhereRecipe>().Add<RateRecipe>().Add<OriginalTermsNotInReplyRecipe>().RunAsync(args);
