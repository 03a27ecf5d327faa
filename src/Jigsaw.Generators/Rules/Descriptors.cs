using System.Collections.Immutable;
using System.Reflection;
using Microsoft.CodeAnalysis;

namespace Jigsaw.Generators.Rules;

/// <summary>The diagnostics of Jigsaw: stable ids, a page each. Errors can't be configured away.</summary>
internal static class Descriptors
{
    private const string Category = "Jigsaw";

    /// <summary>The one place that says where the repository is served; what else refers to a page does so by its path.</summary>
    private const string Repository = "https://github.com/jigsaw-net/jigsaw";

    private const string Pages = Repository + "/blob/main/docs/diagnostics/";

    public static readonly DiagnosticDescriptor NotPartial = new(
        "JIG0001", "Recipe or type around it is not partial", "Type '{0}' is not partial, so the loss can't be written into the recipe; add 'partial' to its declaration",
        Category, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "JIG0001.md", customTags: WellKnownDiagnosticTags.NotConfigurable);

    public static readonly DiagnosticDescriptor TermWithoutRecipe = new(
        "JIG0002", "Term without a recipe", "'{0}' has a loss term but no [LossRecipe]{1}, so nothing is generated; add [LossRecipe] or remove the term",
        Category, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "JIG0002.md", customTags: WellKnownDiagnosticTags.NotConfigurable);

    public static readonly DiagnosticDescriptor NoTerms = new(
        "JIG0003", "Recipe without terms", "Recipe '{0}' has no term with a weight above 0, so there is no loss; add a [LossTerm.…] or a method with [LossTerm]",
        Category, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "JIG0003.md", customTags: WellKnownDiagnosticTags.NotConfigurable);

    public static readonly DiagnosticDescriptor FileLocal = new(
        "JIG0004", "Recipe in a file-local type", "Type '{0}' is local to its file, so the loss can't be added to the recipe from another file; remove 'file'",
        Category, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "JIG0004.md", customTags: WellKnownDiagnosticTags.NotConfigurable);

    public static readonly DiagnosticDescriptor MemberCollision = new(
        "JIG0005", "Member has the name of a generated one", "'{0}'{1} has the name of a member that Jigsaw generates into the recipe '{2}'; rename {3}",
        Category, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "JIG0005.md", customTags: WellKnownDiagnosticTags.NotConfigurable);

    public static readonly DiagnosticDescriptor BaseRecipe = new(
        "JIG0006", "Recipe derives from a recipe", "Recipe '{0}' derives from the recipe '{1}', whose generated members it would hide; remove [LossRecipe] from one of them",
        Category, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "JIG0006.md", customTags: WellKnownDiagnosticTags.NotConfigurable);

    public static readonly DiagnosticDescriptor LanguageVersion = new(
        "JIG0007", "C# version is too old", "C# {0} can't compile what Jigsaw generates; set <LangVersion> to {1} or later",
        Category, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "JIG0007.md", customTags: WellKnownDiagnosticTags.NotConfigurable);

    public static readonly DiagnosticDescriptor NoRuntime = new(
        "JIG0008", "Runtime is not referenced", "Recipe '{0}' can't run: the project doesn't reference Jigsaw.Runtime; add the reference",
        Category, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "JIG0008.md", customTags: WellKnownDiagnosticTags.NotConfigurable);

    public static readonly DiagnosticDescriptor DuplicateTerm = new(
        "JIG0009", "Term is declared twice", "'{0}' is declared twice in '{1}'; remove one of the two{2}",
        Category, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "JIG0009.md", customTags: WellKnownDiagnosticTags.NotConfigurable);

    public static readonly DiagnosticDescriptor DuplicateKey = new(
        "JIG0010", "Two terms have the same component key", "The component key of '{0}' is '{1}', which {2}; {3}",
        Category, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "JIG0010.md", customTags: WellKnownDiagnosticTags.NotConfigurable);

    public static readonly DiagnosticDescriptor PropertyCollision = new(
        "JIG0011", "Term has the name of a generated property", "The component of '{0}' would be the property '{1}', which the recipe's components already have; {2}",
        Category, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "JIG0011.md", customTags: WellKnownDiagnosticTags.NotConfigurable);

    public static readonly DiagnosticDescriptor BadKey = new(
        "JIG0012", "Key is not in snake case", "Key of '{0}' is {1}, which can't name a component and its hyperparameters; use small letters, digits and single underscores, such as \"{2}\"",
        Category, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "JIG0012.md", customTags: WellKnownDiagnosticTags.NotConfigurable);

    public static readonly DiagnosticDescriptor Hidden = new(
        "JIG0013", "Type hides what generated code names", "Type '{0}' of this project hides a namespace or a type that the loss of '{1}' names; rename it, or move it into another namespace",
        Category, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "JIG0013.md", customTags: WellKnownDiagnosticTags.NotConfigurable);

    public static readonly DiagnosticDescriptor BadWeight = new(
        "JIG0020", "Weight is not finite and non-negative", "{0}",
        Category, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "JIG0020.md", customTags: WellKnownDiagnosticTags.NotConfigurable);

    public static readonly DiagnosticDescriptor ZeroWeight = new(
        "JIG0021", "Weight is 0", "Weight of '{0}' is 0: the term and what only it needs are left out of the program; remove the term, or give it a weight above 0",
        Category, DiagnosticSeverity.Info, isEnabledByDefault: true, helpLinkUri: Pages + "JIG0021.md");

    public static readonly DiagnosticDescriptor NotPositive = new(
        "JIG0022", "Number is not positive and finite", "{0}",
        Category, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "JIG0022.md", customTags: WellKnownDiagnosticTags.NotConfigurable);

    public static readonly DiagnosticDescriptor BadShare = new(
        "JIG0023", "Share is not from 0 to 1", "{0}",
        Category, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "JIG0023.md", customTags: WellKnownDiagnosticTags.NotConfigurable);

    public static readonly DiagnosticDescriptor BadLayer = new(
        "JIG0024", "Layer index is negative", "{0}",
        Category, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "JIG0024.md", customTags: WellKnownDiagnosticTags.NotConfigurable);

    public static readonly DiagnosticDescriptor BadChoice = new(
        "JIG0025", "Value is not one of the choices", "{0} is {1}, which is not one of the choices; use {2}",
        Category, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "JIG0025.md", customTags: WellKnownDiagnosticTags.NotConfigurable);

    public static readonly DiagnosticDescriptor IntegerDivision = new(
        "JIG0026", "Arithmetic drops a fraction", "{0}, which gives {1}; write '{2}'",
        Category, DiagnosticSeverity.Warning, isEnabledByDefault: true, helpLinkUri: Pages + "JIG0026.md");

    public static readonly DiagnosticDescriptor LostInSingle = new(
        "JIG0027", "Number is lost in float32", "{0} is {1}, which becomes {2} in float32; use a number between 1.5E-45 and 3.4E+38",
        Category, DiagnosticSeverity.Warning, isEnabledByDefault: true, helpLinkUri: Pages + "JIG0027.md");

    public static readonly DiagnosticDescriptor BadRamp = new(
        "JIG0028", "Whole number is out of range", "{0}",
        Category, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "JIG0028.md", customTags: WellKnownDiagnosticTags.NotConfigurable);

    public static readonly DiagnosticDescriptor NoRampStart = new(
        "JIG0029", "Geometric ramp has no start", "Ramp of '{0}' is geometric, which multiplies the weight in each step and so can't rise from 0; add RampStart = 0.01, the weight to rise from, or use another ramp",
        Category, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "JIG0029.md", customTags: WellKnownDiagnosticTags.NotConfigurable);

    public static readonly DiagnosticDescriptor ComputedZero = new(
        "JIG0030", "Weight comes out as 0", "The weight '{0}' comes out as 0, so the term and what only it needs are left out of the program; correct the arithmetic, or write 0 if that is meant",
        Category, DiagnosticSeverity.Warning, isEnabledByDefault: true, helpLinkUri: Pages + "JIG0030.md");

    public static readonly DiagnosticDescriptor NeedsLayer = new(
        "JIG0040", "Term needs a distillation layer", "'{0}' compares hidden states at the distillation layer, but the recipe names no layer; add DistillationLayer = … to [LossRecipe]",
        Category, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "JIG0040.md", customTags: WellKnownDiagnosticTags.NotConfigurable);

    public static readonly DiagnosticDescriptor UnreadLayer = new(
        "JIG0041", "Distillation layer is not read", "DistillationLayer is {0}, but no term reads a layer; remove DistillationLayer, or add a term that compares hidden states",
        Category, DiagnosticSeverity.Warning, isEnabledByDefault: true, helpLinkUri: Pages + "JIG0041.md");

    public static readonly DiagnosticDescriptor TruncateWithoutLayer = new(
        "JIG0042", "Truncate without a distillation layer", "Truncate accepts models that end at the distillation layer, but the recipe names no layer; add DistillationLayer = …",
        Category, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "JIG0042.md", customTags: WellKnownDiagnosticTags.NotConfigurable);

    public static readonly DiagnosticDescriptor LogitsTruncated = new(
        "JIG0043", "Term on logits in a truncated recipe", "'{0}' reads logits, which models truncated at the distillation layer don't have; remove the term or Truncate",
        Category, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "JIG0043.md", customTags: WellKnownDiagnosticTags.NotConfigurable);

    public static readonly DiagnosticDescriptor NoEffect = new(
        "JIG0044", "Argument has no effect", "{0} of '{1}' has no effect without {2}; add {2}, or remove {0}",
        Category, DiagnosticSeverity.Warning, isEnabledByDefault: true, helpLinkUri: Pages + "JIG0044.md");

    public static readonly DiagnosticDescriptor Uncapped = new(
        "JIG0045", "Maximized term without a cap", "'{0}' is maximized and has no cap, so the loss is unbounded below; add MaxLoss = 10",
        Category, DiagnosticSeverity.Warning, isEnabledByDefault: true, helpLinkUri: Pages + "JIG0045.md");

    public static readonly DiagnosticDescriptor MaskTwice = new(
        "JIG0046", "Mask and another property both name a mask", "{0} and Mask of '{1}' are incompatible, since both choose the mask; remove one of them",
        Category, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "JIG0046.md", customTags: WellKnownDiagnosticTags.NotConfigurable);

    public static readonly DiagnosticDescriptor SilencedByAlpha = new(
        "JIG0047", "Alpha silences terms", "Alpha is {0}, which gives {1} no weight; use a number between 0 and 1, or remove the terms",
        Category, DiagnosticSeverity.Warning, isEnabledByDefault: true, helpLinkUri: Pages + "JIG0047.md");

    public static readonly DiagnosticDescriptor NothingKeepsQuality = new(
        "JIG0048", "No term keeps quality", "No term of '{0}' keeps the student's answers close to the teacher's, so the transform collapses to noise; add CePerformance, L2Performance or a distillation distance",
        Category, DiagnosticSeverity.Warning, isEnabledByDefault: true, helpLinkUri: Pages + "JIG0048.md");

    public static readonly DiagnosticDescriptor NothingAddsPrivacy = new(
        "JIG0049", "No term adds privacy", "No term of '{0}' drives transformed embeddings away from the clean ones, so the transform learns the identity and nothing is private; add StdLogRatio, MutualInformation, AbsoluteCosineSimilarity, InputEmbeddingSimilarity or InverseL2PowerLaw",
        Category, DiagnosticSeverity.Warning, isEnabledByDefault: true, helpLinkUri: Pages + "JIG0049.md");

    public static readonly DiagnosticDescriptor DefaultLength = new(
        "JIG0050", "Characteristic length is left at its default", "CharacteristicLength of '{0}' is left at its default of 1, which fits an embedding table only by chance; write the length that JigsawLosses.RecommendedCharacteristicLength computes",
        Category, DiagnosticSeverity.Info, isEnabledByDefault: true, helpLinkUri: Pages + "JIG0050.md");

    public static readonly DiagnosticDescriptor NothingOnSomeSteps = new(
        "JIG0051", "Every term is left out of some steps", "Each term of '{0}' is left out of some steps by its Every, and a step without a term trains nothing; remove Every from one of them",
        Category, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "JIG0051.md", customTags: WellKnownDiagnosticTags.NotConfigurable);

    public static readonly DiagnosticDescriptor NotStatic = new(
        "JIG0060", "Custom term is not static", "'{0}' is an instance method, and a recipe has no instance; add 'static'",
        Category, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "JIG0060.md", customTags: WellKnownDiagnosticTags.NotConfigurable);

    public static readonly DiagnosticDescriptor WrongReturn = new(
        "JIG0061", "Custom term does not return a tensor", "'{0}' returns '{1}'; return {2} that is never null",
        Category, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "JIG0061.md", customTags: WellKnownDiagnosticTags.NotConfigurable);

    public static readonly DiagnosticDescriptor UnknownParameter = new(
        "JIG0062", "Custom term reads something unknown", "Parameter '{0}' is a '{1}', which a term can't read; use one of the types that name activations, such as {2}",
        Category, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "JIG0062.md", customTags: WellKnownDiagnosticTags.NotConfigurable);

    public static readonly DiagnosticDescriptor DuplicateParameter = new(
        "JIG0063", "Custom term reads the same input twice", "Parameter '{0}' is a '{1}', like an earlier parameter; remove it",
        Category, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "JIG0063.md", customTags: WellKnownDiagnosticTags.NotConfigurable);

    public static readonly DiagnosticDescriptor ParameterModifier = new(
        "JIG0064", "Parameter of a custom term is not a plain one", "Parameter '{0}' is {1}; declare it as a plain parameter without a default value",
        Category, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "JIG0064.md", customTags: WellKnownDiagnosticTags.NotConfigurable);

    public static readonly DiagnosticDescriptor UnfitMethod = new(
        "JIG0065", "Method can't be a term", "'{0}' {1}",
        Category, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "JIG0065.md", customTags: WellKnownDiagnosticTags.NotConfigurable);

    public static readonly DiagnosticDescriptor RowsWithBatch = new(
        "JIG0066", "Term on rows of logits reads the whole batch", "Parameter '{0}' is a '{1}', which is of the whole batch, but '{2}' reads rows of logits, a few tokens at a time in no particular order, so the two can't be matched; read only rows, or whole logits, such as StudentNoisyLogits",
        Category, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "JIG0066.md", customTags: WellKnownDiagnosticTags.NotConfigurable);

    public static readonly DiagnosticDescriptor RowsOfSeveralPasses = new(
        "JIG0067", "Term on rows of logits reads several passes", "Parameter '{0}' is of a second pass, but '{1}' reads rows of logits, which are available for one pass at a time beside TeacherCleanLogitRows; read whole logits, {2} and {3}",
        Category, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "JIG0067.md", customTags: WellKnownDiagnosticTags.NotConfigurable);

    public static readonly DiagnosticDescriptor RowsOfTeacherAlone = new(
        "JIG0068", "Term on rows of logits reads the teacher's alone", "'{0}' reads only the teacher's logits on clean embeddings, a constant that nothing trains; add the rows of the pass to compare with, such as StudentNoisyLogitRows",
        Category, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "JIG0068.md", customTags: WellKnownDiagnosticTags.NotConfigurable);

    public static readonly DiagnosticDescriptor MaskOfScalar = new(
        "JIG0069", "Mask of a custom term that returns a scalar", "Mask of '{0}' names tokens to average over, but its method returns a scalar, which is averaged already; remove Mask and read LossMask, AttentionMask or NoiseMask in the method, or read rows of logits, such as StudentNoisyLogitRows",
        Category, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "JIG0069.md", customTags: WellKnownDiagnosticTags.NotConfigurable);

    public static readonly DiagnosticDescriptor UnfitClass = new(
        "JIG0070", "Class can't share terms", "'{0}' {1}",
        Category, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "JIG0070.md", customTags: WellKnownDiagnosticTags.NotConfigurable);

    public static readonly DiagnosticDescriptor HiddenTerm = new(
        "JIG0071", "Shared term can't be called", "'{0}' is {1}, so the loss of '{2}' can't call it; make it internal or public",
        Category, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "JIG0071.md", customTags: WellKnownDiagnosticTags.NotConfigurable);

    /// <summary>All of them, by id.</summary>
    public static readonly ImmutableDictionary<string, DiagnosticDescriptor> ById = typeof(Descriptors)
        .GetFields(BindingFlags.Public | BindingFlags.Static)
        .Where(field => field.FieldType == typeof(DiagnosticDescriptor))
        .Select(field => (DiagnosticDescriptor)field.GetValue(null)!)
        .ToImmutableDictionary(descriptor => descriptor.Id);

    /// <summary>True if a problem of this id keeps a recipe from running.</summary>
    public static bool IsError(string id) => ById[id].DefaultSeverity == DiagnosticSeverity.Error;
}
