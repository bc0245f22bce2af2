using Pipeline.Actors;
using Pipeline.Models;
using Pipeline.Models.Alarms;
using Pipeline.Models.Signals;

namespace Pipeline.Host.Estimates;

/// <summary>What the signals of one recording showed up to now, all devices together, for the check of an alarm.</summary>
internal sealed class RecordedBeats
{
    private readonly Dictionary<(string Device, SignalKind Signal), SignalHistory> _histories = [];

    public void Take(OutputBatch batch)
    {
        foreach (var point in batch.Points)
            if (point is { Event: null, Alarm: null, Estimate: { Metric: Metric.HeartRate } estimate })
                Of(point.Device, estimate.Signal)?.TakeWindow(estimate.Status, estimate.Quality);
        foreach (var beat in batch.Beats)
            Of(beat.Device, beat.Beat.Signal)?.Take(Ms(beat.Seconds), beat.Beat.Label);
    }

    /// <summary>Checks an alarm of <paramref name="kind"/> at <paramref name="seconds"/>, after which nothing has been taken.</summary>
    public AlarmVerdict Check(AlarmKind kind, double seconds) =>
        AlarmCheck.Of(kind, [.. _histories.Select(one => one.Value.Summary(one.Key.Signal, Ms(seconds), isLive: false))]);

    private SignalHistory? Of(string device, SignalKind signal)
    {
        if (!SignalHistory.Keeps(signal))
            return null;
        if (!_histories.TryGetValue((device, signal), out var history))
            _histories.Add((device, signal), history = new SignalHistory());
        return history;
    }

    private static long Ms(double seconds) => (long)Math.Round(1000 * seconds);
}
