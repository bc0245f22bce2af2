using Pipeline.Host.Recordings;
using Pipeline.Models;
using Pipeline.Models.Signals;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Estimators.Fetal;

/// <summary>Known recordings as they are, through the reader and the product's stages, against the marks that come with them.</summary>
public sealed class FetalRecordingTests
{
    // Misses and false marks together within ±50 ms, of the marks of the first 57 s: the last ones of a minute that goes on are said later.
    [SkippableTheory]
    [InlineData("adfecgdb", "r01.edf", "r01.edf.qrs", 1)]
    [InlineData("cinc2013", "a05.hea", "a05.fqrs", 2)]
    [InlineData("cinc2013", "a22.hea", "a22.fqrs", 2)]
    public void The_fetus_of_a_recording_is_found(string dataSet, string file, string reference, int most)
    {
        var (results, rateHz) = Run(SharedFolder.Recording(dataSet, file), 60);

        var marks = WfdbAnnotations.Read(SharedFolder.Recording(dataSet, reference)).Where(m => m.Code == 1).Select(m => m.Sample / rateHz).Where(t => t < 57.5).ToArray();
        var found = SyntheticAbdomen.SecondsOf(results, BeatKind.FetalQrs, rateHz).Where(t => t < 57.5).ToArray();
        var (missed, wrong) = StageRun.Compare(marks, found, 0.05);
        Assert.True(marks.Length > 100);
        Assert.True(missed + wrong <= most, $"missed {missed}, false {wrong}");
    }

    [SkippableFact]
    public void An_adult_ECG_has_no_fetus()
    {
        var options = new RecordingOptions([new ChannelOverride("*", SignalKind.FetalEcg)]);
        var (results, _) = Run(SharedFolder.Recording("mitdb", "101.hea"), 90, options);

        Assert.All(SyntheticAbdomen.Of(results, Metric.FetalHeartRate), e => Assert.NotEqual(EstimateStatus.Ok, e.Status));
        var rates = SyntheticAbdomen.Of(results, Metric.HeartRate);
        Assert.True(rates.Count(e => e.Status == EstimateStatus.Ok) > 0.9 * rates.Length);
    }

    private static (WindowResult[] Results, double RateHz) Run(string path, double seconds, RecordingOptions? options = null)
    {
        using var recording = Recording.Open(path, options ?? RecordingOptions.None);
        var patient = new RecordedPatient(new PatientId("P1"), "b1", "w1", 0, Chunks.Start);
        var chunks = recording.Chunks(patient).Where(c => c.Channels.IndicesOf(SignalKind.FetalEcg).Length > 0).TakeWhile(c => c.FirstSampleIndex < seconds * c.RateHz).ToArray();
        return ([.. StreamRun.Of(chunks)], chunks[0].RateHz);
    }
}
