using Pipeline.Models;
using Pipeline.Models.Signals;

namespace Pipeline.Actors.Cluster;

/// <summary>
/// The newest point of each series in memory, by patient: what the readers of all processes show. A series is (patient, device, signal, metric). Bounded; thread-safe.
/// </summary>
/// <param name="maxSeries">Most series that are kept; the oldest go first.</param>
public sealed class LatestValues(int maxSeries = 100_000) : IPatientSink
{
    /// <summary>Part of the series, one in so many, that goes when there are too many: dropping singly would scan for each.</summary>
    private const int DroppedPart = 10;

    private readonly Lock _lock = new();
    private readonly Dictionary<Series, VitalPoint> _points = [];
    private readonly SortedDictionary<string, HashSet<Series>> _patients = new(StringComparer.Ordinal);

    private readonly LatestBeats _beats = new();

    private readonly record struct Series(PatientId Patient, string Device, SignalKind Signal, Metric Metric);

    /// <summary>Series that are kept at present.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
                return _points.Count;
        }
    }

    /// <summary>The newest points of a patient, one a series, in order of device, signal and metric; empty when there are none.</summary>
    public VitalPoint[] ByPatient(PatientId patient)
    {
        lock (_lock)
            return Points_NeedsLock(patient.Value);
    }

    /// <summary>A patient's last beats and what an autoencoder said of them, since it was asked for them first: of those patients alone they are kept.</summary>
    public (BeatReport[] Beats, EncodingReport[] Encodings) BeatsOf(PatientId patient)
    {
        lock (_lock)
            return _beats.Of(patient);
    }

    /// <summary>The newest points of the next patients in order of their pseudonyms; each patient's as in <see cref="ByPatient"/>.</summary>
    /// <param name="after">The pseudonym after which they begin; null: at the first.</param>
    /// <param name="most">Most patients.</param>
    public VitalPoint[][] Patients(string? after, int most)
    {
        lock (_lock)
            return [.. _patients.Keys.SkipWhile(patient => after is not null && string.CompareOrdinal(patient, after) <= 0).Take(most).Select(Points_NeedsLock)];
    }

    /// <summary>The newest points of a partition's patients, one a series.</summary>
    public VitalPoint[] ByPartition(int partition)
    {
        lock (_lock)
            return [.. _points.Values.Where(point => point.Origin.Partition == partition)];
    }

    /// <summary>Takes the batch's points, and the beats of patients that somebody looks at; complete at once.</summary>
    public Task WriteAsync(OutputBatch batch, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(batch);
        lock (_lock)
        {
            foreach (var point in batch.Standing)
                Take_NeedsLock(point);
            foreach (var point in batch.Points)
            {
                Take_NeedsLock(point);
                _beats.Take(point);
            }
            foreach (var beat in batch.Beats)
                _beats.Take(beat);
        }
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private VitalPoint[] Points_NeedsLock(string patient) => !_patients.TryGetValue(patient, out var series) ? [] :
    [
        .. series.Select(key => _points[key]).OrderBy(point => point.Device, StringComparer.Ordinal).ThenBy(point => point.Estimate.Signal)
            .ThenBy(point => point.Estimate.Metric),
    ];

    private void Take_NeedsLock(VitalPoint point)
    {
        var series = new Series(point.Patient, point.Device, point.Estimate.Signal, point.Estimate.Metric);
        if (_points.TryGetValue(series, out var before))
        {
            if (point.Alarm is { } alarm ? alarm.Sequence >= before.Alarm?.Sequence : point.Time >= before.Time)
                _points[series] = point;
            return;
        }
        if (_points.Count >= maxSeries)
            DropOldest_NeedsLock();
        _points.Add(series, point);
        if (!_patients.TryGetValue(series.Patient.Value, out var own))
            _patients.Add(series.Patient.Value, own = []);
        own.Add(series);
    }

    private void DropOldest_NeedsLock()
    {
        foreach (var (series, _) in _points.OrderBy(entry => entry.Value.Time).Take(Math.Max(1, maxSeries / DroppedPart)).ToArray())
        {
            _points.Remove(series);
            var own = _patients[series.Patient.Value];
            own.Remove(series);
            if (own.Count == 0)
                _patients.Remove(series.Patient.Value);
        }
    }
}
