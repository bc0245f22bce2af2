using Pipeline.Actors;
using Pipeline.Models;
using Pipeline.Models.Signals;

namespace Pipeline.Host.Store;

/// <summary>
/// The newest point of each series in memory, by bed: what the ward's table and page show. A series is (patient, device, signal, metric);
/// it stands at the bed that its newest point names, so a patient who is moved leaves nothing behind. Bounded; thread-safe.
/// </summary>
/// <param name="maxSeries">Most series that are kept; the oldest go first.</param>
internal sealed class LatestValues(int maxSeries = 100_000) : IPatientSink
{
    /// <summary>Part of the series, one in so many, that goes when there are too many: dropping singly would scan for each.</summary>
    private const int DroppedPart = 10;

    private readonly Lock _lock = new();
    private readonly Dictionary<Series, VitalPoint> _points = [];
    private readonly Dictionary<(string Ward, string Bed), HashSet<Series>> _beds = [];

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

    /// <summary>The beds that have a series, in order of ward and bed.</summary>
    public (string Ward, string Bed)[] Beds()
    {
        lock (_lock)
            return [.. _beds.Keys.OrderBy(bed => bed.Ward, StringComparer.Ordinal).ThenBy(bed => bed.Bed, StringComparer.Ordinal)];
    }

    /// <summary>The newest points at a bed, one a series, in order of patient, device, signal and metric; empty when there are none.</summary>
    public VitalPoint[] ByBed(string ward, string bed)
    {
        lock (_lock)
            return !_beds.TryGetValue((ward, bed), out var series) ? [] :
            [
                .. series.Select(key => _points[key]).OrderBy(point => point.Patient.Value, StringComparer.Ordinal)
                    .ThenBy(point => point.Device, StringComparer.Ordinal).ThenBy(point => point.Estimate.Signal).ThenBy(point => point.Estimate.Metric),
            ];
    }

    /// <summary>Takes the batch's points; complete at once.</summary>
    public Task WriteAsync(OutputBatch batch, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(batch);
        lock (_lock)
            foreach (var point in batch.Points)
                Take_NeedsLock(point);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private void Take_NeedsLock(VitalPoint point)
    {
        var series = new Series(point.Patient, point.Device, point.Estimate.Signal, point.Estimate.Metric);
        if (_points.TryGetValue(series, out var before))
        {
            if (point.Time < before.Time)
                return;
            _points[series] = point;
            if (before.Bed == point.Bed && before.Ward == point.Ward)
                return;
            Leave_NeedsLock(series, before);
        }
        else
        {
            if (_points.Count >= maxSeries)
                DropOldest_NeedsLock();
            _points.Add(series, point);
        }
        if (!_beds.TryGetValue((point.Ward, point.Bed), out var here))
            _beds.Add((point.Ward, point.Bed), here = []);
        here.Add(series);
    }

    private void DropOldest_NeedsLock()
    {
        foreach (var (series, point) in _points.OrderBy(entry => entry.Value.Time).Take(Math.Max(1, maxSeries / DroppedPart)).ToArray())
        {
            _points.Remove(series);
            Leave_NeedsLock(series, point);
        }
    }

    private void Leave_NeedsLock(Series series, VitalPoint point)
    {
        var bed = _beds[(point.Ward, point.Bed)];
        bed.Remove(series);
        if (bed.Count == 0)
            _beds.Remove((point.Ward, point.Bed));
    }
}
