namespace Pipeline.Models.Graph;

/// <summary>
/// A running signal graph: state of every step across batches. What comes out is a function of the samples alone, not of how they were cut
/// into batches (the rows are cut differently, their bits are the same). One thread at a time; allocates nothing after construction.
/// </summary>
public sealed class SignalGraphRun
{
    private const int MissingBatch = 1024;
    private static readonly float[] Missing = CreateMissing();

    private readonly SignalGraph _graph;
    private readonly ISignalStep[] _inputs;
    private readonly long[] _next;   // index of the next sample of each input
    private bool _finished;

    internal SignalGraphRun(SignalGraph graph, AlignedRows output)
    {
        _graph = graph;
        var join = new JoinStep(graph, output);
        _inputs = [.. graph.Streams.Select((stream, column) => stream.Build(join.Input(column)))];
        _next = [.. graph.Streams.Select(stream => stream.InputFirstIndex)];
    }

    /// <summary>How many samples <see cref="Push"/> would take now.</summary>
    public int RoomOf(int input)
    {
        var slowest = double.PositiveInfinity;
        for (var i = 0; i < _next.Length; i++)
            slowest = Math.Min(slowest, Math.Max(_next[i], Start(i)) / _graph.Streams[i].InputRateHz);
        var limit = (long)((slowest + _graph.MaxLead.TotalSeconds) * _graph.Streams[input].InputRateHz);
        return (int)Math.Clamp(limit - _next[input], 0, int.MaxValue);
    }

    /// <summary>
    /// Takes the next samples of stream <paramref name="input"/>, as many as it may be ahead of the slowest one, and says how many that were:
    /// with fewer than all, push the other streams first. Rows that are complete go out during the call.
    /// </summary>
    /// <exception cref="InvalidOperationException">The run is finished.</exception>
    public int Push(int input, ReadOnlySpan<float> samples)
    {
        if (_finished)
            throw new InvalidOperationException("The run is finished.");
        var taken = Math.Min(samples.Length, RoomOf(input));
        _next[input] += taken;
        _inputs[input].Push(samples[..taken]);
        return taken;
    }

    /// <summary>As <see cref="Push"/>, of <paramref name="count"/> missing samples.</summary>
    public int PushMissing(int input, int count)
    {
        var taken = 0;
        for (var pushed = 1; taken < count && pushed > 0; taken += pushed)
            pushed = Push(input, Missing.AsSpan(0, Math.Min(MissingBatch, count - taken)));
        return taken;
    }

    /// <summary>
    /// Ends the run: windows that are not whole are taken as they are, and the rows that all streams reach go out. May be called once more
    /// without effect.
    /// </summary>
    public void Finish()
    {
        if (_finished)
            return;
        _finished = true;
        foreach (var input in _inputs)
            input.Finish();
    }

    // Before the joined rows begin nothing is held, so streams that begin later do not hold the others back.
    private long Start(int input) => (long)(_graph.FirstIndex / _graph.RateHz * _graph.Streams[input].InputRateHz);

    private static float[] CreateMissing()
    {
        var missing = new float[MissingBatch];
        Array.Fill(missing, float.NaN);
        return missing;
    }
}
