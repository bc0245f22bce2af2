using Pipeline.Actors;
using Pipeline.Models;
using Pipeline.Models.Signals;

namespace Pipeline.Host.Demo;

/// <summary>Compares stored heart rates with the simulator's truth, signal by signal. Thread-safe.</summary>
/// <param name="truth">True mean rate of a patient, or of her fetus or its twin, from a window's start to its end, beats/min; null when it is not known.</param>
internal sealed class TruthScore(Func<PatientId, Vital, Timestamp, Timestamp, double?> truth)
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<Vital, Sums> _sums = [];

    /// <summary>What was compared, by signal and metric.</summary>
    public IReadOnlyList<SignalScore> Scores
    {
        get
        {
            lock (_lock)
                return [.. _sums.Select(s => new SignalScore(s.Key, s.Value.Windows, s.Value.Ok.Count, s.Value.Ok.Mean))];
        }
    }

    /// <summary>Compares the points of a stored batch.</summary>
    public void Compare(OutputBatch batch)
    {
        foreach (var point in batch.Points)
            if (point.Estimate.Metric is Metric.HeartRate or Metric.FetalHeartRate
                && new Vital(point.Estimate.Signal, point.Estimate.Metric) is var vital
                && truth(point.Patient, vital, point.WindowStart, point.Time) is { } rate)
                Add(vital, point.Estimate, rate);
    }

    private void Add(Vital vital, in Estimate estimate, double rate)
    {
        lock (_lock)
        {
            if (!_sums.TryGetValue(vital, out var sums))
                _sums.Add(vital, sums = new Sums());
            sums.Windows++;
            if (estimate.Status != EstimateStatus.Ok)
                return;
            sums.Ok.Add(Math.Abs(estimate.Value - rate));
        }
    }

    private sealed class Sums
    {
        public long Windows { get; set; }

        public Sum Ok { get; } = new();
    }

    private sealed class Sum
    {
        private double _total;

        public long Count { get; private set; }

        public double Mean => Count == 0 ? double.NaN : _total / Count;

        public void Add(double error)
        {
            Count++;
            _total += error;
        }
    }
}

/// <summary>How well one rate was estimated.</summary>
/// <param name="Vital">Which.</param>
/// <param name="Windows">Windows with a known truth.</param>
/// <param name="Values">Those of them that have a value.</param>
/// <param name="MeanAbsoluteError">Over those with a value, beats/min; NaN without any.</param>
internal sealed record SignalScore(Vital Vital, long Windows, long Values, double MeanAbsoluteError);
