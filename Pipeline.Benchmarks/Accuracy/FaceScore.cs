using System.Globalization;
using Pipeline.Models;

namespace Pipeline.Benchmarks.Accuracy;

/// <summary>
/// Rates of a face's trace against a reference that gives the mean rate of segments of 5 or 8.5 s. Of a window the reference is the mean of
/// the segments, weighted by how far they overlap it.
/// </summary>
/// <param name="Short">Error of the estimates every 2 s that are <c>ok</c>, and what part of the windows they are.</param>
/// <param name="Long">Error of their mean over a long window of which they are half or more, and what part of the long windows these are.</param>
/// <param name="ShortOfAll">Error where the last value is held without one; before the first 75 per minute are scored.</param>
/// <param name="LongOfAll">Error of the mean of these over a long window.</param>
internal sealed record FaceScore((double Error, double Percent) Short, (double Error, double Percent) Long, double ShortOfAll, double LongOfAll)
{
    private const double BeforeTheFirst = 75;
    private const double LeastKnown = 0.9;      // of a window, by segments

    /// <summary>The reference of a window in seconds; NaN where it is not known.</summary>
    public static Func<double, double, double> Truth(string file)
    {
        var segments = Segments(file);
        return (start, end) => RateOf(segments, start, end);
    }

    public static FaceScore Of(CameraRun run, string file)
    {
        var segments = Segments(file);
        double Reference(double start, double end) => RateOf(segments, start, end);
        var held = BeforeTheFirst;
        var rows = new List<(double Start, double End, double Held, bool IsOk)>();
        foreach (var (start, end, rate) in run.Windows)
        {
            var isOk = rate.Status == EstimateStatus.Ok;
            rows.Add((start, end, held = isOk ? rate.Value : held, isOk));
        }
        var scored = rows.Where(row => double.IsFinite(Reference(row.Start, row.End)))
            .Select(row => (Error: Math.Abs(row.Held - Reference(row.Start, row.End)), row.IsOk)).ToList();
        // As the peers': 1024 frames (34 s at 30 a second, 20 s at 50), 2048 at 100.
        var length = segments[0][1] > 8 ? 34.1 : 20.5;
        var longs = new List<(double Error, double Held, bool IsOk)>();
        for (var start = rows[0].Start; start + length <= rows[^1].End; start += length / 2)
        {
            var inside = rows.Where(row => row.Start >= start && row.End <= start + length).ToList();
            var (wanted, ok) = (Reference(start, start + length), inside.Where(row => row.IsOk).Select(row => row.Held).ToList());
            if (double.IsFinite(wanted))
                longs.Add((Math.Abs(ok.DefaultIfEmpty(double.NaN).Average() - wanted), Math.Abs(inside.Average(row => row.Held) - wanted), 2 * ok.Count >= inside.Count));
        }
        return new FaceScore(
            (CameraAccuracy.Mean(scored.Where(s => s.IsOk).Select(s => s.Error)), 100.0 * scored.Count(s => s.IsOk) / scored.Count),
            (CameraAccuracy.Mean(longs.Where(l => l.IsOk).Select(l => l.Error)), 100.0 * longs.Count(l => l.IsOk) / longs.Count),
            scored.Average(s => s.Error), longs.Average(l => l.Held));
    }

    private static List<double[]> Segments(string file) =>
        [.. File.ReadLines(Path.ChangeExtension(file, ".ref.csv")).Skip(1).Select(line => line.Split(','))
            .Where(cells => cells[2].Length > 0).Select(cells => Array.ConvertAll(cells, c => double.Parse(c, CultureInfo.InvariantCulture)))];

    private static double RateOf(List<double[]> segments, double start, double end)
    {
        double sum = 0, known = 0;
        foreach (var segment in segments)
            if (Math.Min(end, segment[1]) - Math.Max(start, segment[0]) is > 0 and var overlap)
                (sum, known) = (sum + overlap * segment[2], known + overlap);
        return known >= LeastKnown * (end - start) ? sum / known : double.NaN;
    }
}
