using Pipeline.Models.State;

namespace Pipeline.Models.Estimators.Pressure;

/// <summary>
/// Watches the fluid-filled line between an artery and its transducer: from each window whether its pressures are the artery's. What the
/// line does to the wave is judged against the waves before, which it keeps while they were in order; a flush or a zeroing begins them
/// anew, as the line is another one after it. Second-order theory of the line: Gardner, Anesthesiology 1981;54:227-236
/// (doi:10.1097/00000542-198103000-00010).
/// </summary>
internal sealed class PressureLine
{
    private const double BinSeconds = 0.4;
    private const int MostBins = 24;
    private const int LeastFaultBins = 2;
    private const float AirLevel = 8, AirSwing = 6;         // mmHg
    private const float FlushLevel = 200, FlushAboveUsual = 40, FlushSwing = 15;
    private const float StillSwing = 2, StepMultiple = 50, HighestStep = 250, StepTolerance = 3, StepAwayFromUsual = 8;
    private const int LeastStillBins = 3;
    private const float ClotSwing = 8, ClotLevel = 0.3f;    // of the usual mean pressure
    private const int LeastClotBins = 10;                   // 4 s: an arrest falls further than this in that time
    private const int LeastUsual = 3, MostUsual = 300;      // windows
    private const float DampedPulse = 0.78f, DampedSlope = 0.83f, SameMean = 0.15f;
    private const float DampedForm = 0.24f, FormPerSlope = 0.02f;
    private const float LeastRinging = 0.28f, LeastRingingOfMore = 0.08f, MorePulse = 1.15f;
    private long _usual;            // windows in order since the beginning
    private float _systolic, _mean, _pulse, _slope;

    /// <summary>The line's state in the window of <paramref name="samples"/> (mmHg, NaN missing): Ok, or what is wrong with it.</summary>
    /// <param name="samples">The window.</param>
    /// <param name="rateHz">Samples a second.</param>
    /// <param name="beat">The medians of its beats; null where they are fewer than three.</param>
    public EstimateStatus Judge(ReadOnlySpan<float> samples, double rateHz, PressureBeat? beat)
    {
        Span<Bin> bins = stackalloc Bin[MostBins];
        bins = bins[..FindBins(samples, rateHz, bins)];
        var status = Handling(bins) is var handled && handled != EstimateStatus.Ok ? handled : beat is { } one ? Form(one) : IsClotted(bins) ? EstimateStatus.Clotted : EstimateStatus.Ok;
        if (status is EstimateStatus.Flushed or EstimateStatus.Zeroed)
            _usual = 0;
        return status;
    }

    /// <summary>Learns from a window that was in order.</summary>
    public void Learn(in PressureBeat beat)
    {
        _usual = Math.Min(_usual + 1, MostUsual);
        var part = 1f / _usual;
        _systolic += part * (beat.Systolic - _systolic);
        _mean += part * (beat.Mean - _mean);
        _pulse += part * (beat.Pulse - _pulse);
        _slope += part * (beat.Slope - _slope);
    }

    /// <summary>Forgets everything.</summary>
    public void Clear() => (_usual, _systolic, _mean, _pulse, _slope) = (0, 0, 0, 0, 0);

    /// <summary>All that changes.</summary>
    public void Transfer(StateTransfer state)
    {
        state.Count(ref _usual);
        state.Value(ref _systolic);
        state.Value(ref _mean);
        state.Value(ref _pulse);
        state.Value(ref _slope);
    }

    private bool IsKnown => _usual >= LeastUsual;

    /// <summary>Somebody works at the line: it is flushed, open to air, or the transducer is given a known pressure.</summary>
    private EstimateStatus Handling(ReadOnlySpan<Bin> bins)
    {
        int air = 0, flushed = 0, still = 0, longest = 0;
        foreach (var bin in bins)
        {
            air += Math.Abs(bin.Mean) < AirLevel && bin.Swing < AirSwing ? 1 : 0;
            flushed += bin.Swing < FlushSwing && bin.Mean > (IsKnown ? Math.Max(_systolic + FlushAboveUsual, 0.75f * FlushLevel) : FlushLevel) ? 1 : 0;
            var step = MathF.Round(bin.Mean / StepMultiple) * StepMultiple;
            var isStep = bin.Swing < StillSwing && step is > 0 and <= HighestStep && Math.Abs(bin.Mean - step) < StepTolerance && !(IsKnown && Math.Abs(bin.Mean - _mean) < StepAwayFromUsual);
            still = isStep ? still + 1 : 0;
            longest = Math.Max(longest, still);
        }
        return air >= LeastFaultBins ? EstimateStatus.Zeroed
            : longest >= LeastStillBins ? EstimateStatus.Calibrating
            : flushed >= LeastFaultBins ? EstimateStatus.Flushed : EstimateStatus.Ok;
    }

    private EstimateStatus Form(in PressureBeat beat)
    {
        var isSame = IsKnown && Math.Abs(beat.Mean - _mean) < SameMean * _mean;
        if (beat.Ringing >= LeastRinging || (isSame && beat.Ringing >= LeastRingingOfMore && beat.Pulse > MorePulse * _pulse))
            return EstimateStatus.Underdamped;
        var isFlat = (beat.Mean - beat.Diastolic) / beat.Pulse - FormPerSlope * beat.Slope > DampedForm;
        var hasLost = isSame && beat.Pulse < DampedPulse * _pulse && beat.Slope < DampedSlope * _slope;
        return isFlat || hasLost ? EstimateStatus.Overdamped : EstimateStatus.Ok;
    }

    /// <summary>No pulse, at about the mean pressure that there was: a clot or a tap is between artery and transducer. Without a heart beat
    /// the pressure would fall.</summary>
    private bool IsClotted(ReadOnlySpan<Bin> bins)
    {
        var still = 0;
        for (var i = bins.Length - 1; i >= 0 && IsKnown && bins[i].Swing < ClotSwing && Math.Abs(bins[i].Mean - _mean) < ClotLevel * _mean; i--)
            still++;
        return still >= LeastClotBins;
    }

    private static int FindBins(ReadOnlySpan<float> samples, double rateHz, Span<Bin> bins)
    {
        var length = Math.Max(1, (int)Math.Round(BinSeconds * rateHz));
        var found = 0;
        for (var from = 0; from + length <= samples.Length && found < bins.Length; from += length)
        {
            var (low, high, sum, count) = (float.PositiveInfinity, float.NegativeInfinity, 0f, 0);
            foreach (var value in samples.Slice(from, length))
            {
                if (!float.IsFinite(value))
                    continue;
                (low, high, sum) = (Math.Min(low, value), Math.Max(high, value), sum + value);
                count++;
            }
            if (count > length / 2)
                bins[found++] = new Bin(sum / count, high - low);
        }
        return found;
    }

    private readonly record struct Bin(float Mean, float Swing);
}
