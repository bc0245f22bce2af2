using System.Globalization;
using Pipeline.Models;
using Pipeline.Models.Estimators.Hrv;

namespace Pipeline.Benchmarks.Accuracy;

/// <summary>
/// A fingertip's trace against the RR intervals of a chest strap, whose clock is another: they are shifted to where their beats lie nearest
/// to the pulses (sum of a Gaussian of 40 ms of each beat's distance), up to 12 s to either side; so the pulse's delay is in the shift.
/// </summary>
/// <param name="RateError">Mean error, per minute, of the windows that are <c>ok</c>.</param>
/// <param name="RatePercent">What part of the windows they are.</param>
/// <param name="Rate">Of the strap, over the record.</param>
/// <param name="F1">Pulses within 150 ms of a beat, where both recorded, from the first frame on.</param>
/// <param name="Lag">The shift, s.</param>
/// <param name="Jitter">Standard deviation of a matched pulse about its beat, ms.</param>
/// <param name="Rmssd">By all pulses' intervals, ms.</param>
/// <param name="GivenRmssd">Mean of the rows with a value; NaN without one.</param>
/// <param name="TrueRmssd">Mean of the same spans by the strap; of all intervals without a row.</param>
/// <param name="GivenSdnn">As <paramref name="GivenRmssd"/>.</param>
/// <param name="TrueSdnn">As <paramref name="TrueRmssd"/>.</param>
internal sealed record FingertipScore(
    double RateError, double RatePercent, double Rate, double F1, double Lag, double Jitter, double Rmssd, double GivenRmssd,
    double TrueRmssd, double GivenSdnn, double TrueSdnn)
{
    private const double Tolerance = 0.15, Width = 0.04, MostLag = 12, Step = 0.01;

    public static FingertipScore Of(CameraRun run, string file)
    {
        var (beats, lag) = Beats(run, file);

        var end = run.Windows[^1].End + 2;
        var wanted = beats.Where(beat => beat > Tolerance && beat < Math.Min(end, run.Pulses.DefaultIfEmpty(0).Last() + 1)).ToList();
        var found = run.Pulses.Where(pulse => pulse > beats[0] - Tolerance && pulse < beats[^1] + Tolerance).ToList();
        var distances = wanted.Select(beat => found.Select(pulse => pulse - beat).DefaultIfEmpty(double.NaN).MinBy(Math.Abs)).Where(d => Math.Abs(d) <= Tolerance).ToList();
        var f1 = 2.0 * distances.Count / Math.Max(1, wanted.Count + found.Count);

        var ok = run.Windows.Where(window => window.Rate.Status == EstimateStatus.Ok).ToList();
        var errors = ok.Select(window => Math.Abs(window.Rate.Value - RateOf(beats, window.Start, window.End))).ToList();
        (double Given, double True) Of(Metric metric)
        {
            var rows = run.Variability.Where(row => row.Metric == metric).ToList();
            double Truth(double from, double to) => VariabilityOf(beats, from, to, metric);
            return rows.Count == 0
                ? (double.NaN, Truth(double.NegativeInfinity, double.PositiveInfinity))
                : (rows.Average(row => row.Value), rows.Average(row => Truth(row.End - 60, row.End)));
        }

        var (rmssd, sdnn) = (Of(Metric.Rmssd), Of(Metric.Sdnn));
        return new FingertipScore(
            CameraAccuracy.Mean(errors), 100.0 * ok.Count / run.Windows.Count, 60 * (beats.Length - 1) / (beats[^1] - beats[0]), f1, lag,
            1000 * Math.Sqrt(CameraAccuracy.Mean(distances.Select(d => d * d))),
            VariabilityOf(run.Pulses, 0, double.PositiveInfinity, Metric.Rmssd), rmssd.Given, rmssd.True, sdnn.Given, sdnn.True);
    }

    /// <summary>The rate of a window by the strap, once it is shifted.</summary>
    public static Func<double, double, double> Truth(CameraRun run, string file)
    {
        var beats = Beats(run, file).Beats;
        return (start, end) => RateOf(beats, start, end);
    }

    private static (double[] Beats, double Lag) Beats(CameraRun run, string file)
    {
        var intervals = File.ReadAllText(file.Replace("_PPG.csv", "_RR.txt", StringComparison.Ordinal))
            .Split(default(char[]), StringSplitOptions.RemoveEmptyEntries).Select(one => double.Parse(one, CultureInfo.InvariantCulture)).ToArray();
        var beats = new double[intervals.Length + 1];
        for (var i = 0; i < intervals.Length; i++)
            beats[i + 1] = beats[i] + intervals[i] / 1000;
        var lag = LagOf(beats, run.Pulses);
        return (Array.ConvertAll(beats, beat => beat + lag), lag);
    }

    private static double LagOf(double[] beats, double[] pulses)
    {
        var (best, most) = (0.0, -1.0);
        for (var lag = -MostLag; lag <= MostLag; lag += Step)
        {
            double sum = 0;
            foreach (var beat in beats)
            {
                var at = Array.BinarySearch(pulses, beat + lag);
                at = at < 0 ? ~at : at;
                var near = Math.Min(
                    at < pulses.Length ? pulses[at] - beat - lag : 9, at > 0 ? beat + lag - pulses[at - 1] : 9);
                sum += Math.Exp(-0.5 * near * near / (Width * Width));
            }
            if (sum > most)
                (best, most) = (lag, sum);
        }
        return best;
    }

    private static double RateOf(double[] beats, double from, double to)
    {
        var inside = beats.Where(beat => beat >= from && beat < to).ToList();
        return inside.Count < 3 ? double.NaN : 60 * (inside.Count - 1) / (inside[^1] - inside[0]);
    }

    private static double VariabilityOf(double[] beats, double from, double to, Metric metric)
    {
        var series = new HrvSeries();
        for (var b = 1; b < beats.Length; b++)
            if (beats[b - 1] >= from && beats[b] < to)
                series.Add(beats[b], 1000 * (beats[b] - beats[b - 1]), true);
        var times = HrvFormulas.Of(series.Intervals, series.Follows);
        return metric == Metric.Rmssd ? times.Rmssd : times.Sdnn;
    }
}
