using System.Globalization;
using System.Net;
using System.Text;
using Pipeline.Host.Explanations;
using Pipeline.Host.Networks;
using Pipeline.Host.Pictures;
using Pipeline.Models.Signals;
using Pipeline.Training.Evaluation;
using Pipeline.Training.Explanation;

namespace Pipeline.Host.Evaluation;

/// <summary>The report's pictures of the recordings and windows with the largest errors, as HTML with SVG. The recordings are read again for them.</summary>
internal sealed class WorstPictures
{
    private const int SpectrogramCount = 4;
    private const int WavePoints = 400;
    private const double WindowSeconds = 8, HopSeconds = 2, Middle = WindowSeconds / 2;

    private readonly EvaluationResult _result;
    private readonly Dictionary<string, RecordingSignals?> _signals = [];
    private readonly Dictionary<(string Recording, double StartSeconds), ExplainedWindow> _explained = [];

    /// <summary>Draws nothing yet.</summary>
    public WorstPictures(EvaluationResult result) => _result = result;

    /// <summary>The power of the worst recordings over rates and time, with reference and estimate.</summary>
    public string Spectrograms()
    {
        var worst = _result.Recordings.Where(r => r.Windows.Any(w => w.HasValue)).OrderByDescending(r => RateFigures.Of([r]).Mae).Take(SpectrogramCount);
        var page = new StringBuilder(ChartPage.Legend([("reference", ChartColor.Reference, false), ("estimate", ChartColor.Estimate, false)]));
        foreach (var (recording, index) in worst.Select((r, i) => (r, i)))
            if (Powers(recording.Name) is { Count: > 0 } powers)
                page.Append(Spectrogram(recording, powers, $"spectrogram{index}"));
        return page.ToString();
    }

    /// <summary>The worst windows: signal, motion, power over rates, and what carried the heart-rate network's answer.</summary>
    public string Windows()
    {
        Explain();
        var page = new StringBuilder(ChartPage.Legend(
        [
            ("signal", ChartColor.Accent, false), ("motion", ChartColor.Soft, false), ("reference", ChartColor.Reference, false), ("estimate", ChartColor.Estimate, true),
        ]));
        foreach (var ((recording, window), index) in _result.Worst.Select((w, i) => (w, i)))
        {
            var said = string.Create(CultureInfo.InvariantCulture,
                $" · from {window.StartSeconds} s · reference {window.Reference:F1}, estimate {window.Value:F1} ± {window.Sigma:F1} bpm (off by {EvaluationPictures.Signed(window.Error)}), quality {window.Quality:F2}");
            page.Append(CultureInfo.InvariantCulture, $"<div class=\"window\"><h3>{Text(recording.Name)}<span>{said}</span></h3>\n<div>{Window(recording.Name, window, index)}</div></div>\n");
        }
        return page.ToString();
    }

    private string Spectrogram(ScoredRecording recording, List<float[]> powers, string id)
    {
        var half = RateSpectrum.StepPerMinute / 2;
        var greatest = recording.Windows.SelectMany(w => new[] { w.Reference, w.Value }).Where(double.IsFinite).DefaultIfEmpty(0).Max();
        var end = RateSpectrum.FirstPerMinute + (RateSpectrum.RateCount - 1) * RateSpectrum.StepPerMinute + half;
        var (low, top) = (RateSpectrum.FirstPerMinute - half, Math.Min(end, Math.Max(150, greatest + 20)));
        var (begin, last) = (Middle - HopSeconds / 2, Middle + (powers.Count - 0.5) * HopSeconds);
        using var chart = new Chart(new ChartFrame(1024, 240), ChartAxis.Of(begin, last, "Time (s)", 12, hasGrid: false), ChartAxis.Of(low, top, "Rate (bpm)", 5, hasGrid: false));
        var shades = new double[RateSpectrum.RateCount, powers.Count];
        for (var column = 0; column < powers.Count; column++)
            for (var row = 0; row < RateSpectrum.RateCount; row++)
                shades[row, column] = Math.Sqrt(powers[column][row]);   // the root shows weak rates too
        chart.Shades(shades, begin, last, low, end);
        chart.Line(recording.Windows.Select(w => (w.StartSeconds + Middle, w.Reference)), ChartColor.Reference, 3);
        chart.Line(recording.Windows.Select(w => (w.StartSeconds + Middle, w.Value)), ChartColor.Estimate, 1.3f);
        chart.Dots(recording.Windows.Select(w => (w.StartSeconds + Middle, w.Value)), ChartColor.Estimate, 1.5f);
        var name = _result.Sets.Count > 1 ? $"{recording.Set} / {recording.Name}" : recording.Name;
        var error = EvaluationTable.Fixed(RateFigures.Of([recording]).Mae, "F2");
        return $"<div class=\"spectrogram\"><h3>{Text(name)}<span> · mean absolute error {error} bpm</span></h3>\n{chart.ToSvg(id, $"Power over rates and time of {name}, with reference and estimate")}</div>\n";
    }

    private string Window(string recording, ScoredWindow window, int index)
    {
        var power = new float[RateSpectrum.RateCount];
        if (Signals(recording) is not { } signals || !signals.Spectrum.Make(window.StartSeconds, power))
            return "";
        var (signal, motion) = signals.Wave(window.StartSeconds, WindowSeconds, WavePoints);
        var time = ChartAxis.Of(window.StartSeconds, window.StartSeconds + WindowSeconds, "Time (s)", 8);
        using var wave = new Chart(new ChartFrame(610, 138, Left: 8, Right: 8, Top: 4), time, ChartAxis.Bare(motion is null ? -0.05 : -0.75, 1.05));
        wave.Line(signal, ChartColor.Accent, 1.3f);
        wave.Line((motion ?? []).Select(p => (p.X, 0.6 * p.Y - 0.7)), ChartColor.Soft, 0.9f);

        var last = RateSpectrum.FirstPerMinute + (RateSpectrum.RateCount - 1) * RateSpectrum.StepPerMinute;
        using var rates = new Chart(
            new ChartFrame(400, 138, Left: 8, Right: 12, Top: 4), ChartAxis.Of(RateSpectrum.FirstPerMinute, last, "Rate (bpm)", 6, hasGrid: false), ChartAxis.Bare(0, 1.05));
        var points = power.Select((p, i) => (RateSpectrum.FirstPerMinute + i * RateSpectrum.StepPerMinute, (double)p)).ToList();
        rates.Area(points, ChartColor.Accent, 0.25);
        rates.Line(points, ChartColor.Accent, 1);
        rates.VerticalLine(window.Reference, ChartColor.Reference, 2.5f);
        rates.VerticalLine(window.Value, ChartColor.Estimate, 2, isDashed: true);
        rates.HorizontalLine(0, ChartColor.Ink, 1);
        var place = string.Create(CultureInfo.InvariantCulture, $"{recording} from {window.StartSeconds} s");
        var explained = _explained.TryGetValue((recording, window.StartSeconds), out var found)
            ? $"<div class=\"explained\"><p class=\"note\">{Text(ExplanationPictures.Losses(found.Explanation))}</p>{ExplanationPictures.Window(found, $"explained{index}")}</div>" : "";
        return wave.ToSvg($"wave{index}", $"Signal of {place}") + rates.ToSvg($"power{index}", $"Power of {place} over rates, with reference and estimate") + explained;
    }

    /// <summary>Runs the recordings of the worst windows through the heart-rate network again, where the windows are its own: not the classical estimator's, nor those of a split, whose networks are gone.</summary>
    private void Explain()
    {
        if (_result.Signal != SignalKind.Ppg || _result.Parts is not [{ Fold: null }] || ModelCatalog.Open(_result.Request.Model) is not { } model)
            return;
        using (model)
        {
            if (!RateExplainer.Takes(model.Package))
                return;
            using var recording = new ExplainedRecording(model, _result.Request.Reading);
            foreach (var worst in _result.Worst.GroupBy(one => one.Recording.Name))
            {
                var windows = worst.ToDictionary(one => (long)Math.Round(one.Window.StartSeconds / HopSeconds), one => one.Window);
                foreach (var seen in recording.Windows(_result.Paths[worst.Key], windows.ContainsKey))
                    _explained[(worst.Key, windows[seen.Window.Id].StartSeconds)] = recording.Explain(seen, windows[seen.Window.Id].Reference, withGradients: true);
            }
        }
    }

    /// <summary>The power over rates of each window that fits into a recording, every 2 s.</summary>
    private List<float[]> Powers(string recording)
    {
        var powers = new List<float[]>();
        if (Signals(recording) is not { } signals)
            return powers;
        var power = new float[RateSpectrum.RateCount];
        for (var start = 0.0; signals.Spectrum.Make(start, power); start += HopSeconds)
            powers.Add([.. power]);
        return powers;
    }

    private RecordingSignals? Signals(string recording) =>
        _signals.TryGetValue(recording, out var read) ? read : _signals[recording] = RecordingSignals.Read(_result, recording);

    private static string Text(string plain) => WebUtility.HtmlEncode(plain);
}
