using System.Collections.Concurrent;
using Pipeline.Actors;
using Pipeline.Models;
using Pipeline.Models.Signals;

namespace Pipeline.Host.Demo;

/// <summary>The newest values of every bed, from what was stored. Thread-safe.</summary>
internal sealed class WardBoard
{
    private const int TrendLength = 30;   // windows: one minute

    private readonly ConcurrentDictionary<PatientId, Bed> _beds = new();

    /// <summary>Takes a batch that was stored.</summary>
    public void Show(OutputBatch batch)
    {
        foreach (var point in batch.Points)
            _beds.GetOrAdd(point.Patient, static _ => new Bed()).Take(point);
    }

    /// <summary>All beds, by name.</summary>
    public IReadOnlyList<BedView> Beds() => [.. _beds.Values.Select(bed => bed.View()).OfType<BedView>().OrderBy(bed => bed.Bed, StringComparer.Ordinal)];

    private sealed class Bed
    {
        private readonly Lock _lock = new();
        private readonly Dictionary<Vital, (Timestamp, Estimate)> _vitals = [];
        private readonly SortedDictionary<Timestamp, (double Value, double Quality)> _trend = [], _fetalTrend = [];
        private VitalPoint? _newest;

        public void Take(VitalPoint point)
        {
            if (point.Estimate.Metric is not (Metric.HeartRate or Metric.FetalHeartRate))
                return;
            var vital = new Vital(point.Estimate.Signal, point.Estimate.Metric);
            lock (_lock)
            {
                if (_newest is null || point.Time >= _newest.Time)
                    _newest = point;
                if (!_vitals.TryGetValue(vital, out var known) || point.Time >= known.Item1)
                    _vitals[vital] = (point.Time, point.Estimate);
                if (vital.Signal == SignalKind.SecondFetalHeartRate)
                    return;     // a trend is of one heart: of twins the first's
                var trend = vital.Metric == Metric.FetalHeartRate ? _fetalTrend : _trend;
                var better = !trend.TryGetValue(point.Time, out var shown) || double.IsNaN(shown.Value) || point.Estimate.Quality > shown.Quality;
                if (better)
                    trend[point.Time] = (point.Estimate.Value, point.Estimate.Quality);
                while (trend.Count > TrendLength)
                    trend.Remove(trend.Keys.First());
            }
        }

        /// <summary>What is known of the bed; null while nothing is.</summary>
        public BedView? View()
        {
            lock (_lock)
            {
                var trend = _fetalTrend.Count > 0 ? _fetalTrend : _trend;
                return _newest is null ? null : new BedView(
                    _newest.Bed, _newest.Patient, new Dictionary<Vital, (Timestamp, Estimate)>(_vitals), _newest.Time,
                    [.. trend.Values.Select(t => t.Value)]);
            }
        }
    }
}
