namespace Pipeline.Models.Graph;

/// <summary>
/// Streams of different rates brought to one rate and joined: row k holds the sample at k / rate of every stream, for those k that all
/// streams have reached (inner join). Immutable; <see cref="Start"/> makes as many runs as are wanted.
/// </summary>
public sealed class SignalGraph
{
    private static readonly TimeSpan ShortestLead = TimeSpan.FromSeconds(10);
    private readonly SignalStream[] _streams;

    private SignalGraph(SignalStream[] streams)
    {
        _streams = streams;
        FirstIndex = streams.Max(s => s.FirstIndex);
        var longest = streams.Max(s => s.Holds);
        MaxLead = longest > ShortestLead ? longest : ShortestLead;
    }

    /// <summary>Rows per second.</summary>
    public double RateHz => _streams[0].RateHz;

    /// <summary>Index of the first row.</summary>
    public long FirstIndex { get; }

    /// <summary>By how much an input may be ahead of the one that is furthest behind: what the join can hold.</summary>
    public TimeSpan MaxLead { get; }

    /// <summary>The inputs, in the order of the columns.</summary>
    public IReadOnlyList<SignalStream> Streams => _streams;

    /// <summary>Joins <paramref name="streams"/>, one column each, in their order.</summary>
    /// <exception cref="ArgumentException">No stream, or streams of different rates.</exception>
    public static SignalGraph Join(params SignalStream[] streams)
    {
        ArgumentNullException.ThrowIfNull(streams);
        if (streams.Length == 0)
            throw new ArgumentException("A join takes one stream or more.", nameof(streams));
        if (Array.Find(streams, s => s.RateHz != streams[0].RateHz) is { } other)
            throw new ArgumentException($"A join takes streams of one rate; {streams[0].RateHz} Hz and {other.RateHz} Hz were given: resample one.", nameof(streams));
        return new SignalGraph([.. streams]);
    }

    /// <summary>A run of the graph; rows go to <paramref name="output"/>. All memory that the run will need is allocated here.</summary>
    public SignalGraphRun Start(AlignedRows output)
    {
        ArgumentNullException.ThrowIfNull(output);
        return new SignalGraphRun(this, output);
    }
}
