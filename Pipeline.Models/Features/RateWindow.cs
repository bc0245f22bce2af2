using Pipeline.Models.Estimators.Ppg;

namespace Pipeline.Models.Features;

/// <summary>
/// Makes <see cref="RateFeatures"/> from samples, by the checks, decimation, motion fit and spectra of <see cref="PpgStage"/>: what a
/// network learns from is what it is served. Owns its scratch: one thread at a time.
/// </summary>
/// <param name="rateHz">Samples per second.</param>
/// <param name="length">Samples of a window.</param>
public sealed class RateWindow(double rateHz, int length)
{
    private readonly PpgSpectrumPlan _plan = PpgSpectrumPlan.For(rateHz, length);
    private readonly PpgScratch _scratch = new();

    /// <summary>
    /// By which the likelihood row is made; other ones than every stream's only to hold them out, or to learn not to lean on them.
    /// </summary>
    internal PpgConstants Constants { get; set; } = PpgConstants.Default;

    /// <summary>
    /// Takes the window of each PPG channel and accelerometer axis from sample <paramref name="start"/>; of more than three, the first
    /// three. NaN is a missing sample. Channels that no pulse can be in are left out; false when none is left, and then
    /// <paramref name="rows"/> [12 x 85] is zero. <paramref name="motion"/>: log10 of the accelerometer's power; NaN without one.
    /// </summary>
    public bool Make(IReadOnlyList<float[]> ppg, IReadOnlyList<float[]> acc, int start, Span<float> rows, out float motion)
    {
        ArgumentNullException.ThrowIfNull(ppg);
        ArgumentNullException.ThrowIfNull(acc);
        var used = 0;
        for (var c = 0; c < Math.Min(ppg.Count, PpgStage.MaxPulseChannels); c++)
        {
            var raw = _scratch.Raw(length);
            ppg[c].AsSpan(start, length).CopyTo(raw);
            PpgDropouts.Remove(raw, rateHz);
            if (PpgChannelCheck.Inspect(raw, rateHz).Usable)
                PpgSpectra.TakePulse(_plan, _scratch, raw, used++);
        }
        var axes = 0;
        for (var a = 0; a < Math.Min(acc.Count, PpgMotionFit.MaxAxes); a++)
        {
            var raw = _scratch.Raw(length);
            acc[a].AsSpan(start, length).CopyTo(raw);
            if (PpgChannelCheck.TryBridge(raw))
                PpgSpectra.TakeMotion(_plan, _scratch, raw, axes++);
        }
        axes = used == 0 ? 0 : PpgSpectra.Make(_plan, _scratch, used, axes);
        motion = PpgSpectra.Features(_scratch, used, axes, Constants, rows);
        return used > 0;
    }
}
