using System.Globalization;
using Pipeline.Models.Signals;

namespace Pipeline.Host.Kafka;

/// <summary>Tells of patients that come in two partitions: one line a minute, each patient once. Thread-safe.</summary>
internal sealed class PlacementLog(ILogger log, TimeProvider time)
{
    private const int MostPatients = 10_000;
    private static readonly TimeSpan Repeat = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);
    private long? _toldAt;
    private int _more;

    /// <summary>A patient of one partition came in another.</summary>
    public void Note(PatientId patient, int one, int other)
    {
        int more;
        lock (_lock)
        {
            if (_known.Count >= MostPatients)
                _known.Clear();
            if (!_known.Add(patient.Value))
                return;
            if (_toldAt is { } last && time.GetElapsedTime(last) < Repeat)
            {
                _more++;
                return;
            }
            (more, _more, _toldAt) = (_more, 0, time.GetTimestamp());
        }
        log.PatientInTwoPartitions(patient.Value, one, other, more == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"; so do {more} more patients since the last line"));
    }
}
