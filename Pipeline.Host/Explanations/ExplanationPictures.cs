using System.Globalization;
using Pipeline.Host.Pictures;
using Pipeline.Models;
using Pipeline.Models.Features;
using Pipeline.Training.Explanation;

namespace Pipeline.Host.Explanations;

/// <summary>An asked window with what carried its answer, and the reference's rate, NaN where there is none.</summary>
internal sealed record ExplainedWindow(SeenWindow Seen, RateExplanation Explanation, double Reference)
{
    private const double HalfWindowSeconds = 4;

    /// <summary>Its start in seconds from the recording's.</summary>
    public double StartSeconds => Seen.Window.Start.UnixNanoseconds / 1e9;

    /// <summary>Its middle.</summary>
    public double MiddleSeconds => StartSeconds + HalfWindowSeconds;

    /// <summary>The estimate, together with the classical estimator; NaN without a value.</summary>
    public double Value => Seen.Estimate.Status == EstimateStatus.Ok ? Seen.Estimate.Value : double.NaN;
}

/// <summary>Explanations of the heart-rate network as SVG.</summary>
internal static class ExplanationPictures
{
    private const int Rates = RateFeatures.RateCount;
    private const double Half = RateFeatures.StepPerMinute / 2;
    private const double Low = RateFeatures.FirstPerMinute - Half, High = RateFeatures.FirstPerMinute + (Rates - 1) * RateFeatures.StepPerMinute + Half;
    private const double HopSeconds = 2;

    private static readonly string[] SourceNames = ["PPG", "accelerometer", "classical likelihood"];

    /// <summary>What the lines mean.</summary>
    public static string Legend { get; } =
        ChartPage.Legend([("reference", ChartColor.Reference, false), ("estimate", ChartColor.Estimate, true), ("the network's own rate", ChartColor.Accent, true)]);

    /// <summary>What a window's answer lost without each source, in words.</summary>
    public static string Losses(RateExplanation explained) => string.Create(CultureInfo.InvariantCulture,
        $"lost without PPG {explained.Sources[0]:0.0}, accelerometer {explained.Sources[1]:0.0}, classical likelihood {explained.Sources[2]:0.0}, the windows before {explained.Before:0.0} nats")
        .Replace('-', '−');

    /// <summary>One window: strips over the rates.</summary>
    public static string Window(ExplainedWindow window, string id)
    {
        var explained = window.Explanation;
        var strips = new List<(string Name, double[] Values)>
        {
            ("PPG", Power(window.Seen.Input, 0)),
            ("accelerometer", Power(window.Seen.Input, RateFeatures.MotionRow)),
            ("classical likelihood", Likelihood(window.Seen.Input)),
        };
        void Add(string method, double[][] maps)
        {
            var scale = maps.SelectMany(map => map).Select(Math.Abs).DefaultIfEmpty(0).Max();
            foreach (var (map, name) in maps.Zip(SourceNames))
                strips.Add(($"{method}: {name}", Scaled(map, scale)));
        }
        Add("occlusion", explained.Occlusion);
        Add("gradients", explained.Gradients);
        if (explained.Activation.Length > 0)
            strips.Add(("Grad-CAM", Scaled(explained.Activation, explained.Activation.Max())));
        var shades = new double[strips.Count, Rates];
        for (var s = 0; s < strips.Count; s++)
            for (var k = 0; k < Rates; k++)
                shades[strips.Count - 1 - s, k] = strips[s].Values[k];
        var names = strips.Select((strip, s) => (strips.Count - s - 0.5, strip.Name)).ToList();
        using var chart = new Chart(
            new ChartFrame(1024, 50 + 20 * strips.Count, Left: 190, Top: 4), ChartAxis.Of(Low, High, "Rate (bpm)", 10, hasGrid: false), new ChartAxis(0, strips.Count, null, names, HasGrid: false));
        chart.Shades(shades, Low, High, 0, strips.Count);
        foreach (var line in new[] { 3, 6, 9 })
            chart.HorizontalLine(strips.Count - line, ChartColor.Line, 1.5f);
        chart.VerticalLine(explained.Rate, ChartColor.Accent, 1, isDashed: true);
        if (double.IsFinite(window.Reference))
            chart.VerticalLine(window.Reference, ChartColor.Reference, 2);
        if (double.IsFinite(window.Value))
            chart.VerticalLine(window.Value, ChartColor.Estimate, 1.5f, isDashed: true);
        return chart.ToSvg(id, string.Create(CultureInfo.InvariantCulture, $"What carried the answer to the window from {window.StartSeconds} s"));
    }

    /// <summary>All windows: what was seen, and what the bands of all sources carried, over time.</summary>
    public static string OverTime(IReadOnlyList<ExplainedWindow> windows, long every)
    {
        var (first, count) = (windows[0].Seen.Window.Id / every, (int)(windows[^1].Seen.Window.Id / every - windows[0].Seen.Window.Id / every) + 1);
        var scale = windows.SelectMany(w => w.Explanation.Bands).Select(Math.Abs).Max();
        // Roots show weak ones too.
        (string Name, Func<ExplainedWindow, double[]> Map)[] maps =
        [
            ("PPG", w => Power(w.Seen.Input, 0)), ("Accelerometer", w => Power(w.Seen.Input, RateFeatures.MotionRow)),
            ("Carried the answer", w => [.. w.Explanation.Bands.Select(one => Math.Sign(one) * Math.Sqrt(Math.Abs(one) / scale))]),
        ];
        return Legend + string.Concat(maps.Select((map, index) =>
        {
            var shades = new double[Rates, count];
            foreach (var window in windows)
                foreach (var (value, k) in map.Map(window).Select((value, k) => (value, k)))
                    shades[k, (int)(window.Seen.Window.Id / every - first)] = value;
            var (begin, end) = (windows[0].MiddleSeconds - HopSeconds / 2, windows[0].MiddleSeconds + (count * every - 0.5) * HopSeconds);
            using var chart = new Chart(new ChartFrame(1024, 200), ChartAxis.Of(begin, end, "Time (s)", 12, hasGrid: false), ChartAxis.Of(Low, High, "Rate (bpm)", 5, hasGrid: false));
            chart.Shades(shades, begin, end, Low, High);
            chart.Line(windows.Select(w => (w.MiddleSeconds, w.Reference)), ChartColor.Reference, 2);
            chart.Line(windows.Select(w => (w.MiddleSeconds, w.Value)), ChartColor.Estimate, 1.2f, isDashed: true);
            return $"<div class=\"spectrogram\"><h3>{map.Name}</h3>\n{chart.ToSvg($"time{index}", $"{map.Name} over rates and time, with reference and estimate")}</div>\n";
        }));
    }

    /// <summary>The root of a row's power, its greatest being 1.</summary>
    private static double[] Power(float[] input, int row)
    {
        const double offset = 0.7;      // of RateFeatures.Input
        var roots = Enumerable.Range(0, Rates).Select(k => Math.Max(0, input[row * Rates + k] + offset)).ToArray();
        return Scaled(roots, roots.Max());
    }

    private static double[] Likelihood(float[] input)
    {
        var (factor, offset, floor) = RateFeatures.LogLikelihood;
        var likelihood = Enumerable.Range(0, Rates).Select(k => Math.Max(0, Math.Exp((input[RateFeatures.LikelihoodRow * Rates + k] - offset) / factor) - floor)).ToArray();
        return [.. Scaled(likelihood, likelihood.Max()).Select(Math.Sqrt)];
    }

    private static double[] Scaled(double[] values, double scale) => scale > 0 ? [.. values.Select(value => value / scale)] : values;
}
