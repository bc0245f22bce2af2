using System.Globalization;
using System.Text;
using Pipeline.Host.Pictures;
using Pipeline.Host.Recordings;
using Pipeline.Host.References;
using Pipeline.Models.Features;
using Pipeline.Training.Explanation;

namespace Pipeline.Host.Explanations;

/// <summary>
/// What <c>estimate --explain</c> writes of a recording: an HTML page that refers to nothing outside itself. All windows by occlusion, at most 300 columns; six by all methods: those furthest from the
/// reference where there is one, else those with the largest σ, at least half a minute apart.
/// </summary>
internal static class ExplanationPage
{
    private const int MostColumns = 300, Detailed = 6;
    private const double ApartSeconds = 30, HopSeconds = 2;

    /// <summary>Writes the page; returns what a person should know, null when there is nothing.</summary>
    public static string? Write(string path, RecordingOptions options, RateModel model, string target, string command, CancellationToken stop)
    {
        using var recording = new ExplainedRecording(model, options);
        var reference = File.Exists(ReferenceRates.PathOf(path)) ? ReferenceRates.Read(ReferenceRates.PathOf(path)) : null;
        var length = LengthOf(path, options);
        var every = Math.Max(1, (long)Math.Ceiling(length / HopSeconds / MostColumns));
        var windows = new List<ExplainedWindow>();
        foreach (var seen in recording.Windows(path, id => id % every == 0))
        {
            stop.ThrowIfCancellationRequested();
            windows.Add(recording.Explain(seen, reference?.At(seen.Window.Start.UnixNanoseconds / 1e9) ?? double.NaN, withGradients: false));
        }
        if (windows.Count == 0)
            return $"{Path.GetFileName(path)}: nothing to explain: {model.Identity} was not asked about any window";
        var chosen = Choose(windows, hasReference: windows.Exists(w => double.IsFinite(w.Reference)));
        var parts = new Dictionary<string, string>
        {
            ["title"] = ChartPage.Text($"What carried the heart rate of {Path.GetFileName(path)}"),
            ["subtitle"] = ChartPage.Text(string.Create(CultureInfo.InvariantCulture, $"{model.Identity} · {windows.Count} windows of 8 s{(every > 1 ? $", one of {every}" : "")}")),
            ["time"] = ExplanationPictures.OverTime(windows, every),
            ["sources"] = Sources(windows),
            ["which"] = windows.Exists(w => double.IsFinite(w.Reference)) ? "Those furthest from the reference." : "Those with the largest σ.",
            ["windows"] = string.Concat(chosen.Select((window, index) => Detail(recording.Explain(window.Seen, window.Reference, withGradients: true), index))),
            ["command"] = ChartPage.Text(command),
        };
        File.WriteAllText(target, ChartPage.Of("explanation.html", parts));
        return null;
    }

    private static double LengthOf(string path, RecordingOptions options)
    {
        using var recording = Recording.Open(path, options);
        return recording.Seconds;
    }

    private static List<ExplainedWindow> Choose(List<ExplainedWindow> windows, bool hasReference)
    {
        var chosen = new List<ExplainedWindow>();
        foreach (var window in windows.Where(w => double.IsFinite(w.Value) && (!hasReference || double.IsFinite(w.Reference)))
            .OrderByDescending(w => hasReference ? Math.Abs(w.Value - w.Reference) : w.Seen.Estimate.Sigma))
            if (chosen.Count < Detailed && chosen.TrueForAll(other => Math.Abs(other.StartSeconds - window.StartSeconds) >= ApartSeconds))
                chosen.Add(window);
        return chosen;
    }

    private static string Detail(ExplainedWindow window, int index)
    {
        var said = new StringBuilder(string.Create(CultureInfo.InvariantCulture, $" · estimate {window.Value:F1} ± {window.Seen.Estimate.Sigma:F1}, quality {window.Seen.Estimate.Quality:F2}"));
        if (double.IsFinite(window.Reference))
            said.Append(CultureInfo.InvariantCulture, $", reference {window.Reference:F1}");
        said.Append(CultureInfo.InvariantCulture, $" · network {window.Explanation.Rate:F1} bpm · {ExplanationPictures.Losses(window.Explanation)}");
        return string.Create(CultureInfo.InvariantCulture,
            $"<div class=\"spectrogram\"><h3>From {window.StartSeconds} s<span>{ChartPage.Text(said.ToString())}</span></h3>\n{ExplanationPictures.Window(window, $"window{index}")}</div>\n");
    }

    private static string Sources(List<ExplainedWindow> windows)
    {
        (string Name, double Lost)[] rows =
        [
            .. RateSource.All.Select((source, s) => (source.Name switch { "ppg" => "PPG", "acc" => "accelerometer", _ => "classical likelihood" }, windows.Average(w => w.Explanation.Sources[s]))),
            ("the windows before", windows.Average(w => w.Explanation.Before)),
        ];
        return $"<table class=\"narrow\"><thead><tr><th>Without</th><th class=\"number\">nats lost</th></tr></thead><tbody>\n{string.Concat(rows.Select(row =>
            $"<tr><td>{row.Name}</td><td class=\"number\">{row.Lost.ToString("0.00", CultureInfo.InvariantCulture).Replace('-', '−')}</td></tr>\n"))}</tbody></table>";
    }
}
