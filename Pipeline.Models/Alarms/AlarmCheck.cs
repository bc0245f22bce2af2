using System.Globalization;
using Pipeline.Models.Signals;

namespace Pipeline.Models.Alarms;

/// <summary>What decided on an alarm that was checked. Wire numbers in the state: never renumber, only add.</summary>
public enum CheckFinding
{
    /// <summary>It was not checked.</summary>
    None = 0,

    /// <summary>No signal can speak for or against it.</summary>
    Untold = 1,

    /// <summary>The longest time without a beat, s.</summary>
    Pause = 2,

    /// <summary>The arterial pressure has lost its pulses for so long, s.</summary>
    PulseLost = 3,

    /// <summary>Lowest rate over five beats.</summary>
    SlowestRate = 4,

    /// <summary>Highest rate over 17 beats.</summary>
    FastestRate = 5,

    /// <summary>Pulses go on evenly, at so many a minute.</summary>
    EvenPulses = 6,

    /// <summary>Most ventricular beats in a row at more than 100 a minute.</summary>
    VentricularRun = 7,

    /// <summary>Ventricular beats of the last 10 s.</summary>
    VentricularBeats = 8,

    /// <summary>The ECG shows fibrillation or flutter.</summary>
    Fibrillation = 9,

    /// <summary>Seconds of ventricular beats at more than 150 a minute.</summary>
    FastRun = 10,

    /// <summary>Beats that are none of fibrillation, in a good ECG.</summary>
    Organized = 11,
}

/// <summary>What a check says of an alarm.</summary>
/// <param name="Probability">That it is true, 0 to 1: by the distance from a limit, or by how often such alarms are true where nothing speaks.</param>
/// <param name="Finding">What decided.</param>
/// <param name="Signal">The signal it was found in; unknown where there is none.</param>
/// <param name="Measure">Its measure; NaN where none belongs to it.</param>
public readonly record struct AlarmVerdict(double Probability, CheckFinding Finding, SignalKind Signal, double Measure)
{
    /// <summary>Least probability with which an alarm is true: one that is missed is as bad as five that are false (CinC 2015).</summary>
    public const double Least = 1.0 / 6;

    /// <summary>Whether it is true.</summary>
    public bool IsTrue => Probability >= Least;

    /// <summary>Why, for a person; a line without commas.</summary>
    public string Reason => Finding switch
    {
        CheckFinding.None => "",
        CheckFinding.Untold => "no signal speaks for or against it",
        CheckFinding.Pause => Text($"{Measure:0.0} s without a beat at most in {Names.Of(Signal)}"),
        CheckFinding.PulseLost => Text($"no pulse for {Measure:0.0} s in {Names.Of(Signal)}"),
        CheckFinding.SlowestRate => Text($"5 beats at {Measure:0}/min at least in {Names.Of(Signal)}"),
        CheckFinding.FastestRate => Text($"17 beats at {Measure:0}/min at most in {Names.Of(Signal)}"),
        CheckFinding.EvenPulses => Text($"pulses go on at {Measure:0}/min in {Names.Of(Signal)}"),
        CheckFinding.VentricularRun => Text($"{Measure:0} ventricular beats in a row at more than 100/min in {Names.Of(Signal)}"),
        CheckFinding.VentricularBeats => Text($"{Measure:0} ventricular beats in 10 s in {Names.Of(Signal)}"),
        CheckFinding.Fibrillation => $"fibrillation or flutter in {Names.Of(Signal)}",
        CheckFinding.FastRun => Text($"{Measure:0.0} s of ventricular beats at more than 150/min in {Names.Of(Signal)}"),
        _ => $"{Names.Of(Signal)} shows beats",
    };

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

/// <summary>
/// Checks an alarm of the five arrhythmias of the CinC Challenge 2015 (doi:10.1109/CIC.2015.7408639) against all signals of the patient, with what they showed over the last
/// <see cref="SignalHistory.Seconds"/>. The limits are the challenge's: asystole 4 s, bradycardia five beats below 40, tachycardia 17 beats above 140, ventricular tachycardia five
/// ventricular beats above 100 a minute, fibrillation 4 s; rates are allowed to be off by five (bradycardia) and by ten and more (tachycardia).
/// </summary>
public static class AlarmCheck
{
    private const double AsystoleSeconds = 4, BradycardiaRate = 45, TachycardiaRate = 130, Refuted = 0.05, Confirmed = 0.95;
    private const double PulsesToTell = 5;      // as many as the ventricular beats that they speak against

    // How often such alarms were true in the 750 records of the challenge's open set, as published.
    private const double TrueTachycardias = 0.94, TrueVentricular = 0.26, TrueFibrillations = 0.1;
    private static readonly double LogOddsOfTachycardia = Math.Log(TrueTachycardias / (1 - TrueTachycardias));

    /// <summary>Whether there is a check for it: the five, and what an ECG's noise makes beside them.</summary>
    public static bool Knows(AlarmKind kind) => kind is AlarmKind.Asystole or AlarmKind.ExtremeBradycardia or AlarmKind.ExtremeTachycardia
        or AlarmKind.VentricularTachycardia or AlarmKind.VentricularFibrillation or AlarmKind.Pause or AlarmKind.VentricularRun;

    /// <summary>Checks an alarm of <paramref name="kind"/> with the signals of the patient.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no check for it.</exception>
    public static AlarmVerdict Of(AlarmKind kind, ReadOnlySpan<SignalSummary> signals) => kind switch
    {
        AlarmKind.Asystole => Asystole(signals),
        AlarmKind.ExtremeBradycardia => Bradycardia(signals),
        AlarmKind.ExtremeTachycardia => Tachycardia(signals),
        AlarmKind.VentricularTachycardia => VentricularTachycardia(signals),
        AlarmKind.VentricularFibrillation => Fibrillation(signals),
        AlarmKind.Pause or AlarmKind.VentricularRun => EvenPulses(signals) ?? Untold(1),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };

    /// <summary>
    /// One trusted signal whose beats go on is enough against it; where none is trusted, the signal with the shortest pause. An arterial pressure that was good and has no pulse
    /// any more confirms it, whatever the ECG shows (a pacemaker's spikes).
    /// </summary>
    private static AlarmVerdict Asystole(ReadOnlySpan<SignalSummary> signals)
    {
        if (Find(signals, SignalKind.Abp) is { IsTrusted: true } pressure && pressure.LatestPause >= AsystoleSeconds && !HasTrustedPulse(signals, AsystoleSeconds))
            return new AlarmVerdict(Confirmed, CheckFinding.PulseLost, SignalKind.Abp, pressure.LatestPause);
        SignalSummary? best = null;
        var isTrusted = false;
        foreach (var signal in signals)
        {
            var counts = IsCredible(signal, signals);
            if (double.IsNaN(signal.LongestPause) || (isTrusted && !counts))
                continue;
            if (best is not { } known || (counts && !isTrusted) || signal.LongestPause < known.LongestPause)
                (best, isTrusted) = (signal, isTrusted || counts);
        }
        return best is { } shortest
            ? new AlarmVerdict(Logistic((shortest.LongestPause - AsystoleSeconds) / 0.4), CheckFinding.Pause, shortest.Signal, shortest.LongestPause)
            : Untold(TrueVentricular);
    }

    /// <summary>Of the signals that can be believed the one with the higher rate counts: it has missed fewer beats.</summary>
    private static AlarmVerdict Bradycardia(ReadOnlySpan<SignalSummary> signals)
    {
        SignalSummary? best = null;
        foreach (var signal in signals)
            if (IsCredible(signal, signals) && !double.IsNaN(signal.SlowestRate) && !(best?.SlowestRate >= signal.SlowestRate))
                best = signal;
        if (best is null && Find(signals, SignalKind.Ecg) is { } ecg && !double.IsNaN(ecg.SlowestRate))
            best = ecg;
        return best is { } fastest
            ? new AlarmVerdict(Logistic((BradycardiaRate - fastest.SlowestRate) / 2), CheckFinding.SlowestRate, fastest.Signal, fastest.SlowestRate)
            : Untold(0.5);
    }

    /// <summary>Any trusted signal that shows it is enough, and a rate that is only somewhat lower does not refute it: nearly all such alarms are true.</summary>
    private static AlarmVerdict Tachycardia(ReadOnlySpan<SignalSummary> signals)
    {
        SignalSummary? best = null;
        foreach (var signal in signals)
            if (signal.IsTrusted && RateOf(signal) is var rate && !double.IsNaN(rate) && !(best is { } known && RateOf(known) >= rate))
                best = signal;
        return best is { } fastest
            ? new AlarmVerdict(Logistic((RateOf(fastest) - TachycardiaRate) / 5 + LogOddsOfTachycardia), CheckFinding.FastestRate, fastest.Signal, RateOf(fastest))
            : Untold(TrueTachycardias);

        static double RateOf(in SignalSummary signal) => double.IsNaN(signal.FastestRate) ? 60 / signal.Interval : signal.FastestRate;
    }

    /// <summary>Pulses that go on evenly at less than 110 a minute, while ventricular beats run, exclude it; else the labels of the ECG's beats decide.</summary>
    private static AlarmVerdict VentricularTachycardia(ReadOnlySpan<SignalSummary> signals)
    {
        var electric = Find(signals, SignalKind.Ecg);
        if (EvenPulses(signals, electric?.RunAge ?? double.NaN) is { } refuted)
            return refuted;
        if (electric is not { Beats: > 0 } ecg)
            return Untold(TrueVentricular);
        if (ecg.LongestRun >= 5)
            return new AlarmVerdict(Confirmed, CheckFinding.VentricularRun, SignalKind.Ecg, ecg.LongestRun);
        if (ecg.Ventricular >= 4)
            return new AlarmVerdict(2 * AlarmVerdict.Least, CheckFinding.VentricularBeats, SignalKind.Ecg, ecg.Ventricular);
        return ecg.IsTrusted ? new AlarmVerdict(Refuted, CheckFinding.VentricularBeats, SignalKind.Ecg, ecg.Ventricular) : Untold(TrueVentricular);
    }

    /// <summary>Pulses that go on evenly at less than 110 a minute, five of them since <paramref name="since"/> seconds ago (NaN: at any time).</summary>
    private static AlarmVerdict? EvenPulses(ReadOnlySpan<SignalSummary> signals, double since = double.NaN)
    {
        foreach (var signal in signals)
            if (signal.Signal != SignalKind.Ecg && signal.IsTrusted && signal.Unevenness <= 0.15 && 60 / signal.Interval is < 110 and var rate
                && !(since - signal.LatestBeat < PulsesToTell * signal.Interval))
                return new AlarmVerdict(Refuted, CheckFinding.EvenPulses, signal.Signal, rate);
        return null;
    }

    /// <summary>Pulses that go on exclude it, whatever the ECG looks like.</summary>
    private static AlarmVerdict Fibrillation(ReadOnlySpan<SignalSummary> signals)
    {
        foreach (var signal in signals)
            if (signal.Signal != SignalKind.Ecg && signal.IsTrusted && signal.LatestPause < 2)
                return new AlarmVerdict(Refuted, CheckFinding.EvenPulses, signal.Signal, 60 / signal.Interval);
        if (Find(signals, SignalKind.Ecg) is not { } ecg)
            return Untold(TrueFibrillations);
        if (ecg.HasFibrillated)
            return new AlarmVerdict(Confirmed, CheckFinding.Fibrillation, SignalKind.Ecg, double.NaN);
        if (ecg.FastestRunSeconds >= 4)
            return new AlarmVerdict(0.8, CheckFinding.FastRun, SignalKind.Ecg, ecg.FastestRunSeconds);
        return ecg.IsTrusted ? new AlarmVerdict(Refuted, CheckFinding.Organized, SignalKind.Ecg, double.NaN) : Untold(TrueFibrillations);
    }

    private static AlarmVerdict Untold(double probability) => new(probability, CheckFinding.Untold, SignalKind.Unknown, double.NaN);

    /// <summary>Trusted, and does not count each beat twice: no other trusted signal has beats about half as often.</summary>
    private static bool IsCredible(in SignalSummary signal, ReadOnlySpan<SignalSummary> signals)
    {
        if (!signal.IsTrusted)
            return false;
        foreach (var other in signals)
            if (other.IsTrusted && signal.Interval < 0.6 * other.Interval)
                return false;
        return true;
    }

    private static bool HasTrustedPulse(ReadOnlySpan<SignalSummary> signals, double pause)
    {
        foreach (var signal in signals)
            if (signal.Signal == SignalKind.Ppg && IsCredible(signal, signals) && signal.LatestPause < pause)
                return true;
        return false;
    }

    /// <summary>The signal of a kind that is trusted, else the one with the most beats; null: none.</summary>
    private static SignalSummary? Find(ReadOnlySpan<SignalSummary> signals, SignalKind kind)
    {
        SignalSummary? found = null;
        foreach (var signal in signals)
            if (signal.Signal == kind && (found is not { } known || (signal.IsTrusted, signal.Beats).CompareTo((known.IsTrusted, known.Beats)) > 0))
                found = signal;
        return found;
    }

    private static double Logistic(double at) => 1 / (1 + Math.Exp(-at));
}
