using System.Collections.Concurrent;
using Pipeline.Models.Signals;

namespace Pipeline.Chaos.Series;

/// <summary>
/// Of each patient the longest time in which no new point became readable, less the <paramref name="hop"/> of the windows. One thread notes;
/// any may ask.
/// </summary>
internal sealed class PatientGaps(TimeSpan hop, TimeProvider time)
{
    private readonly ConcurrentDictionary<string, Seen> _seen = new(StringComparer.Ordinal);

    /// <summary>Patients of whom a point was seen.</summary>
    public int PatientCount => _seen.Count;

    /// <summary>What a reader has found now: of each patient the time of its newest point, in Unix nanoseconds.</summary>
    public void Note(IReadOnlyDictionary<string, long> newest)
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
            Volatile.Write(ref seen.Newest, at);
            Volatile.Write(ref seen.Stamp, now);
        }
    }

    /// <summary>Patients with a new point that was seen after <paramref name="stamp"/>, a time stamp of the clock.</summary>
    public IEnumerable<string> FlowingSince(long stamp) => _seen.Where(pair => Volatile.Read(ref pair.Value.Stamp) > stamp).Select(pair => pair.Key);

    /// <summary>Patients with a point at <paramref name="time"/> or after it.</summary>
    public int CountThrough(Timestamp time) => _seen.Values.Count(seen => Volatile.Read(ref seen.Newest) >= time.UnixNanoseconds);

    /// <summary>The longest gap of each patient since the last call, what lasts now included.</summary>
    public IReadOnlyList<TimeSpan> Take()
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

    /// <summary>The least of <paramref name="gaps"/>, in seconds, that <paramref name="part"/> of them do not exceed; NaN without any.</summary>
    public static double Quantile(IEnumerable<TimeSpan> gaps, double part)
    {
        var sorted = gaps.Order().ToArray();
        return sorted.Length == 0 ? double.NaN : sorted[Math.Clamp((int)Math.Ceiling(part * sorted.Length) - 1, 0, sorted.Length - 1)].TotalSeconds;
    }

    private sealed class Seen
    {
        public long Newest;
        public long Stamp;
        public long LongestTicks;
    }
}
