namespace Jigsaw.Data;

/// <summary>How a file holds its rows.</summary>
internal enum DataPacking
{
    /// <summary>As JSON.</summary>
    None,

    /// <summary>As JSON packed by gzip.</summary>
    Gzip,

    /// <summary>As JSON packed by zstd.</summary>
    Zstd,

    /// <summary>By columns.</summary>
    Parquet,
}
