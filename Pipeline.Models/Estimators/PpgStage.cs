using Pipeline.Models.Signals;

namespace Pipeline.Models.Estimators;

/// <summary>
/// Heart rate from 1 to 3 PPG channels with or without an accelerometer, at rest and in motion: spectra of the window
/// (<see cref="PpgSpectrumPlan"/>), motion taken out (<see cref="PpgMotionFit"/>), evidence per rate (<see cref="PpgEvidence"/>), tracked
/// (<see cref="PpgRateBelief"/>). Uses nothing but the stream's PPG and ACC channels. Missing samples are bridged; a channel that is off, still,
/// at its limits or more than half missing is left out, and without any other the status says why there is no value.
/// State: under 2 KiB a stream.
/// </summary>
public sealed class PpgStage : IWindowStage
{
    /// <summary>Quality from which a value is usable: below it, one value in two is more than 5 per minute off.</summary>
    public const double UsableQuality = 0.5;

    /// <summary>Slowest stream that pulses can be told from motion in, in Hz.</summary>
    public const double MinRateHz = 20;

    private const int MaxPulseChannels = 3;

    // The belief is of bins 2.5 wide and of a reference that jitters: no value is surer than this, per minute.
    private const double LeastSigma = 1;
    private const double QualityReach = 10;

    // Counted pulses replace the spectra's rate where both agree and the intervals are even: then the count is the finer of the two.
    private const double MostDifference = 2.5;          // per minute, or
    private const double MostDifferencePart = 0.025;    // of the rate
    private const double MostIrregularity = 0.04;       // mean deviation of an interval, as a part of it

    private readonly int[] _pulseChannels;
    private readonly int[] _motionChannels;
    private readonly PpgRateBelief _belief = new();
    private readonly PpgPulses _pulses;
    private PpgSpectrumPlan? _plan;
    private int _planLength;
    private bool _started;
    private double _expectedInterval = double.NaN;   // seconds, by the window before

    /// <summary>For a stream of <paramref name="channels"/> at <paramref name="rateHz"/>, at least one of which is PPG; of more than three the first three are used.</summary>
    /// <exception cref="ArgumentException">No PPG channel.</exception>
    public PpgStage(ChannelLayout channels, double rateHz)
    {
        ArgumentNullException.ThrowIfNull(channels);
        var pulse = channels.IndicesOf(SignalKind.Ppg);
        var motion = channels.IndicesOf(SignalKind.Acc);
        if (pulse.Length == 0)
            throw new ArgumentException("None of the channels is a PPG.", nameof(channels));
        _pulseChannels = pulse[..Math.Min(pulse.Length, MaxPulseChannels)];
        _motionChannels = motion[..Math.Min(motion.Length, PpgMotionFit.MaxAxes)];
        _pulses = new PpgPulses(_pulseChannels.Length, rateHz);
    }

    /// <inheritdoc/>
    public void Accept(in Window window, StageOutput output)
    {
        ArgumentNullException.ThrowIfNull(output);
        if (_plan is null || _planLength != window.Length)
            (_plan, _planLength) = (PpgSpectrumPlan.For(window.RateHz, window.Length), window.Length);
        if (_started)
            _belief.Advance();
        _started = true;

        var scratch = PpgScratch.OfThread;
        var (used, coverage, clean, fault) = TakePulse(window, _plan, scratch, output);
        if (used == 0)
        {
            _expectedInterval = double.NaN;
            output.Estimates.Add(new Estimate(
                SignalKind.Ppg, Metric.HeartRate, double.NaN, double.NaN, 0, coverage, fault, Stages.Classical));
            return;
        }
        var axes = TakeMotion(window, _plan, scratch);
        WeighSpectra(_plan, scratch, used, axes);
        var (rate, spread, mass) = _belief.Read(scratch.Evidence.Spectrum, QualityReach);
        _expectedInterval = mass >= 0.5 ? 60 / rate : double.NaN;
        var (counted, irregularity) = _pulses.RateIn(window.StartIndex, window.EndIndex);
        if (Math.Abs(counted - rate) <= Math.Max(MostDifference, MostDifferencePart * rate) && irregularity < MostIrregularity)
            rate = counted;
        var sigma = Math.Sqrt(spread * spread + LeastSigma * LeastSigma);
        output.Estimates.Add(new Estimate(
            SignalKind.Ppg, Metric.HeartRate, rate, sigma, mass * coverage * clean, coverage, EstimateStatus.Ok, Stages.Classical));
    }

    /// <inheritdoc/>
    public void Finish(in Window tail, StageOutput output)
    {
        ArgumentNullException.ThrowIfNull(output);
        var raw = PpgScratch.OfThread.Raw(tail.NewSampleCount);
        for (var c = 0; c < _pulseChannels.Length; c++)
        {
            tail.CopyPhysical(_pulseChannels[c], tail.Length - tail.NewSampleCount, raw);
            _pulses.Take(c, raw, tail.EndIndex - tail.NewSampleCount, _expectedInterval, output);
        }
        _pulses.Finish(output);
    }

    /// <inheritdoc/>
    public void Reset()
    {
        _belief.Reset();
        _pulses.Reset();
        _expectedInterval = double.NaN;
        _started = false;
    }

    /// <summary>
    /// Decimated windows of the usable PPG channels into the scratch's first lanes. Coverage over all PPG channels; clean: part of the used samples that
    /// are not at a rail; fault: what is wrong with the best of the others when none is usable.
    /// </summary>
    private (int Used, double Coverage, double Clean, EstimateStatus Fault) TakePulse(
        in Window window, PpgSpectrumPlan plan, PpgScratch scratch, StageOutput output)
    {
        var raw = scratch.Raw(window.Length);
        var pulse = scratch.Pulse(plan);
        var used = 0;
        double coverage = 0, clean = 0;
        var fault = EstimateStatus.Gap;
        var usable = 0;
        for (var c = 0; c < _pulseChannels.Length; c++)
        {
            var channel = _pulseChannels[c];
            window.CopyPhysical(channel, 0, raw);
            _pulses.Take(c, raw[^window.NewSampleCount..], window.EndIndex - window.NewSampleCount, _expectedInterval, output);
            var check = PpgChannelCheck.Inspect(raw, window.RateHz);
            coverage += check.Present / _pulseChannels.Length;
            var off = (window.LeadOff >> channel & 1) != 0;
            if (off || !check.Usable)
            {
                fault = off ? EstimateStatus.Flat : FaultOf(check, window, channel);
                continue;
            }
            plan.Decimate(raw, pulse.Slice(used * plan.SampleCount, plan.SampleCount));
            clean += 1 - check.AtRail;
            usable |= 1 << c;
            used++;
        }
        _pulses.Choose(usable);
        return (used, Math.Min(coverage, 1), used == 0 ? 0 : clean / used, fault);
    }

    private static EstimateStatus FaultOf(in PpgChannelCheck check, in Window window, int channel)
    {
        if (check.Present < 0.5)
            return check.HeadMissing ? EstimateStatus.WarmingUp : EstimateStatus.Gap;
        if (check.Still < 1)
            return check.AtRail >= 0.5 ? EstimateStatus.Saturated : EstimateStatus.Flat;
        if (window.Format != SampleFormat.Int16)
            return EstimateStatus.Flat;
        var stored = window.Int16(channel)[^1];
        return stored is short.MaxValue or short.MinValue + 1 ? EstimateStatus.Saturated : EstimateStatus.Flat;
    }

    private int TakeMotion(in Window window, PpgSpectrumPlan plan, PpgScratch scratch)
    {
        var raw = scratch.Raw(window.Length);
        var motion = scratch.Motion(plan);
        var used = 0;
        foreach (var channel in _motionChannels)
        {
            window.CopyPhysical(channel, 0, raw);
            var check = PpgChannelCheck.Inspect(raw, window.RateHz);
            if (check.Present < 0.5 || check.Still >= 1 || (window.LeadOff >> channel & 1) != 0)
                continue;
            plan.Decimate(raw, motion.Slice(used * plan.SampleCount, plan.SampleCount));
            used++;
        }
        return used;
    }

    private void WeighSpectra(PpgSpectrumPlan plan, PpgScratch scratch, int used, int axes)
    {
        var fourier = scratch.Fourier(plan);
        var pulse = scratch.Pulse(plan)[..(used * plan.SampleCount)];
        var motion = scratch.Motion(plan)[..(axes * plan.SampleCount)];
        plan.Power(pulse, used, scratch.PulsePower, fourier);
        if (axes > 0 && scratch.Fit.Prepare(motion, axes))
        {
            plan.Power(motion, axes, scratch.MotionPower, fourier);
            for (var c = 0; c < used; c++)
                scratch.Fit.Subtract(motion, pulse.Slice(c * plan.SampleCount, plan.SampleCount));
            plan.Power(pulse, used, scratch.CleanPower, fourier, PpgEvidence.AtRate, PpgRateBelief.BinCount);
        }
        else
        {
            axes = 0;
            scratch.PulsePower.CopyTo(scratch.CleanPower, 0);
        }
        scratch.Evidence.Judge(scratch.PulsePower, scratch.CleanPower, used, scratch.MotionPower, axes, scratch.Likelihood);
        _belief.Weigh(scratch.Likelihood);
    }
}
