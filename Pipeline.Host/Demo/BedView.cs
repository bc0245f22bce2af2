using Pipeline.Models;
using Pipeline.Models.Signals;

namespace Pipeline.Host.Demo;

/// <summary>Which rate of a bed: of whom, and from which signal.</summary>
/// <param name="Signal">The signal that it was estimated from.</param>
/// <param name="Metric">The heart rate, or the fetal one.</param>
internal readonly record struct Vital(SignalKind Signal, Metric Metric) : IComparable<Vital>
{
    /// <summary>As it is called beside other rates of a bed.</summary>
    public string Name => (Metric, Signal) switch
    {
        (Metric.FetalHeartRate, SignalKind.FetalEcg) => "fetus",
        (Metric.FetalHeartRate, SignalKind.SecondFetalHeartRate) => "ctg 2",
        (Metric.FetalHeartRate, _) => "ctg",
        (_, SignalKind.FetalEcg) => "mother",
        _ => Names.Of(Signal),
    };

    /// <inheritdoc/>
    public int CompareTo(Vital other) => (Signal, Metric).CompareTo((other.Signal, other.Metric));
}

/// <summary>What a row of the table shows; a copy.</summary>
/// <param name="Bed">Bed.</param>
/// <param name="Patient">Pseudonym.</param>
/// <param name="Vitals">The newest estimate of each rate, with the time it is for.</param>
/// <param name="Newest">Time of the newest point.</param>
/// <param name="Trend">Rates of the best signal, of the fetus where there is one, one a window end, oldest first; NaN: none.</param>
internal sealed record BedView(
    string Bed, PatientId Patient, IReadOnlyDictionary<Vital, (Timestamp Time, Estimate Estimate)> Vitals, Timestamp Newest, double[] Trend)
{
    /// <summary>Data older than this, in ward time, is said to be stale: one missed window and a bit.</summary>
    public static TimeSpan StaleAfter { get; } = TimeSpan.FromSeconds(6);

    /// <summary>Whether a fetus is watched.</summary>
    public bool HasFetus => Vitals.Keys.Any(vital => vital.Metric == Metric.FetalHeartRate);

    /// <summary>The estimate of <paramref name="vital"/>; null when there is none, or it is stale against the bed's newest.</summary>
    public Estimate? Of(Vital vital) =>
        Vitals.TryGetValue(vital, out var known) && Newest.SecondsSince(known.Time) <= StaleAfter.TotalSeconds ? known.Estimate : null;

    /// <summary>The heart rate from <paramref name="signal"/>, as <see cref="Of(Vital)"/>.</summary>
    public Estimate? Of(SignalKind signal) => Of(new Vital(signal, Metric.HeartRate));

    /// <summary>Best quality of the signals that have a value; null when none has.</summary>
    public double? Quality => Vitals.Keys.Select(Of).Where(e => e is { Status: EstimateStatus.Ok }).Max(e => e?.Quality);

    /// <summary>The state in words: what a nurse would want to know first.</summary>
    public (string Text, bool Good) State(double ageSeconds)
    {
        if (ageSeconds > StaleAfter.TotalSeconds)
            return ("no data", false);
        var troubled = Vitals.Keys.Order().Select(vital => (vital, Of: Of(vital)))
            .Where(v => v.Of is not { Status: EstimateStatus.Ok }).ToArray();
        if (troubled.Length == 0)
            return ("ok", true);
        if (troubled.All(v => v.Of?.Status == EstimateStatus.WarmingUp))
            return ("warming up", true);
        return (string.Join(", ", troubled.Select(v => $"{v.vital.Name} {Word(v.Of?.Status)}")), false);
    }

    private static string Word(EstimateStatus? status) => status switch
    {
        null => "off",
        EstimateStatus.LowQuality => "noisy",
        EstimateStatus.WarmingUp => "warming up",
        EstimateStatus.VentricularFibrillation => "ventricular fibrillation",
        { } other => Names.Of(other),
    };
}
