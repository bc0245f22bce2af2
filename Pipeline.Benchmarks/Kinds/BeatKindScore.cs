using Pipeline.Benchmarks.Faults;
using Pipeline.Host.Networks;
using Pipeline.Models;
using Pipeline.Models.Estimators.Ecg;
using Pipeline.Models.Signals;
using Pipeline.Training.Evaluation;
using Pipeline.Training.Qrs;

namespace Pipeline.Benchmarks.Kinds;

/// <summary>How the ECG stage did on one record with reference beats.</summary>
/// <param name="Beats">Beats found within ±150 ms of a reference, one to one, false ones and missed ones.</param>
/// <param name="WindowCount">Windows of 8 s.</param>
/// <param name="OkCount">Windows with a value.</param>
/// <param name="WrongCount">Windows with a quality of 0.7 or more whose value is more than 10/min off the reference, or where there is
/// none.</param>
internal sealed record BeatKindScore(BeatCounts Beats, int WindowCount, int OkCount, int WrongCount)
{
    /// <summary>Quality from which a value is trusted.</summary>
    public const double GoodQuality = 0.7;

    /// <summary>A value further off than this, beats per minute, is wrong.</summary>
    public const double FarOff = 10;

    private const double ToleranceSeconds = 0.15;

    /// <summary>Scores the WFDB record <paramref name="path"/>; <paramref name="qrs"/> decides, null: the rule.</summary>
    public static BeatKindScore Of(string path, QrsModel? qrs) =>
        Of(EcgRecordings.Read(Path.GetDirectoryName(path)!, Path.GetFileNameWithoutExtension(path)), qrs);

    /// <summary>Scores <paramref name="record"/>.</summary>
    public static BeatKindScore Of(EcgRecording record, QrsModel? qrs)
    {
        var one = new FaultCase(record.Name, record.RateHz, record.Leads, [.. record.Beats.Select(b => b.Sample / record.RateHz)]);
        var found = new List<double>();
        int windows = 0, ok = 0, wrong = 0;
        foreach (var result in RateFaults.Run(one, SignalKind.Ecg, qrs is null ? [] : [qrs]))
        {
            found.AddRange(result.Beats.Select(b => b.SampleIndex));
            if (result.Window.IsTail)
                continue;
            windows++;
            var estimate = result.Estimates[0];
            if (estimate.Status != EstimateStatus.Ok)
                continue;
            ok++;
            var (start, end) = (result.Window.StartIndex / one.RateHz, result.Window.EndIndex / one.RateHz);
            wrong += estimate.Quality >= GoodQuality && one.IsWrong(estimate.Value, start, end, FarOff) ? 1 : 0;
        }
        double[] references = [.. record.Beats.Select(b => b.Sample).Where(record.IsScored)];
        var matching = BeatMatching.Of(references, [.. found.Where(record.IsScored)], ToleranceSeconds * record.RateHz);
        return new BeatKindScore(new BeatCounts(matching.True, matching.False, matching.Missed), windows, ok, wrong);
    }
}
