namespace Pipeline.Models.Graph;

/// <summary>Takes the next rows of a graph; they are valid during the call only.</summary>
public delegate void AlignedRows(in AlignedBatch batch);

/// <summary>
/// Consecutive rows of a joined graph, column after column. A row in which any stream is missing is NaN in every column, so that whoever
/// looks at one column sees the same rows as one who looks at all.
/// </summary>
public readonly ref struct AlignedBatch
{
    private readonly JoinStep _join;

    internal AlignedBatch(JoinStep join, long firstIndex, int rowCount, int presentCount)
    {
        _join = join;
        FirstIndex = firstIndex;
        RowCount = rowCount;
        PresentCount = presentCount;
    }

    /// <summary>Index of the first row; its time is index / rate.</summary>
    public long FirstIndex { get; }

    /// <summary>Rows, missing ones included; 1 or more.</summary>
    public int RowCount { get; }

    /// <summary>Rows in which every stream has a sample.</summary>
    public int PresentCount { get; }

    /// <summary>The samples of stream <paramref name="column"/>, [rows].</summary>
    public ReadOnlySpan<float> this[int column] => _join.Column(column, RowCount);
}
