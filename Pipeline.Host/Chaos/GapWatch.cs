using System.Collections.Concurrent;

namespace Pipeline.Host.Chaos;

/// <summary>
/// Looks at the store as a reader does, ten times a second, and measures for each patient how long no new point became readable. The gap is
/// that time less the hop of the windows.
/// </summary>
internal sealed class GapWatch(ChaosInflux influx, TimeSpan hop, TimeProvider time) : IAsyncDisposable
{
    private const long LookBackNanoseconds = 120L * 1_000_000_000;
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    private readonly ConcurrentDictionary<string, Seen> _seen = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _stop = new();
    private Task _looking = Task.CompletedTask;

    /// <summary>Begins; event time is the clock's.</summary>
    public void Start() => _looking = LookAsync();

    /// <summary>Patients of whom a point was seen.</summary>
    public int PatientCount => _seen.Count;

    /// <summary>Patients with a new point that was seen after <paramref name="stamp"/>, a time stamp of the clock.</summary>
    public int CountSince(long stamp) => _seen.Values.Count(seen => Volatile.Read(ref seen.Stamp) > stamp);

    /// <summary>The longest gap of each patient since the last call, what lasts now included.</summary>
    public IReadOnlyList<TimeSpan> TakeGaps()
    {
        var gaps = new List<TimeSpan>();
        foreach (var seen in _seen.Values)
        {
            var longest = TimeSpan.FromTicks(Interlocked.Exchange(ref seen.LongestTicks, 0));
            var lasting = time.GetElapsedTime(Volatile.Read(ref seen.Stamp));
            var gap = (longest > lasting ? longest : lasting) - hop;
            gaps.Add(gap > TimeSpan.Zero ? gap : TimeSpan.Zero);
        }
        return gaps;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _looking;
        _stop.Dispose();
    }

    private async Task LookAsync()
    {
        using var timer = new PeriodicTimer(Look, time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token))
            {
                try
                {
                    Note(await influx.NewestAsync(time.GetUtcNow().ToUnixTimeMilliseconds() * 1_000_000 - LookBackNanoseconds, _stop.Token));
                }
                catch (HttpRequestException)
                {
                    // The store is down: nothing is readable, which is what is measured.
                }
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The end.
        }
    }

    private void Note(Dictionary<string, long> newest)
    {
        var now = time.GetTimestamp();
        foreach (var (patient, at) in newest)
        {
            var seen = _seen.GetOrAdd(patient, _ => new Seen { Stamp = now });
            if (at <= seen.Newest)
                continue;
            var ticks = time.GetElapsedTime(seen.Stamp, now).Ticks;
            if (ticks > Interlocked.Read(ref seen.LongestTicks))
                Interlocked.Exchange(ref seen.LongestTicks, ticks);
            seen.Newest = at;
            Volatile.Write(ref seen.Stamp, now);
        }
    }

    private sealed class Seen
    {
        public long Newest;
        public long Stamp;
        public long LongestTicks;
    }
}
