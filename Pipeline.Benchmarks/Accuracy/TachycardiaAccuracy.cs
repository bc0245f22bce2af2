using System.Globalization;
using Pipeline.Host.Networks;
using Pipeline.Models;
using Pipeline.Models.Estimators;
using Pipeline.Models.Packages;
using Pipeline.Training.Qrs;

namespace Pipeline.Benchmarks.Accuracy;

/// <summary>
/// Ventricular tachycardia in the records of MIT-BIH that are at hand, by the product's own beats: runs of five ventricular beats or more above 100 a minute by the annotations that an episode
/// touches, and false episodes, which touch neither three ventricular beats of the reference in a row nor flutter. The same with real noise of electrodes (em) and muscles (ma) of 0 dB added in
/// alternating spans of two minutes, as in the noise stress test (doi:10.13026/C2HS3T).
/// </summary>
internal sealed class TachycardiaAccuracy : IBenchmark
{
    private const int Beats = 5, LeastBeats = 3;
    private const double PerMinute = 100, BeforeSeconds = 1, AfterSeconds = 3, NoiseDecibels = 0;

    /// <inheritdoc/>
    public string Name => "accuracy-tachycardia";

    /// <inheritdoc/>
    public string Summary => "ventricular tachycardia in MIT-BIH records: runs found and false episodes, as they are and with real noise";

    /// <inheritdoc/>
    public Task RunAsync(Report report, CancellationToken stop)
    {
        if (RecordingsFolder.Find(report, "mitdb") is not { } mitdb)
            return Task.CompletedTask;
        string[] names = [.. Directory.GetFiles(mitdb, "*.atr").Select(file => Path.GetFileNameWithoutExtension(file)!).Order(StringComparer.Ordinal)];
        EcgRecording[] records = [.. (report.Quick ? ["203", "207"] : names).Select(name => EcgRecordings.Read(mitdb, name))];
        Add(report, "", records, stop);
        if (RecordingsFolder.Find(report, "nstdb") is not { } nstdb)
            return Task.CompletedTask;
        foreach (var noise in (string[])["em", "ma"])
        {
            var recorded = EcgRecordings.Read(nstdb, noise);
            Add(report, noise + "_", records.Select(record => NoiseStress.Mix(record, recorded, NoiseDecibels)), stop);
        }
        return Task.CompletedTask;
    }

    private static void Add(Report report, string prefix, IEnumerable<EcgRecording> records, CancellationToken stop)
    {
        INetwork[] networks = ModelCatalog.Qrs is { } qrs ? [qrs] : [];
        var (runs, found, wrong, hours) = (0, 0, 0, 0.0);
        foreach (var record in records)
        {
            stop.ThrowIfCancellationRequested();
            var episodes = record.Run(first => Stages.Create(first.Channels, first.RateHz, networks)).SelectMany(window => window.Events)
                .Where(one => one is { Kind: EventKind.VentricularTachycardia, IsOver: true }).Select(one => new Span(one.BeginIndex / record.RateHz, one.EndIndex / record.RateHz)).ToArray();
            Span[] own = [.. RunsOf(record, Beats, PerMinute)];
            Span[] ventricular = [.. RunsOf(record, LeastBeats, 0), .. record.Flutter.Select(span => new Span(span.From / record.RateHz, span.To / record.RateHz))];
            Span[] missed = [.. own.Where(run => !episodes.Any(one => one.Touches(run)))];
            Span[] falseOnes = [.. episodes.Where(one => !ventricular.Any(one.Touches))];
            (runs, found, wrong, hours) = (runs + own.Length, found + own.Length - missed.Length, wrong + falseOnes.Length, hours + record.SampleCount / record.RateHz / 3600);
            if (missed.Length + falseOnes.Length > 0)
                report.Remark($"{prefix}{record.Name}: missed {missed.Length} of {own.Length} ({string.Join(' ', missed)}), {falseOnes.Length} of {episodes.Length} false ({string.Join(' ', falseOnes)})");
        }
        report.Add($"{prefix}runs", runs, "1");
        report.Add($"{prefix}runs_found", 100.0 * found / runs, "%");
        report.Add($"{prefix}false_an_hour", wrong / hours, "1/h");
    }

    /// <summary>Ventricular beats of the reference in a row, <paramref name="least"/> or more above a rate.</summary>
    private static IEnumerable<Span> RunsOf(EcgRecording record, int least, double perMinute)
    {
        var begin = -1;
        for (var i = 0; i <= record.Beats.Length; i++)
        {
            if (i < record.Beats.Length && MitBih.LabelOf(record.Beats[i].Code) == BeatLabel.Ventricular)
            {
                begin = begin < 0 ? i : begin;
                continue;
            }
            if (begin >= 0 && i - begin >= least)
            {
                var run = new Span(record.Beats[begin].Sample / record.RateHz, record.Beats[i - 1].Sample / record.RateHz);
                if (60 * (i - begin - 1) / (run.To - run.From) > perMinute)
                    yield return run;
            }
            begin = -1;
        }
    }

    /// <summary>Seconds from the record's begin.</summary>
    private readonly record struct Span(double From, double To)
    {
        public bool Touches(Span other) => From < other.To + AfterSeconds && To > other.From - BeforeSeconds;

        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{From:0.0}-{To:0.0}");
    }
}
