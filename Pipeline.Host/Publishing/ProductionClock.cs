using System.Collections.Concurrent;
using Pipeline.Actors;
using Pipeline.Models.Signals;

namespace Pipeline.Host.Publishing;

/// <summary>
/// When each device's last chunks were handed to the producer: the start of the latency from the last sample of a window to its stored point.
/// Keeps some chunks a device.
/// </summary>
/// <param name="time">The clock.</param>
internal sealed class ProductionClock(TimeProvider time)
{
    private const int KeptChunks = 64;
    private const long ToleranceNanoseconds = 1_000_000;   // a device's clock and index · 1/rate may differ by a rounding

    private readonly ConcurrentDictionary<(PatientId, string), Device> _devices = new();

    /// <summary>Notes a chunk that is being handed over now.</summary>
    public void Produced(SampleChunk chunk)
    {
        var end = chunk.FirstSampleTime.AddSeconds(chunk.SampleCount / chunk.RateHz);
        _devices.GetOrAdd((chunk.Patient, chunk.Device), static _ => new Device()).Add(end.UnixNanoseconds, time.GetTimestamp());
    }

    /// <summary>How long ago the chunk was handed over that holds the last sample of the point's window; null when it is not kept.</summary>
    public TimeSpan? SinceProduced(VitalPoint point) =>
        _devices.TryGetValue((point.Patient, point.Device), out var known) && known.Find(point.Time.UnixNanoseconds - ToleranceNanoseconds) is { } stamp
            ? time.GetElapsedTime(stamp)
            : null;

    private sealed class Device
    {
        private readonly Lock _lock = new();
        private readonly (long End, long Stamp)[] _chunks = new (long, long)[KeptChunks];
        private long _count;

        public void Add(long end, long stamp)
        {
            lock (_lock)
                _chunks[_count++ % KeptChunks] = (end, stamp);
        }

        /// <summary>Stamp of the earliest kept chunk that reaches <paramref name="end"/>, if the one before it is kept too (else it may not be the first).</summary>
        public long? Find(long end)
        {
            lock (_lock)
            {
                for (var i = Math.Max(0, _count - KeptChunks); i < _count; i++)
                    if (_chunks[i % KeptChunks] is var chunk && chunk.End >= end)
                        return i > Math.Max(0, _count - KeptChunks) || i == 0 ? chunk.Stamp : null;
                return null;
            }
        }
    }
}
