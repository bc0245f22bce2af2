using Pipeline.Models.State;

namespace Pipeline.Models.Estimators.Ppg;

/// <summary>
/// Whether there is a pulse at all, from how strongly the windows repeat themselves at a heart's interval (<see cref="PpgPeriodicity"/>)
/// and how alike their pulses are (<see cref="PpgAgreement.OfShapes"/>). Windows before count half as much as the next: a bad window does
/// not hide a pulse, and 10 s after its end it is gone. While the tracker has been sure of a rate, a little less is enough: movements hide
/// the pulse from the autocorrelation sooner than from the spectra, and of noise no tracker is sure. State: two numbers.
/// </summary>
internal sealed class PpgPresence
{
    /// <summary>
    /// Least level of a pulse. Of windows of noise (white, random walk, a converter's, breathing) less than one in a hundred is above; of
    /// windows of SPC 2015, BAMI-1 and BIDMC whose rate is right, less than two in a hundred are below.
    /// </summary>
    private const double LeastLevel = 1.95;

    private const double LeastLevelWhenSure = 1.7;
    private const double Sure = 0.8;            // part of the belief within 10 per minute of the rate
    private const int SureWindows = 3;          // in a row

    private const double PeakWeight = 2;
    private const double ShapeWeight = 0.5;
    private const double Enough = 3;            // a window may not say more: it would outlast the pulse
    private const double NewPart = 0.5;

    private const int LeastPulses = 5;          // that are alike are pulses, whatever their intervals

    // Pulses that are alike at intervals that are not, and no interval after which the window repeats itself: an irregular rhythm.
    private const double LeastAlike = 0.8;
    private const double LeastIrregularity = 0.05;
    private const double MostRegular = 0.65;

    private double _level = double.NaN;         // NaN: no window yet
    private int _sure;                          // windows in a row, at most SureWindows

    /// <summary>Whether there is a pulse, by the windows so far.</summary>
    public bool IsPresent => _level >= (_sure == SureWindows ? LeastLevelWhenSure : LeastLevel);

    /// <summary>Nothing is known.</summary>
    public void Reset() => (_level, _sure) = (double.NaN, 0);

    /// <summary>
    /// All that changes; <paramref name="withSurety"/>: the form that knows for how long the tracker has been sure. Without it that begins
    /// anew.
    /// </summary>
    public void Transfer(StateTransfer state, bool withSurety)
    {
        state.Value(ref _level);
        if (withSurety)
            state.Within(ref _sure, 0, SureWindows);
    }

    /// <summary>
    /// After <see cref="Take"/>: the part of the tracker's belief that lies within 10 per minute of the window's rate.
    /// </summary>
    public void TakeBelief(double mass) => _sure = mass >= Sure ? Math.Min(_sure + 1, SureWindows) : 0;

    /// <summary>How strongly a window repeats itself, of the channel in which it does so most; the slopes of the channels stand in the
    /// scratch.</summary>
    public static PpgPeriodicity Look(PpgSpectrumPlan plan, PpgScratch scratch, in PpgTaken taken)
    {
        var spare = SlopeOf(plan, scratch, PpgSpectrumPlan.Lanes - 1);
        var best = PpgPeriodicity.None;
        for (var c = 0; c < taken.Used; c++)
        {
            var slope = SlopeOf(plan, scratch, c);
            PpgPeriodicity.MakeSlope(scratch.Pulse(plan).Slice(c * plan.SampleCount, plan.SampleCount), plan.RateHz, slope);
            var found = PpgPeriodicity.Of(slope, plan.RateHz);
            if (taken.Axes > 0 && StrengthOf(found) < Enough)
            {
                PpgPeriodicity.MakeSlope(scratch.Clean(plan).Slice(c * plan.SampleCount, plan.SampleCount), plan.RateHz, spare);
                var clean = PpgPeriodicity.Of(spare, plan.RateHz);
                found = new PpgPeriodicity(
                    Math.Max(found.Peak, clean.Peak), Math.Max(found.Contrast, clean.Contrast),
                    clean.Peak > found.Peak ? clean.Interval : found.Interval);
            }
            if (found.Peak > best.Peak)
                best = found;
        }
        return best;
    }

    /// <summary>
    /// Takes a window at which <see cref="Look"/> has looked; whether it holds pulses without a common interval, so that its spectra say
    /// nothing of their rate. <paramref name="pulses"/>: when its pulses were, in samples of the plan's rate from the window's first;
    /// <paramref name="irregularity"/>: mean deviation of their intervals, NaN when unknown; <paramref name="lane"/>: that of the channel
    /// in which they were found, −1 for none.
    /// </summary>
    public bool Take(
        PpgSpectrumPlan plan, PpgScratch scratch, in PpgTaken taken, ReadOnlySpan<double> pulses, double irregularity, int lane)
    {
        var shape = lane < 0
            ? 0
            : Math.Max(0, PpgAgreement.OfShapes(SlopeOf(plan, scratch, lane), plan.RateHz, pulses, PpgPeriodicity.MarginOf(plan.RateHz)));
        var isAlike = shape >= LeastAlike;
        var strength = isAlike && pulses.Length >= LeastPulses
            ? Enough
            : Math.Min(Enough, StrengthOf(taken.Periodicity) + ShapeWeight * shape);
        _level = double.IsNaN(_level) ? strength : _level + NewPart * (strength - _level);
        return isAlike && irregularity >= LeastIrregularity && taken.Periodicity.Peak < MostRegular && taken.Coverage == 1;
    }

    private static Span<float> SlopeOf(PpgSpectrumPlan plan, PpgScratch scratch, int lane) =>
        scratch.Slopes(plan).Slice(lane * plan.SampleCount, plan.SampleCount - 2 * PpgPeriodicity.MarginOf(plan.RateHz));

    private static double StrengthOf(in PpgPeriodicity found) => found.Contrast + PeakWeight * found.Peak;
}
