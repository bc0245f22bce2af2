namespace Pipeline.Models.Graph;

/// <summary>
/// Inner join of columns by index. Each column holds what the others have not reached yet: at most the lead that the run allows and what the
/// steps before hold back.
/// </summary>
internal sealed class JoinStep
{
    private const int Block = 1024;   // rows that stay in the first-level cache while all columns are looked at

    private readonly AlignedRows _output;
    private readonly ColumnEnd[] _columns;
    private readonly int[] _there = new int[Block];
    private long _firstIndex;

    public JoinStep(SignalGraph graph, AlignedRows output)
    {
        _output = output;
        _firstIndex = graph.FirstIndex;
        var seconds = graph.MaxLead.TotalSeconds + 2 * graph.Streams.Max(s => s.Holds).TotalSeconds;
        var capacity = checked((int)(seconds * graph.RateHz) + 64);
        _columns = [.. graph.Streams.Select(s => new ColumnEnd(this, capacity, graph.FirstIndex - s.FirstIndex))];
    }

    public ISignalStep Input(int column) => _columns[column];

    public ReadOnlySpan<float> Column(int column, int rows) => _columns[column].Front(rows);

    private void Match()
    {
        var rows = int.MaxValue;
        foreach (var column in _columns)
            rows = Math.Min(rows, column.Count);
        if (rows == 0)
            return;
        var present = 0;
        for (var at = 0; at < rows; at += Block)
            present += Intersect(at, Math.Min(Block, rows - at));
        _output(new AlignedBatch(this, _firstIndex, rows, present));
        _firstIndex += rows;
        foreach (var column in _columns)
            column.Remove(rows);
    }

    // Blanks rows that are not there in all columns; gives the number of those that are.
    private int Intersect(int at, int rows)
    {
        var there = _there.AsSpan(0, rows);
        there.Fill(-1);
        foreach (var column in _columns)
            Lanes.Intersect(column.Front(at + rows)[at..], there);
        var present = Lanes.CountOf(there);
        if (present < rows)
            foreach (var column in _columns)
                Lanes.Blank(column.Front(at + rows)[at..], there);
        return present;
    }

    /// <summary>The end of one stream's steps.</summary>
    private sealed class ColumnEnd(JoinStep join, int capacity, long skip) : ISignalStep
    {
        private readonly float[] _held = new float[capacity];
        private long _skip = skip;   // samples before the first row

        public int Count { get; private set; }

        public void Push(ReadOnlySpan<float> samples)
        {
            var skipped = (int)Math.Min(_skip, samples.Length);
            _skip -= skipped;
            samples = samples[skipped..];
            samples.CopyTo(_held.AsSpan(Count));
            Count += samples.Length;
            join.Match();
        }

        public void Finish()
        {
            // Rows went out as they became complete; what is held now has no partner.
        }

        public Span<float> Front(int rows) => _held.AsSpan(0, rows);

        public void Remove(int rows)
        {
            Count -= rows;
            _held.AsSpan(rows, Count).CopyTo(_held);
        }
    }
}
