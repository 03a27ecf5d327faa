namespace Jigsaw.Planning;

/// <summary>The method of a custom term.</summary>
/// <param name="Method">The method's name, unescaped.</param>
/// <param name="Parameters">What it reads.</param>
/// <param name="IsStatic">True if the method is static.</param>
/// <param name="ReturnType">What it returns, for messages; null where it is right.</param>
/// <param name="Unfit">What else keeps the method from being a term, as the end of a sentence; null where nothing does.</param>
internal sealed record CustomTermModel(string Method, EquatableArray<CustomParameterModel> Parameters, bool IsStatic, string? ReturnType, string? Unfit)
{
    /// <summary>The class that shares it; null for a method of the recipe itself.</summary>
    public TermClass? Class { get; init; }

    /// <summary>The accessibility that keeps the recipe from calling it, such as <c>private</c>; null where none does.</summary>
    public string? Hidden { get; init; }

    /// <summary>What messages call it.</summary>
    public string SpokenName => Class is null ? Method : Class.Name + "." + Method;

    /// <summary>What it reads, by the types that name activations.</summary>
    public IEnumerable<ActivationType> Activations => Parameters.Where(parameter => parameter.IsActivation).Select(parameter => ActivationTypes.Find(parameter.Type)!);

    /// <summary>True if it reads rows of logits and returns a value for each.</summary>
    public bool IsOfRows => Activations.Any(type => type.IsRows);

    /// <summary>The pass that is compared with the teacher's clean one, if it reads one.</summary>
    public Pass? Source => Activations.Select(type => type.Pass).FirstOrDefault(pass => pass is not null and not Pass.TeacherClean);
}
