namespace Jigsaw;

/// <summary>One forward of one model on one kind of input.</summary>
public enum Pass
{
    /// <summary>The base model on the clean embeddings x: the target of every comparison, a constant.</summary>
    TeacherClean,

    /// <summary>The base model on the transformed embeddings x̃.</summary>
    TeacherNoisy,

    /// <summary>The adapted model on the transformed embeddings x̃.</summary>
    StudentNoisy,

    /// <summary>The adapted model on the clean embeddings x.</summary>
    StudentClean,
}
