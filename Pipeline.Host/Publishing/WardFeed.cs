using Pipeline.Models.Signals;

namespace Pipeline.Host.Publishing;

/// <summary>
/// Publishes the chunks of many devices when they are due: when ward time, which runs <c>speed</c> times as fast as the clock, has reached
/// their last sample. Devices are out of step with each other, as real ones are, in so far as their chunks are.
/// </summary>
/// <param name="beds">For each bed the chunks of its devices, in order of time; all begin at about <paramref name="start"/>.</param>
/// <param name="start">Ward time at the beginning.</param>
/// <param name="speed">Ward seconds a second, until <see cref="RunAt"/> says otherwise.</param>
/// <param name="publish">Hands a chunk to the producer; completes when its buffer has it.</param>
/// <param name="production">Told of each chunk just before.</param>
/// <param name="time">The clock.</param>
internal sealed class WardFeed(
    IReadOnlyList<IEnumerable<SampleChunk>> beds, Timestamp start, double speed, Func<SampleChunk, CancellationToken, ValueTask> publish,
    ProductionClock production, TimeProvider time)
{
    /// <summary>A change of speed is noticed within so many seconds.</summary>
    private const double LongestNap = 0.5;

    private readonly long _began = time.GetTimestamp();
    private volatile Pace _pace = new(start, time.GetTimestamp(), speed);
    private long _chunks, _samples, _reached = start.UnixNanoseconds;

    /// <summary>Wall time since the ward began.</summary>
    public TimeSpan Elapsed => time.GetElapsedTime(_began);

    /// <summary>Ward time.</summary>
    public Timestamp Now => _pace.Now(time);

    /// <summary>Everything that is due before is published.</summary>
    public Timestamp Reached => new(Volatile.Read(ref _reached));

    /// <summary>Chunks handed to the producer.</summary>
    public long ChunkCount => Interlocked.Read(ref _chunks);

    /// <summary>Samples in them, of all channels.</summary>
    public long SampleCount => Interlocked.Read(ref _samples);

    /// <summary>From now on ward time runs so fast, from what is published on; 0: it stands still.</summary>
    public void RunAt(double wardSecondsASecond) =>
        _pace = new Pace(Reached < Now ? Reached : Now, time.GetTimestamp(), wardSecondsASecond);

    /// <summary>
    /// Publishes until every device has ended, or until <paramref name="stop"/>; then says, if <paramref name="endsStreams"/>, that the
    /// streams end, so that their last windows are estimated too. <paramref name="abort"/> ends it without that.
    /// </summary>
    public async Task RunAsync(CancellationToken stop, CancellationToken abort, bool endsStreams = true)
    {
        var due = new PriorityQueue<IEnumerator<SampleChunk>, long>();
        var open = new Dictionary<(PatientId, string), SampleChunk>();   // the last chunk of each device that has not ended
        try
        {
            foreach (var bed in beds)
                Enqueue(bed.GetEnumerator(), due);
            while (due.TryPeek(out _, out var at))
            {
                Volatile.Write(ref _reached, at);
                await WaitUntilAsync(new Timestamp(at), stop);
                var bed = due.Dequeue();
                var chunk = bed.Current;
                if (chunk.EndOfStream)
                    open.Remove((chunk.Patient, chunk.Device));
                else
                    open[(chunk.Patient, chunk.Device)] = chunk;
                await PublishAsync(chunk, abort);
                Enqueue(bed, due);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested && !abort.IsCancellationRequested)
        {
            // The ward closes: its devices say so below.
        }
        if (endsStreams)
            foreach (var chunk in open.Values)
                await PublishAsync(EndAfter(chunk), abort);
        foreach (var (bed, _) in due.UnorderedItems)
            bed.Dispose();
    }

    private static void Enqueue(IEnumerator<SampleChunk> bed, PriorityQueue<IEnumerator<SampleChunk>, long> due)
    {
        if (bed.MoveNext())
            due.Enqueue(bed, EndOf(bed.Current).UnixNanoseconds);
        else
            bed.Dispose();
    }

    /// <summary>When a chunk's last sample ends: the feed publishes in this order.</summary>
    internal static Timestamp EndOf(SampleChunk chunk) => chunk.FirstSampleTime.AddSeconds(chunk.SampleCount / chunk.RateHz);

    private static SampleChunk EndAfter(SampleChunk chunk) => chunk with
    {
        FirstSampleIndex = chunk.EndSampleIndex,
        FirstSampleTime = EndOf(chunk),
        SampleCount = 0,
        Samples = ReadOnlyMemory<byte>.Empty,
        LeadOff = 0,
        EndOfStream = true,
    };

    private async ValueTask PublishAsync(SampleChunk chunk, CancellationToken abort)
    {
        production.Produced(chunk);
        await publish(chunk, abort);
        Interlocked.Increment(ref _chunks);
        Interlocked.Add(ref _samples, (long)chunk.SampleCount * chunk.Channels.Count);
    }

    private async ValueTask WaitUntilAsync(Timestamp at, CancellationToken stop)
    {
        stop.ThrowIfCancellationRequested();
        while (true)
        {
            var pace = _pace;
            var ahead = at.SecondsSince(pace.Now(time));
            if (ahead <= 0)
                return;
            await Task.Delay(TimeSpan.FromSeconds(Math.Min(ahead / pace.Speed, LongestNap)), time, stop);
        }
    }

    /// <summary>Ward time was <paramref name="Ward"/> at <paramref name="Stamp"/>, and goes on at <paramref name="Speed"/>.</summary>
    private sealed record Pace(Timestamp Ward, long Stamp, double Speed)
    {
        public Timestamp Now(TimeProvider time) => Ward.AddSeconds(time.GetElapsedTime(Stamp).TotalSeconds * Speed);
    }
}
