using Pipeline.Host.Recordings;
using Pipeline.Host.References;
using Pipeline.Models;
using Pipeline.Models.Estimators;
using Pipeline.Models.Features;
using Pipeline.Models.Signals;

namespace Pipeline.Benchmarks.Kinds;

/// <summary>
/// How the PPG stage did on one record with reference rates. A window without a value keeps the last one, 75/min before the first.
/// </summary>
/// <param name="MeanError">Mean absolute error over the windows with a reference, beats per minute.</param>
/// <param name="IsLost">Whether ten windows in a row (20 s) are more than 10/min off.</param>
/// <param name="WindowCount">Windows with a reference.</param>
/// <param name="ValueCount">Those with a value of their own.</param>
/// <param name="Within90Count">Those of them whose error is at most 1.645 σ.</param>
/// <param name="WrongCount">Those whose own value is more than 10/min off at a quality of 0.7 or more.</param>
internal sealed record RateKindScore(double MeanError, bool IsLost, int WindowCount, int ValueCount, int Within90Count, int WrongCount)
{
    private const double BeforeTheFirst = 75;
    private const int LostWindows = 10;
    private const double Deviations90 = 1.645;

    /// <summary>Scores the record <paramref name="path"/>; <paramref name="model"/> estimates, null: the classical estimator.</summary>
    public static RateKindScore Of(string path, RateModel? model)
    {
        var reference = ReferenceRates.Read(ReferenceRates.PathOf(path));
        var rates = new Dictionary<long, double>();
        foreach (var (start, perMinute) in reference.Rows)
            rates[(long)Math.Round(start)] = perMinute;
        using var recording = Recording.Open(path, RecordingOptions.None);
        var chunks = recording.Chunks(new RecordedPatient(new PatientId("bench"), "", "", 0, default));
        double sum = 0, held = BeforeTheFirst;
        int windows = 0, values = 0, within = 0, wrong = 0, run = 0, longest = 0;
        foreach (var result in StreamRun.Of(chunks, first => Stages.Create(first.Channels, first.RateHz, model is null ? [] : [model])))
            foreach (var estimate in result.Estimates)
            {
                if (estimate is not { Signal: SignalKind.Ppg, Metric: Metric.HeartRate })
                    continue;
                var hasValue = !double.IsNaN(estimate.Value);
                held = hasValue ? estimate.Value : held;
                if (!rates.TryGetValue((long)Math.Round(result.Window.Start.UnixNanoseconds / 1e9), out var rate))
                    continue;
                var error = Math.Abs(held - rate);
                windows++;
                sum += error;
                run = error > BeatKindScore.FarOff ? run + 1 : 0;
                longest = Math.Max(longest, run);
                if (!hasValue)
                    continue;
                values++;
                within += error <= Deviations90 * estimate.Sigma ? 1 : 0;
                wrong += error > BeatKindScore.FarOff && estimate.Quality >= BeatKindScore.GoodQuality ? 1 : 0;
            }
        return new RateKindScore(sum / windows, longest >= LostWindows, windows, values, within, wrong);
    }
}
