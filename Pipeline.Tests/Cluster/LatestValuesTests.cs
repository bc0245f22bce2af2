using Pipeline.Actors;
using Pipeline.Actors.Cluster;
using Pipeline.Models;
using Pipeline.Models.Estimators.Beats;
using Pipeline.Models.Signals;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Cluster;

public sealed class LatestValuesTests
{
    private static readonly CancellationToken Never = CancellationToken.None;

    [Fact]
    public async Task Each_series_of_a_patient_shows_its_newest_point_in_whatever_order_they_came()
    {
        var latest = new LatestValues();

        await latest.WriteAsync(Points.Batch([Points.Of(3), Points.Of(1), Points.Of(2, signal: SignalKind.Ppg), Points.Of(2)]), Never);

        Assert.Equal([(SignalKind.Ppg, 2L), (SignalKind.Ecg, 3L)], latest.ByPatient(new PatientId("P1")).Select(point => (point.Estimate.Signal, point.WindowId)));
        Assert.Empty(latest.ByPatient(new PatientId("P2")));
    }

    [Fact]
    public async Task Beats_are_kept_of_patients_that_somebody_asks_for_the_last_ones_of_the_last_patients()
    {
        var latest = new LatestValues();
        var (one, other) = (new PatientId("P1"), new PatientId("P2"));
        Task TakeAsync(PatientId patient, int from, int count)
        {
            var batch = Points.Batch([Points.Of(3)]);
            batch.Beats.AddRange(Enumerable.Range(from, count).Select(n => new BeatPoint(patient, "d1", 7, n, new Beat(n * 250, SignalKind.Ecg, BeatKind.Qrs) { Label = BeatLabel.Ventricular })));
            return latest.WriteAsync(batch, Never);
        }

        await TakeAsync(one, 0, 5);
        Assert.Empty(latest.BeatsOf(one).Beats);
        await TakeAsync(one, 5, LatestBeats.MostBeats + 2);
        await TakeAsync(other, 0, 5);

        Assert.Equal(LatestBeats.MostBeats, latest.BeatsOf(one).Beats.Length);
        Assert.Equal(new BeatReport("d1", "ecg", "qrs", "V", 7, 7), latest.BeatsOf(one).Beats[0]);
        Assert.Empty(latest.BeatsOf(other).Beats);
        for (var patient = 0; patient < LatestBeats.MostPatients - 1; patient++)
        {
            _ = latest.BeatsOf(new PatientId($"Q{patient}"));
            _ = latest.BeatsOf(other);
        }
        Assert.Empty(latest.BeatsOf(one).Beats);      // asked for longest ago of all, and so no longer kept
    }

    [Fact]
    public async Task What_an_autoencoder_says_of_beats_is_kept_of_patients_that_somebody_asks_for()
    {
        var latest = new LatestValues();
        var one = new PatientId("P1");
        Task TakeAsync(int window, params EncodedBeat[] beats) => latest.WriteAsync(Points.Batch([Points.Of(window) with { Beats = beats }]), Never);

        await TakeAsync(1, new EncodedBeat(250, -1, 0.5f) { Seconds = 1, Encoding = [1, 2] });
        Assert.Empty(latest.BeatsOf(one).Encodings);
        await TakeAsync(2, new EncodedBeat(500, -1, 0.5f) { Seconds = 2.00004, Encoding = [3, 4] }, new EncodedBeat(750, float.NaN, float.NaN) { Seconds = 3 });
        await TakeAsync(3);

        var (first, second) = (latest.BeatsOf(one).Encodings[0], latest.BeatsOf(one).Encodings[1]);
        Assert.Equal(("d1", 2.0, -1f, 0.5f), (first.Device, first.Seconds, first.Error, first.Score));
        Assert.Equal([3, 4], first.Encoding);
        Assert.Equal((3.0, null, null), (second.Seconds, second.Error, second.Score));
    }

    [Fact]
    public async Task The_report_of_a_silent_device_has_no_value_and_says_since_when_until_it_sends_again()
    {
        var latest = new LatestValues();
        var (last, wall) = (Points.Start.AddSeconds(7), Points.Start.AddSeconds(100));
        await latest.WriteAsync(Points.Batch([Points.Of(3), Points.Of(3, signal: SignalKind.Ppg, device: "d2")]), Never);

        await latest.WriteAsync(Points.Batch([Presence(EstimateStatus.Silent, last, wall)]), Never);
        var silent = PatientReport.From(latest.ByPatient(new PatientId("P1")))!;
        await latest.WriteAsync(Points.Batch([Presence(EstimateStatus.Ok, last, wall.AddSeconds(1))]), Never);
        var again = PatientReport.From(latest.ByPatient(new PatientId("P1")))!;

        Assert.Equal(
            [("d1", "heart_rate", null, "silent", last.ToDateTimeOffset()), ("d1", "presence", null, "silent", last.ToDateTimeOffset()), ("d2", "heart_rate", 63, "ok", null)],
            silent.Series.Select(series => (series.Device, series.Metric, series.Value, series.Status, series.SilentSince)));
        Assert.Equal(last.ToDateTimeOffset(), silent.Time);     // not the wall clock's: the newest report of several processes is that of the newest record
        Assert.Equal([63, null, 63], again.Series.Select(series => series.Value));

        static VitalPoint Presence(EstimateStatus status, Timestamp since, Timestamp now) => Points.Of(0, time: now) with
        {
            WindowStart = since,
            Estimate = new Estimate(SignalKind.Ecg, Metric.Presence, double.NaN, double.NaN, 0, 0, status, ""),
        };
    }

    [Fact]
    public async Task A_patient_who_is_moved_is_at_the_bed_of_the_newest_point_alone()
    {
        var latest = new LatestValues();

        await latest.WriteAsync(Points.Batch([Points.Of(1, bed: "b1"), Points.Of(2, bed: "b2"), Points.Of(1, bed: "b1")]), Never);

        var point = Assert.Single(Assert.Single(latest.Patients(null, 10)));
        Assert.Equal(("b2", 2), (point.Bed, point.WindowId));
    }

    [Fact]
    public async Task When_there_are_too_many_series_the_oldest_go()
    {
        var latest = new LatestValues(maxSeries: 20);

        await latest.WriteAsync(Points.Batch(Enumerable.Range(0, 100).Select(i => Points.Of(i, patient: $"P{i}", bed: $"b{i}"))), Never);

        Assert.InRange(latest.Count, 15, 20);
        Assert.Equal(latest.Count, latest.Patients(null, 100).Length);
        Assert.Single(latest.ByPatient(new PatientId("P99")));
        Assert.Empty(latest.ByPatient(new PatientId("P0")));
    }
}
