using System.ComponentModel;
using System.Reflection;
using System.Runtime.CompilerServices;
using Jigsaw.Batches;
using Jigsaw.Tokenization;

namespace Jigsaw.Architecture.Tests;

public sealed class PublicFaceTests
{
    // Besides what a recipe file names, which is the language. The last ones added are ConversationMemory, which outlives a call and whose owner frees it, and the attack suite with its record and metrics.
    // NonFinitePolicy is a choice that an option names. ChatFiles and ChatFileBatches are data that may be larger than memory, ChatDataException is theirs.
    // GgufExport writes what llama.cpp reads, and GgufType is its choice of numbers. TrainingEvaluation, TrainingEnd and LearningRateDecay are what an option names.
    // TeacherCache outlives a run, and its owner frees it; StepMemory is an estimate in parts. TrainedParts is what an option names.
    // IProcessGroup is the seam for what carries numbers between processes, and ProcessGroupException what these end with.
    private const int MostPublicTypes = 107;
    private const string CompilerServices = "Jigsaw.CompilerServices";
    private const string Recipes = "Jigsaw";

    private static readonly Assembly _runtime = typeof(RowMask).Assembly;

    [Fact]
    public void The_runtime_shows_few_types()
    {
        var shown = _runtime.GetExportedTypes().Concat(typeof(Tokenizer).Assembly.GetExportedTypes()).Where(type => type.Namespace is not (CompilerServices or Recipes)).Select(type => type.FullName!).Order(StringComparer.Ordinal).ToArray();
        Assert.True(shown.Length <= MostPublicTypes, $"{shown.Length} public types, {MostPublicTypes} at most: {string.Join(", ", shown)}");
    }

    [Fact]
    public void What_generated_code_alone_calls_is_hidden_from_completion()
    {
        var shown = new[] { _runtime, typeof(LossRecipeAttribute).Assembly }.SelectMany(assembly => assembly.GetExportedTypes())
            .Where(type => type.Namespace == CompilerServices && !type.IsNested)
            .Where(type => type.GetCustomAttribute<EditorBrowsableAttribute>()?.State != EditorBrowsableState.Never);
        Assert.Empty(shown);
    }

    [Fact]
    public void No_static_can_be_changed_by_a_process()
    {
        var changing = _runtime.GetTypes().Concat(typeof(Tokenizer).Assembly.GetTypes())
            .Where(type => !type.IsDefined(typeof(CompilerGeneratedAttribute)) && !type.Name.Contains('<', StringComparison.Ordinal))
            .SelectMany(type => type.GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            .Where(field => !field.IsLiteral && !field.IsInitOnly && !field.IsDefined(typeof(ThreadStaticAttribute)) && !field.Name.StartsWith("<>", StringComparison.Ordinal))
            .Select(field => $"{field.DeclaringType}.{field.Name}");
        Assert.Empty(changing);
    }

    [Fact]
    public void A_tensor_does_not_become_a_mask_implicitly() =>
        Assert.DoesNotContain(typeof(RowMask).GetMethods(BindingFlags.Static | BindingFlags.Public), method => method.Name == "op_Implicit");
}
