using Pipeline.Models;
using Pipeline.Models.Signals;

namespace Pipeline.Host.Demo;

/// <summary>What a row of the table shows; a copy.</summary>
/// <param name="Bed">Bed.</param>
/// <param name="Patient">Pseudonym.</param>
/// <param name="Vitals">The newest estimate of each signal, with the time it is for.</param>
/// <param name="Newest">Time of the newest point.</param>
/// <param name="Trend">Heart rates of the best signal, one a window end, oldest first; NaN where there was none.</param>
internal sealed record BedView(
    string Bed, PatientId Patient, IReadOnlyDictionary<SignalKind, (Timestamp Time, Estimate Estimate)> Vitals, Timestamp Newest, double[] Trend)
{
    /// <summary>Data older than this, in ward time, is said to be stale: one missed window and a bit.</summary>
    public static TimeSpan StaleAfter { get; } = TimeSpan.FromSeconds(6);

    /// <summary>The estimate of <paramref name="signal"/>; null when there is none, or it is stale against the bed's newest.</summary>
    public Estimate? Of(SignalKind signal) =>
        Vitals.TryGetValue(signal, out var vital) && Newest.SecondsSince(vital.Time) <= StaleAfter.TotalSeconds ? vital.Estimate : null;

    /// <summary>Best quality of the signals that have a value; null when none has.</summary>
    public double? Quality => Vitals.Keys.Select(Of).Where(e => e is { Status: EstimateStatus.Ok }).Max(e => e?.Quality);

    /// <summary>The state in words: what a nurse would want to know first.</summary>
    public (string Text, bool Good) State(double ageSeconds)
    {
        if (ageSeconds > StaleAfter.TotalSeconds)
            return ("no data", false);
        var troubled = Vitals.Keys.Order().Select(signal => (signal, Of: Of(signal)))
            .Where(v => v.Of is not { Status: EstimateStatus.Ok }).ToArray();
        if (troubled.Length == 0)
            return ("ok", true);
        if (troubled.All(v => v.Of?.Status == EstimateStatus.WarmingUp))
            return ("warming up", true);
        return (string.Join(", ", troubled.Select(v => $"{Names.Of(v.signal)} {Word(v.Of?.Status)}")), false);
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
