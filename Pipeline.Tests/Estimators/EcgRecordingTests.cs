using Pipeline.Host.Recordings;
using Pipeline.Models;
using Pipeline.Models.Signals;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Estimators;

/// <summary>Known records through the product's stage: counts of reference beats are those of the records' own annotation files.</summary>
public sealed class EcgRecordingTests
{
    // Beats in the first 5 minutes of each record's .atr file (rdann -r NAME -a atr -t 300, beats only).
    [SkippableTheory]
    [InlineData("101", 342)]
    [InlineData("118", 362)]
    [InlineData("217", 363)]
    public void The_number_of_beats_in_five_minutes_is_that_of_the_annotations(string record, int beats)
    {
        var results = Run("mitdb", record + ".hea", 300);

        Assert.InRange(results.Sum(r => r.Beats.Count(b => b.Kind == BeatKind.Qrs)), beats - 2, beats + 2);
    }

    [SkippableFact]
    public void Pressure_and_ECG_of_one_patient_agree_on_the_rate()
    {
        var results = Run("cinc2015", "t383l.hea", 120);

        var byTime = results.SelectMany(r => r.Estimates.Select(e => (r.Window.EndIndex, e))).ToLookup(p => p.EndIndex, p => p.e);
        var differences = byTime
            .Select(at => (Ecg: at.FirstOrDefault(e => e.Signal == SignalKind.Ecg), Abp: at.FirstOrDefault(e => e.Signal == SignalKind.Abp)))
            .Where(pair => pair.Ecg.Quality > 0.5 && pair.Abp.Quality > 0.5)
            .Select(pair => Math.Abs(pair.Ecg.Value - pair.Abp.Value))
            .ToArray();
        Assert.True(differences.Length > 30, $"{differences.Length} windows in which both are usable");
        Assert.InRange(differences.Average(), 0, 2);
    }

    private static List<WindowResult> Run(string dataSet, string file, double seconds)
    {
        using var recording = Recording.Open(SharedFolder.Recording(dataSet, file), RecordingOptions.None);
        var patient = new RecordedPatient(new PatientId("P1"), "b1", "w1", 0, Chunks.Start);
        return [.. StreamRun.Of(recording.Chunks(patient).TakeWhile(c => c.FirstSampleIndex < seconds * c.RateHz))];
    }
}
