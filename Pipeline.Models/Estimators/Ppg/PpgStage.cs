using System.Numerics;
using Pipeline.Models.Features;
using Pipeline.Models.Signals;
using Pipeline.Models.State;

namespace Pipeline.Models.Estimators.Ppg;

/// <summary>
/// Heart rate and pulses from 1 to 3 PPG channels with or without an accelerometer, at rest and in motion: spectra of the window
/// (<see cref="PpgSpectrumPlan"/>), motion taken out (<see cref="PpgMotionFit"/>), evidence per rate (<see cref="PpgEvidence"/>), tracked
/// (<see cref="PpgRateBelief"/>); pulses as they come (<see cref="PpgPulses"/>), whose count is the rate where they are even. Uses nothing
/// but the stream's PPG and ACC channels. Missing samples are bridged; a channel that is off, still, at its limits or more than half
/// missing is left out, and when none is left the status says why there is no value. State: under 4 KiB a stream.
/// </summary>
public sealed partial class PpgStage : IWindowStage
{
    /// <summary>
    /// Quality from which a value is good, for reports: of the values below, about one in five is more than 5 per minute off; of those
    /// above, one in thirty. Whether a value may be used says its status, not this.
    /// </summary>
    public const double GoodQuality = 0.7;

    /// <summary>Slowest stream that pulses can be told from motion in, in Hz.</summary>
    public const double MinRateHz = 20;

    /// <summary>PPG channels that are used; of more, the first.</summary>
    public const int MaxPulseChannels = 3;

    // Below this part of the belief near the best rate the signal prefers no rate: an even belief has 0.1.
    private const double LeastMass = 0.12;
    private const double MassReach = 10;                // per minute

    // Sharpness of the belief to expected error; windows overlap, so the belief's own spread is not it. Fitted: docs/estimators.md.
    private const double SigmaScale = 0.7, SigmaPower = 0.8, CountedSigma = 0.6;

    // Counted pulses replace the spectra's rate where both agree and the intervals are even: then the count is the finer of the two.
    private const double MostDifference = 2.5;          // per minute, or
    private const double MostDifferencePart = 0.025;    // of the rate

    // Even intervals of even pulses also weigh in among the spectra: that tells a slow pulse from its third harmonic.
    private const double MostUnevenness = 0.1;
    private const double CountWeight = 30;
    private const double CountReach = 3;                // per minute

    // Without movement the interval after which a window repeats itself this strongly bounds its rate, this much above.
    private const double StrongPeriodicity = 0.75;
    private const double IntervalReach = 1.2;

    // Of an irregular rhythm: in a longer interval, as a part of the median, a weak pulse may be missing.
    private const double LongestInterval = 1.6;

    // Least part of the quality that is left when no pulse resembles the one before, and when the channels have nothing in common.
    private const double UnlikePulses = 0.85;
    private const double UnlikeChannels = 0.95;

    private readonly PulseSource _source;
    private readonly int[] _motionChannels;
    private readonly PpgConstants _constants;
    private readonly PpgRateBelief _belief;
    private readonly PpgPulses _pulses;
    private readonly PpgPresence _presence;
    private readonly PulseStandstill[] _standstills;    // of each channel; of a camera none, as nothing says that it sees skin
    private readonly PpgSpectraObserver? _observer;
    private PpgSpectrumPlan? _plan;
    private int _planLength;
    private bool _started;
    private bool _judged;                               // the belief holds evidence
    private int _silent;                                // windows without a usable PPG, up to those that let it be forgotten
    private double _given = double.NegativeInfinity;    // the last pulse, where pulses are recalled
    private double _expectedInterval = double.NaN;      // seconds, by the window before

    /// <summary>
    /// For a stream of <paramref name="channels"/> at <paramref name="rateHz"/> (<see cref="MinRateHz"/> or more); of more than three PPG
    /// channels the first three are used.
    /// </summary>
    /// <exception cref="ArgumentException">No PPG channel, or a rate too low.</exception>
    public PpgStage(ChannelLayout channels, double rateHz)
        : this(channels, rateHz, PpgConstants.Default)
    {
    }

    /// <summary>
    /// With other constants than every stream's, with an <paramref name="observer"/> of its spectra, or with another network for whether
    /// there is a pulse: to fit them.
    /// </summary>
    internal PpgStage(
        ChannelLayout channels, double rateHz, PpgConstants constants, PpgSpectraObserver? observer = null, PpgLogOdds? logOdds = null)
        : this(PpgChannels.Of(channels, rateHz), channels.IndicesOf(SignalKind.Acc), rateHz, constants, observer, logOdds)
    {
    }

    /// <summary>For the pulse of another <paramref name="source"/>, beside the <paramref name="motion"/> of an accelerometer's channels.</summary>
    internal PpgStage(
        PulseSource source, int[] motion, double rateHz, PpgConstants constants, PpgSpectraObserver? observer = null,
        PpgLogOdds? logOdds = null)
    {
        _source = source;
        _motionChannels = motion[..Math.Min(motion.Length, PpgMotionFit.MaxAxes)];
        _pulses = new PpgPulses(source.Count, rateHz, source.Signal, source.CutoffHz);
        _constants = constants;
        _belief = new PpgRateBelief(constants);
        _observer = observer;
        _presence = new PpgPresence(logOdds);
        _standstills = source is PpgChannels ? [.. Enumerable.Range(0, source.Count).Select(_ => new PulseStandstill())] : [];
    }

    /// <inheritdoc/>
    public void Accept(in Window window, StageOutput output)
    {
        ArgumentNullException.ThrowIfNull(output);
        var taken = Take(window, output);
        output.Estimates.Add(Judge(window, taken, output, out _));
    }

    /// <summary>
    /// First half of <see cref="Accept"/>: the window's pulses go to <paramref name="output"/>, its spectra stand in the thread's
    /// <see cref="PpgScratch"/>.
    /// </summary>
    internal PpgTaken Take(in Window window, StageOutput output)
    {
        if (_plan is null || _planLength != window.Length)
            (_plan, _planLength) = (PpgSpectrumPlan.For(window.RateHz, window.Length), window.Length);
        if (_started)
            _belief.Advance();
        _started = true;

        var scratch = PpgScratch.OfThread;
        var taken = TakePulse(window, _plan, scratch) with { FirstBeat = output.Beats.Count, HadPulse = _presence.IsPresent };
        if (taken.Used > 0)
        {
            taken = taken with { Axes = PpgSpectra.Make(_plan, scratch, taken.Used, TakeMotion(window, _plan, scratch)) };
            taken = taken with { Look = PpgLook.Of(_plan, scratch, taken) };
        }
        TakeBeats(window, scratch, taken, output);
        return taken;
    }

    /// <summary>
    /// Second half of <see cref="Accept"/>: the estimate from what was taken of the same window, and what its samples allow to be said,
    /// whatever estimates the rate. The window's pulses leave <paramref name="output"/> again where neither it nor the one before holds
    /// any.
    /// </summary>
    internal Estimate Judge(in Window window, in PpgTaken taken, StageOutput output, out PpgVerdict verdict)
    {
        Estimate estimate;
        if (taken.Used == 0 || _plan is null)
        {
            _presence.Reset();      // what was before says nothing about what comes after
            _silent = Math.Min(_silent + 1, RateFeatures.SilentWindows);
            if (_silent == RateFeatures.SilentWindows)
                Forget();
            (estimate, verdict) = (None(taken.Fault, taken.Coverage), default);
        }
        else
        {
            _silent = 0;
            estimate = Estimate(window, _plan, PpgScratch.OfThread, taken, out verdict);
        }
        if (!_presence.IsPresent && !taken.HadPulse)
            output.Beats.RemoveRange(taken.FirstBeat, output.Beats.Count - taken.FirstBeat);
        else if (_source.RecallsPulses)
            Recall(window, taken, output);
        return estimate;
    }

    /// <summary>
    /// Gives the window's pulses and those of as long before it in place of the new ones, where there was no pulse before; notes the last one
    /// that was given.
    /// </summary>
    private void Recall(in Window window, in PpgTaken taken, StageOutput output)
    {
        if (!taken.HadPulse)
        {
            Span<double> pulses = stackalloc double[PpgPulses.MostKept];
            output.Beats.RemoveRange(taken.FirstBeat, output.Beats.Count - taken.FirstBeat);
            foreach (var pulse in pulses[.._pulses.In(window.StartIndex - window.Length, window.EndIndex, pulses)])
                if (pulse > _given)
                    output.Beats.Add(new Beat(pulse, _source.Signal, BeatKind.Pulse));
        }
        if (output.Beats.Count > taken.FirstBeat)
            _given = output.Beats[^1].SampleIndex;
    }

    /// <inheritdoc/>
    public void Finish(in Window tail, StageOutput output)
    {
        ArgumentNullException.ThrowIfNull(output);
        var first = output.Beats.Count;
        var raw = PpgScratch.OfThread.Raw(tail.Length);
        var fresh = Math.Min(tail.Length, tail.NewSampleCount + _source.Delay);
        for (var c = 0; c < _source.Count; c++)
        {
            _source.TryCopy(tail, c, raw);
            _pulses.Take(c, raw[^fresh..], tail.EndIndex - fresh, _expectedInterval, output);
        }
        _pulses.Finish(output);
        if (!_presence.IsPresent)
            output.Beats.RemoveRange(first, output.Beats.Count - first);
    }

    /// <inheritdoc/>
    public void Reset()
    {
        Forget();
        _pulses.Reset();
        _presence.Reset();
        foreach (var standstill in _standstills)
            standstill.Clear();
        _expectedInterval = double.NaN;
        _started = false;
        _silent = 0;
    }

    /// <summary>The heart may be anywhere.</summary>
    private void Forget()
    {
        _belief.Reset();
        _judged = false;
    }

    /// <inheritdoc/>
    public string StateName => "ppg";

    /// <inheritdoc/>
    public int StateVersion => 7;

    /// <inheritdoc/>
    public void Transfer(StateTransfer state)
    {
        ArgumentNullException.ThrowIfNull(state);
        Transfer(state, state.Version);
    }

    /// <summary>
    /// Every mutable field, in the form of <see cref="StateVersion"/> <paramref name="version"/>: version 1 does not say whether a pulse
    /// is there, 2 not what the detectors know of jumps, 3 not how long the tracker has been sure, 4 and 5 not by what of the
    /// windows, 6 not how high a pulse is.
    /// </summary>
    internal void Transfer(StateTransfer state, int version)
    {
        _belief.Transfer(state);
        _pulses.Transfer(state, withJumps: version >= 3);
        state.Value(ref _started);
        state.Value(ref _judged);
        state.Value(ref _expectedInterval);
        if (version >= 2)
            _presence.Transfer(state, version);
        if (version >= 5)
            state.Within(ref _silent, 0, RateFeatures.SilentWindows);
        if (_source.RecallsPulses)
            state.Value(ref _given);
        foreach (var standstill in version >= 7 ? _standstills : [])
            standstill.Transfer(state);
    }

    private bool HasNoPulseOfLate(in Window window)
    {
        Span<double> pulses = stackalloc double[PpgPulses.MostKept];
        return _pulses.In(window.EndIndex - (long)(PulseStandstill.Seconds * window.RateHz), window.EndIndex, pulses) == 0;
    }

    private Estimate None(EstimateStatus status, double coverage, double interval = double.NaN)
    {
        _expectedInterval = interval;
        return new Estimate(_source.Signal, Metric.HeartRate, double.NaN, double.NaN, 0, coverage, status, Stages.Classical);
    }

    private Estimate Estimate(in Window window, PpgSpectrumPlan plan, PpgScratch scratch, in PpgTaken taken, out PpgVerdict verdict)
    {
        _observer?.Invoke(scratch.PulsePower, scratch.CleanPower, taken.Used, scratch.MotionPower, taken.Axes);
        scratch.Evidence.Judge(
            scratch.PulsePower, scratch.CleanPower, taken.Used, scratch.MotionPower, taken.Axes, !_judged, _constants, scratch.Likelihood);
        _judged = true;
        var (counted, irregularity) = TakePresence(window, plan, scratch, taken, out verdict);
        var isEven = irregularity < _source.MostIrregularity;
        if (isEven && _pulses.Unevenness < MostUnevenness)
            JudgeCount(scratch.Likelihood, counted);
        if (double.IsFinite(verdict.MostRate))
            JudgeCount(scratch.Likelihood, 60 / taken.Periodicity.Interval);
        _belief.Weigh(scratch.Likelihood);

        var (rate, spread, mass) = _belief.Read(scratch.Evidence.Spectrum, MassReach);
        _presence.TakeBelief(plan, scratch, taken, rate, mass, _source);
        verdict = verdict with { HasPulse = _presence.IsPresent && verdict.HasPulse, StandsStill = taken.StandsStill && (!_presence.IsPresent || HasNoPulseOfLate(window)) };
        verdict = verdict with { HasPulse = verdict.HasPulse && !verdict.StandsStill };
        var interval = mass >= 0.5 ? 60 / rate : double.NaN;
        if (mass < LeastMass || !verdict.TryCorrect(ref rate))
            return None(EstimateStatus.LowQuality, taken.Coverage, interval) with { StandsStill = verdict.StandsStill };
        if (taken.Axes == 0 && taken.Coverage < 1)
            verdict = verdict with { HasHoles = true };
        _expectedInterval = mass >= 0.5 ? 60 / rate : double.NaN;
        var sigma = SigmaScale * Math.Pow(spread, SigmaPower);
        if (isEven && Math.Abs(counted - rate) <= Math.Max(MostDifference, MostDifferencePart * rate))
            (rate, sigma) = (counted, CountedSigma * sigma);

        var pulse = scratch.Pulse(plan)[..(taken.Used * plan.SampleCount)];
        var likePulses = PpgAgreement.OfPulses(pulse, taken.Used, 60 / rate * plan.RateHz);
        var likeChannels = PpgAgreement.OfChannels(pulse, taken.Used);
        var quality = mass * taken.Coverage * taken.Unclipped
            * (UnlikePulses + (1 - UnlikePulses) * likePulses) * (UnlikeChannels + (1 - UnlikeChannels) * likeChannels);
        return new Estimate(
            _source.Signal, Metric.HeartRate, rate, sigma, Math.Clamp(quality, 0, 1), taken.Coverage, EstimateStatus.Ok, Stages.Classical);
    }

    /// <summary>
    /// Looks how surely there is a pulse; the rate by the count of the window's pulses, and how uneven their intervals are. The verdict is
    /// to be completed by <see cref="PpgPresence.IsPresent"/> when the belief is known.
    /// </summary>
    private (double Counted, double Irregularity) TakePresence(
        in Window window, PpgSpectrumPlan plan, PpgScratch scratch, in PpgTaken taken, out PpgVerdict verdict)
    {
        Span<double> pulses = stackalloc double[PpgPulses.MostKept];
        pulses = pulses[.._pulses.In(window.StartIndex, window.EndIndex, pulses)];
        var (counted, irregularity, longest) = _pulses.RateOf(pulses);
        foreach (ref var pulse in pulses)
            pulse = (pulse - window.StartIndex) * plan.RateHz / window.RateHz;
        var lane = _pulses.Selected < 0 || (taken.Lanes >> _pulses.Selected & 1) == 0
            ? -1
            : BitOperations.PopCount((uint)taken.Lanes & ((1u << _pulses.Selected) - 1));
        var isIrregular = _presence.Take(plan, scratch, taken, pulses, irregularity, lane);
        verdict = new PpgVerdict(!(isIrregular && longest > LongestInterval), isIrregular ? counted : double.NaN);
        // Movements repeat themselves, too, and so do holes.
        if (taken.Axes == 0 && taken.Coverage == 1 && taken.Periodicity.Peak >= StrongPeriodicity)
            verdict = verdict with { MostRate = IntervalReach * 60 / taken.Periodicity.Interval };
        return (counted, irregularity);
    }

    private static void JudgeCount(Span<float> likelihood, double counted)
    {
        for (var k = 0; k < PpgRateBelief.BinCount; k++)
        {
            var distance = (PpgRateBelief.RateOf(k) - counted) / CountReach;
            likelihood[k] *= (float)(1 + CountWeight * Math.Exp(-0.5 * distance * distance));
        }
    }
}

/// <summary>Sees what <see cref="PpgEvidence.Judge"/> is about to judge; the spans are valid during the call.</summary>
internal delegate void PpgSpectraObserver(
    ReadOnlySpan<float> pulse, ReadOnlySpan<float> cleaned, int channels, ReadOnlySpan<float> motion, int axes);
