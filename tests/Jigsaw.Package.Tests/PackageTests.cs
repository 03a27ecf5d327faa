using System.Text;
using System.Text.Json;
using System.Xml.Linq;

namespace Jigsaw.Package.Tests;

public sealed class PackageTests(PackedJigsaw package) : IClassFixture<PackedJigsaw>
{
    [Fact]
    public void The_package_holds_the_libraries_the_analyzers_and_what_its_page_shows()
    {
        Assert.Equal(
            [
                "Jigsaw.nuspec",
                "README.md",
                "analyzers/dotnet/cs/Jigsaw.CodeFixes.dll",
                "analyzers/dotnet/cs/Jigsaw.Generators.dll",
                "buildTransitive/net10.0/Jigsaw.targets",
                "buildTransitive/net10.0/NativeInitializer.cs",
                "icon.png",
                "lib/net10.0/Jigsaw.Dsl.dll",
                "lib/net10.0/Jigsaw.Dsl.xml",
                "lib/net10.0/Jigsaw.Native.dll",
                "lib/net10.0/Jigsaw.Native.xml",
                "lib/net10.0/Jigsaw.Runtime.dll",
                "lib/net10.0/Jigsaw.Runtime.xml",
            ],
            Contents(package.Package));
    }

    [Fact]
    public void The_symbols_are_those_of_the_libraries()
    {
        Assert.Equal(["Jigsaw.nuspec", "lib/net10.0/Jigsaw.Dsl.pdb", "lib/net10.0/Jigsaw.Native.pdb", "lib/net10.0/Jigsaw.Runtime.pdb"], Contents(package.Symbols));
    }

    [Fact]
    public void The_package_states_its_license_and_shows_its_page_and_icon()
    {
        var metadata = Nuspec().Root!.Elements().Single();

        Assert.Equal("Apache-2.0", Value(metadata, "license"));
        Assert.Equal("README.md", Value(metadata, "readme"));
        Assert.Equal("icon.png", Value(metadata, "icon"));
        Assert.NotEmpty(Value(metadata, "description"));
        Assert.StartsWith("https://", Value(metadata, "projectUrl"), StringComparison.Ordinal);
        Assert.Equal(Value(metadata, "projectUrl"), (string?)metadata.Elements().Single(element => element.Name.LocalName == "repository").Attribute("url"));
    }

    [Fact]
    public void The_package_depends_on_exactly_what_the_runtime_references()
    {
        // What a restore resolved: the runtime's own references, and those of its dependencies whose version is pinned.
        var restored = JsonDocument.Parse(File.ReadAllText(Path.Combine(PackedJigsaw.RepositoryRoot, "src", "Jigsaw.Runtime", "obj", "project.assets.json"))).RootElement;
        var project = XDocument.Load(Path.Combine(PackedJigsaw.RepositoryRoot, "src", "Jigsaw.Runtime", "Jigsaw.Runtime.csproj"));
        string[] own = ["Jigsaw.Prompts"];
        var referenced = project.Descendants("PackageReference").Where(reference => (string?)reference.Attribute("PrivateAssets") != "all").Select(reference => (string)reference.Attribute("Include")!)
            .Concat(restored.GetProperty("centralTransitiveDependencyGroups").GetProperty("net10.0").EnumerateObject().Select(pinned => pinned.Name));
        var dependencies = Nuspec().Descendants().Where(element => element.Name.LocalName == "dependency").Select(element => (string)element.Attribute("id")!);

        Assert.Equal(referenced.Concat(own).Order(StringComparer.Ordinal), dependencies.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Packing_again_gives_the_same_bytes()
    {
        var again = package.NewFolder("again");
        await package.Pack(again);

        Assert.Equal(File.ReadAllBytes(package.Package), File.ReadAllBytes(Path.Combine(again, Path.GetFileName(package.Package))));
    }

    [Fact]
    public void A_release_names_no_path_of_the_machine_that_built_it()
    {
        var root = Encoding.UTF8.GetBytes(PackedJigsaw.RepositoryRoot);
        var naming = PackedJigsaw.Entries(package.Package).Concat(PackedJigsaw.Entries(package.Symbols)).Where(entry => entry.Value.AsSpan().IndexOf(root) >= 0).Select(entry => entry.Key);

        // A debug build names the sources where they are, for the debugger.
        Assert.True(PackedJigsaw.Configuration != "Release" || !naming.Any(), string.Join(", ", naming));
    }

    [Fact]
    public async Task A_program_whose_first_statement_makes_a_tensor_runs()
    {
        var program = new ConsoleProgram(package, "tensor");
        program.Write("Program.cs", """
            using var zeros = TorchSharp.torch.zeros(1);
            Console.WriteLine($"sum {(zeros + 3).sum().item<float>()}");
            """);

        var (built, log) = await program.Build();
        Assert.True(built == 0, log);
        Assert.Contains("0 Warning(s)", log, StringComparison.Ordinal);
        Assert.Equal((0, $"sum 3{Environment.NewLine}"), await program.Run());
    }

    [Fact]
    public async Task A_recipe_builds_and_runs_and_a_wrong_weight_breaks_the_build()
    {
        var program = new ConsoleProgram(package, "recipe");
        program.Write("Program.cs", """
            using Jigsaw;
            using static TorchSharp.torch;

            var stds = new TransformStds(ones(2, 3, 4));
            Console.WriteLine($"{ChatRecipe.Plan.Passes.Count} passes, floor {ChatRecipe.NoiseFloor(stds).item<float>()}, weight {ChatRecipe.Defaults.CeProtectionWeight}");

            [LossRecipe]
            [LossTerm.CePerformance(1)]
            [LossTerm.CeProtection(0.25, MaxLoss = 10)]
            [LossTerm.AbsoluteCosineSimilarity(0.5)]
            public partial class ChatRecipe
            {
                [LossTerm(0.05)]
                public static Tensor NoiseFloor(TransformStds stds) => stds.Value.mean();
            }
            """);

        var (built, log) = await program.Build();
        Assert.True(built == 0, log);
        Assert.Contains("0 Warning(s)", log, StringComparison.Ordinal);
        Assert.Equal((0, $"3 passes, floor 1, weight 0.25{Environment.NewLine}"), await program.Run());

        program.Replace("Program.cs", "CePerformance(1)", "CePerformance(-1)");
        (built, log) = await program.Build();
        Assert.NotEqual(0, built);
        Assert.Contains("Program.cs(8,25): error JIG0020: ", log, StringComparison.Ordinal);
        Assert.DoesNotContain("error CS", log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_service_with_the_clients_package_alone_has_no_libtorch_and_transforms_prompts()
    {
        await package.Pack(package.Feed, "src/Jigsaw.Client");
        var program = new PackageProject(package, "service", reference: "Jigsaw.Client");
        string Folder(params string[] names) => JsonSerializer.Serialize(Path.Combine([PackedJigsaw.RepositoryRoot, "samples", .. names]));
        program.Write("Program.cs", $$"""
            using Jigsaw.Client;
            using Jigsaw.Tokenization;

            ClientBundle.Export({{Folder("models", "support-lm")}}, {{Folder("Serving", "trained", "transform")}}, "bundle", NoiseScope.Users);
            using var transform = PromptTransform.Load("bundle");
            var prompt = transform.Transform([new ChatMessage("user", "Where is my order 4711?")]);
            Console.WriteLine($"{prompt.TokenCount > 10} {prompt.Features} {prompt.Bytes.Length == prompt.TokenCount * prompt.Features * 2}");
            """);

        await program.Builds();
        var restored = JsonDocument.Parse(File.ReadAllText(Path.Combine(program.Folder, "obj", "project.assets.json"))).RootElement.GetProperty("libraries").EnumerateObject().Select(library => library.Name.Split('/')[0]);
        Assert.Equal(["Jigsaw.Client", "Jigsaw.Prompts", "Microsoft.Extensions.AI.Abstractions", "System.Numerics.Tensors"], restored.Order(StringComparer.Ordinal));
        Assert.Equal((0, $"True 128 True{Environment.NewLine}"), await program.Run());
    }

    private static IEnumerable<string> Contents(string file) =>
        PackedJigsaw.Entries(file).Keys.Where(name => !name.StartsWith("_rels/", StringComparison.Ordinal) && !name.StartsWith("package/", StringComparison.Ordinal) && name != "[Content_Types].xml");

    private static string Value(XElement metadata, string name) => metadata.Elements().Single(element => element.Name.LocalName == name).Value;

    private XDocument Nuspec() => XDocument.Parse(Encoding.UTF8.GetString(PackedJigsaw.Entries(package.Package)["Jigsaw.nuspec"]).TrimStart('\uFEFF'));
}
