using Pipeline.Actors;
using Pipeline.Models;
using Pipeline.Models.Signals;

namespace Pipeline.Tests.Support;

/// <summary>Makes points and batches for tests of sinks.</summary>
internal static class Points
{
    public static readonly Timestamp Start = Timestamp.From(new DateTimeOffset(2026, 7, 1, 8, 0, 0, TimeSpan.Zero));

    /// <summary>Point <paramref name="number"/> of a patient: one every 2 s, its value tells its number.</summary>
    public static VitalPoint Of(
        long number, string patient = "P1", string bed = "b1", string ward = "w1", string device = "d1", SignalKind signal = SignalKind.Ecg,
        EstimateStatus status = EstimateStatus.Ok, double quality = 0.5, string model = "classical", Timestamp? time = null) => new(
            new Origin("samples", 3, 1_000 + number), new PatientId(patient), ward, bed, device, 7, number,
            Start.AddSeconds(2 * number - 8), time ?? Start.AddSeconds(2 * number),
            new Estimate(
                signal, Metric.HeartRate, status == EstimateStatus.Ok ? 60 + number % 100 : double.NaN,
                status == EstimateStatus.Ok ? 1.25 : double.NaN, quality, 1, status, model));

    /// <summary>A batch of points <paramref name="first"/>, first + 1, … of one patient.</summary>
    public static OutputBatch Batch(long first, int count, string patient = "P1", string bed = "b1") =>
        Batch(Enumerable.Range(0, count).Select(i => Of(first + i, patient, bed)));

    public static OutputBatch Batch(IEnumerable<VitalPoint> points)
    {
        var batch = new OutputBatch { Shard = 3 };
        batch.Points.AddRange(points);
        batch.LastOffset = batch.Points.Count == 0 ? 0 : batch.Points[^1].Origin.Offset;
        return batch;
    }
}
