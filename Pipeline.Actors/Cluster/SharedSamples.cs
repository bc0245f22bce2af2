using System.Collections.Immutable;
using System.Threading.Channels;
using Akka.Actor;

namespace Pipeline.Actors.Cluster;

/// <summary>
/// A patient's chunks as they reach this process, once for all who read them here. A reader without room misses chunks, and is told how
/// many; the others do not wait for it. Thread-safe.
/// </summary>
internal sealed class SharedSamples
{
    private ImmutableArray<ReaderRoom> _rooms = [];
    private volatile bool _hasEnded;

    /// <summary>Receives them; set when it has begun.</summary>
    public IActorRef? Receiver { get; set; }

    /// <summary>Whether nobody reads.</summary>
    public bool IsUnused => _rooms.IsEmpty;

    /// <summary>A reader begins.</summary>
    public void Add(ReaderRoom room)
    {
        ImmutableInterlocked.Update(ref _rooms, rooms => rooms.Add(room));
        if (_hasEnded)
            room.End();
    }

    /// <summary>A reader has ended.</summary>
    public void Remove(ReaderRoom room) => ImmutableInterlocked.Update(ref _rooms, rooms => rooms.Remove(room));

    /// <summary>Hands a chunk to all readers.</summary>
    public void Show(LiveSamples chunk)
    {
        foreach (var room in _rooms)
            room.Take(chunk);
    }

    /// <summary>No more chunks come.</summary>
    public void End()
    {
        _hasEnded = true;
        foreach (var room in _rooms)
            room.End();
    }
}

/// <summary>What waits for one reader, of all patients that it reads.</summary>
/// <param name="most">Most chunks that wait.</param>
internal sealed class ReaderRoom(int most)
{
    private readonly Channel<LiveSamples> _waiting = Channel.CreateBounded<LiveSamples>(new BoundedChannelOptions(most) { SingleReader = true });
    private long _skipped;

    /// <summary>What waits.</summary>
    public ChannelReader<LiveSamples> Waiting => _waiting.Reader;

    /// <summary>Takes a chunk, or counts it as missed.</summary>
    public void Take(LiveSamples chunk)
    {
        var skipped = Interlocked.Exchange(ref _skipped, 0);
        if (!_waiting.Writer.TryWrite(skipped == 0 ? chunk : chunk with { Skipped = chunk.Skipped + skipped }))
            Interlocked.Add(ref _skipped, skipped + chunk.Skipped + 1);
    }

    /// <summary>No more come.</summary>
    public void End() => _waiting.Writer.TryComplete();
}
