using Pipeline.Actors;
using Pipeline.Models;
using Pipeline.Models.Signals;

namespace Pipeline.Benchmarks.Store;

/// <summary>The points of a ward, as the service's shards hand them over: two series a bed, one point of each every 2 s.</summary>
internal static class WardPoints
{
    public const double HopSeconds = 2;
    public const int SeriesOfABed = 2;

    private static readonly Timestamp Start = Timestamp.From(new DateTimeOffset(2026, 7, 1, 8, 0, 0, TimeSpan.Zero));

    /// <summary>One window of the beds <paramref name="shard"/>, shard + 8, …: <paramref name="points"/> points.</summary>
    public static OutputBatch Batch(int shard, long window, int points)
    {
        var batch = new OutputBatch { Shard = shard, LastOffset = window };
        for (var i = 0; i < points; i++)
        {
            var bed = shard + 8 * (i / SeriesOfABed);
            batch.Points.Add(new VitalPoint(
                new Origin("samples", shard, window), new PatientId($"P{bed:D5}"), "w1", $"b{bed}", "monitor", 0, window,
                Start.AddSeconds(window * HopSeconds - 8), Start.AddSeconds(window * HopSeconds),
                new Estimate(
                    i % SeriesOfABed == 0 ? SignalKind.Ecg : SignalKind.Ppg, Metric.HeartRate, 60 + bed % 60 + window % 7 * 0.13, 1.53, 0.91, 1,
                    EstimateStatus.Ok, "classical")));
        }
        return batch;
    }
}
