using System.Globalization;
using Pipeline.Host.Networks;
using Pipeline.Models;
using Pipeline.Models.Estimators.Hrv;
using Pipeline.Models.Packages;
using Pipeline.Training.Qrs;

namespace Pipeline.Benchmarks.Accuracy;

/// <summary>
/// Heart rate variability on MIT-BIH DS1: each row of the product against the same formulas on the reference's normal-to-normal intervals of the
/// same 300 s, where the rhythm is sinus throughout and nine tenths of the span lie in such intervals.
/// </summary>
internal sealed class HrvAccuracy : IBenchmark
{
    private const double LeastReference = 0.9;
    private static readonly Metric[] Metrics = [Metric.Sdnn, Metric.Rmssd, Metric.Pnn50, Metric.LowFrequencyPower, Metric.HighFrequencyPower, Metric.Sd1, Metric.Sd2];

    /// <inheritdoc/>
    public string Name => "accuracy-hrv";

    /// <inheritdoc/>
    public string Summary => "heart rate variability against the reference's normal beats, sinus rhythm of MIT-BIH DS1";

    /// <inheritdoc/>
    public Task RunAsync(Report report, CancellationToken stop)
    {
        if (RecordingsFolder.Find(report, "mitdb") is not { } mitdb)
            return Task.CompletedTask;
        INetwork[] networks = ModelCatalog.Qrs is { } qrs ? [qrs] : [];
        var errors = Metrics.ToDictionary(metric => metric, _ => new List<double>());
        var ofRecords = new List<double>();
        var (rows, given) = (0, 0);
        foreach (var name in report.Quick ? MitBih.Ds1[..2] : MitBih.Ds1)
        {
            stop.ThrowIfCancellationRequested();
            var record = EcgRecordings.Read(mitdb, name);
            var own = new List<double>();
            var ownRows = 0;
            foreach (var window in record.Run(networks).Where(one => one.Estimates.Any(estimate => estimate.Metric == Metric.Sdnn)))
            {
                if (Reference(record, window.Window.EndIndex) is not { } wanted)
                    continue;
                ownRows++;
                foreach (var metric in Metrics)
                    if (window.Estimates.Single(estimate => estimate.Metric == metric) is { Status: EstimateStatus.Ok } found)
                    {
                        var error = Math.Abs(found.Value - wanted[metric]);
                        errors[metric].Add(metric is Metric.LowFrequencyPower or Metric.HighFrequencyPower ? 100 * error / wanted[metric] : error);
                        if (metric == Metric.Rmssd)
                            own.Add(error);
                    }
            }
            (rows, given) = (rows + ownRows, given + own.Count);
            if (own.Count > 0)
                ofRecords.Add(Quantiles.Median(own));
            if (ownRows > 0)
                report.Remark(string.Create(CultureInfo.InvariantCulture, $"{name}: {ownRows} rows, {own.Count} with a value, error of RMSSD median {Quantiles.Median(own):F2} ms, largest {own.DefaultIfEmpty(double.NaN).Max():F2} ms"));
        }
        report.Add("rows", rows, "1");
        report.Add("rows_with_value", 100.0 * given / rows, "%");
        report.Add("rmssd_error_median_of_records", Quantiles.Median(ofRecords), "ms", new Reference("best detector, published", 0.4));
        foreach (var metric in Metrics)
        {
            var unit = metric is Metric.LowFrequencyPower or Metric.HighFrequencyPower or Metric.Pnn50 ? "%" : "ms";
            report.Add($"{Names.Of(metric)}_error_median", Quantiles.Median(errors[metric]), unit);
            report.Add($"{Names.Of(metric)}_error_p90", Quantiles.Quantile(errors[metric], 0.9), unit);
        }
        return Task.CompletedTask;
    }

    private static Dictionary<Metric, double>? Reference(EcgRecording record, long end)
    {
        var from = end - NormalIntervals.SpanSeconds * record.RateHz;
        var inside = record.Rhythms.Where(rhythm => rhythm.From < end && rhythm.To > from).ToList();
        if (inside.Count == 0 || inside.Exists(rhythm => rhythm.Name is not ("(N" or "(SBR")) || inside[0].From > from + record.RateHz)
            return null;
        var series = new HrvSeries();
        var wasNormal = false;
        for (var b = 1; b < record.Beats.Length; b++)
        {
            var (one, next) = (record.Beats[b - 1], record.Beats[b]);
            if (one.Sample < from || next.Sample >= end)
                continue;
            var isNormal = one.IsNormal && next.IsNormal;
            if (isNormal)
                series.Add(next.Sample / record.RateHz, 1000 * (next.Sample - one.Sample) / record.RateHz, wasNormal);
            wasNormal = isNormal;
        }
        if (series.Used < LeastReference)
            return null;
        var (times, bands) = (HrvFormulas.Of(series.Intervals, series.Follows), HrvSpectrum.OfThread.Of(series.Ends, series.Intervals));
        return new Dictionary<Metric, double>
        {
            [Metric.Sdnn] = times.Sdnn,
            [Metric.Rmssd] = times.Rmssd,
            [Metric.Pnn50] = times.Pnn50,
            [Metric.LowFrequencyPower] = bands.Low,
            [Metric.HighFrequencyPower] = bands.High,
            [Metric.Sd1] = times.Sd1,
            [Metric.Sd2] = times.Sd2,
        };
    }
}
