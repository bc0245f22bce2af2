using Pipeline.Models.Signals;

namespace Pipeline.Models.Alarms;

/// <content>When each condition holds.</content>
public sealed partial class AlarmEngine
{
    private const double MotherAlike = 4, MotherApart = 6;      // per minute, as within the abdominal leads

    private static readonly Evidence Nothing = new("", SignalKind.Unknown, EstimateStatus.Ok, double.NaN, double.NaN);

    /// <summary>
    /// The heart rate is that of the signal which is trusted most: ECG, then arterial pressure, then PPG, then abdominal leads. A rate
    /// beyond a limit that another good signal
    /// does not have waits longer. Asystole and fibrillation are never held back: neither by a poor signal nor by a pulse elsewhere,
    /// which is said in the reason.
    /// </summary>
    private void JudgeHeart(long step)
    {
        WatchedRate? ruling = null, electric = null;
        foreach (var rate in _rates)
        {
            if (rate.Metric != Metric.HeartRate || !IsFresh(rate))
                continue;
            if (rate.IsUsable && (ruling is null || TrustOf(rate.Signal) < TrustOf(ruling.Signal)))
                ruling = rate;
            if (rate.Signal == SignalKind.Ecg && (electric is null || UrgencyOf(rate.Status) > UrgencyOf(electric.Status)))
                electric = rate;
        }
        Arrest(0, EstimateStatus.Asystole, electric, ruling, step);
        Arrest(1, EstimateStatus.VentricularFibrillation, electric, ruling, step);
        Limit(2, 4, ruling, _limits.VeryLow, _limits.Low, isLow: true, step);
        Limit(3, 5, ruling, _limits.VeryHigh, _limits.High, isLow: false, step);
    }

    private static int TrustOf(SignalKind signal) => signal switch
    {
        SignalKind.Ecg => 0,
        SignalKind.Abp => 1,
        SignalKind.Ppg => 2,
        _ => 3,
    };

    /// <summary>Of several ECGs the one that says most counts: a rhythm without output, then that there are beats.</summary>
    private static int UrgencyOf(EstimateStatus status) => status switch
    {
        EstimateStatus.VentricularFibrillation => 3,
        EstimateStatus.Asystole => 2,
        EstimateStatus.Ok => 1,
        _ => 0,
    };

    private void Arrest(int slot, EstimateStatus status, WatchedRate? electric, WatchedRate? ruling, long step)
    {
        if (IsTold(PatientKinds[slot], out var told) == Truth.True)
        {
            Check(slot, ref told);
            Step(ref _slots[slot], PatientKinds[slot], Truth.True, default, told, step);
            return;
        }
        var truth = electric is null ? Truth.Unknown : electric.Status == status ? Truth.True : UrgencyOf(electric.Status) > 0 ? Truth.False : Truth.Unknown;
        var shown = truth == Truth.True ? electric : truth == Truth.Unknown && status == EstimateStatus.Asystole ? Pulseless(electric) : null;
        truth = shown is null ? truth : Truth.True;
        var evidence = shown is null ? Nothing : EvidenceOf(shown, double.NaN, ruling);
        if (truth == Truth.True)
            Check(slot, ref evidence);
        Step(ref _slots[slot], PatientKinds[slot], truth, default, evidence, step);
    }

    /// <summary>
    /// While no ECG can tell whether there are beats: a pressure without a pulse, or a PPG without one beside an ECG whose electrodes are
    /// on; null where there is none, or where
    /// another signal has a rate.
    /// </summary>
    private WatchedRate? Pulseless(WatchedRate? electric)
    {
        WatchedRate? pulseless = null;
        foreach (var rate in _rates)
        {
            if (rate.Metric != Metric.HeartRate || !IsFresh(rate))
                continue;
            if (rate.IsUsable)
                return null;
            var counts = rate.Signal == SignalKind.Abp ? !IsHandled(rate) : electric?.Status == EstimateStatus.LowQuality;
            if (rate.Status == EstimateStatus.NoPulse && counts && (pulseless is null || TrustOf(rate.Signal) < TrustOf(pulseless.Signal)))
                pulseless = rate;
        }
        return pulseless;
    }

    /// <summary>
    /// Whether something is done with the arterial line, or it is closed: that it shows no pulse says nothing of the heart.
    /// </summary>
    private bool IsHandled(WatchedRate pulse)
    {
        foreach (var rate in _rates)
            if (rate.Is(pulse.Device, pulse.Signal, Metric.Systolic))
                return rate.Status is EstimateStatus.Flushed or EstimateStatus.Zeroed or EstimateStatus.Clotted;     // a pressure that falls may look calibrated
        return false;
    }

    /// <summary>An extreme rate and a rate beyond the nearer limit: the second is not raised beside the first.</summary>
    private void Limit(int extreme, int nearer, WatchedRate? ruling, double extremeLimit, double limit, bool isLow, long step)
    {
        if (ruling is null)
        {
            Step(ref _slots[extreme], PatientKinds[extreme], Truth.Unknown, default, Nothing, step);
            Step(ref _slots[nearer], PatientKinds[nearer], Truth.Unknown, default, Nothing, step);
            return;
        }
        Limit(extreme, ruling, extremeLimit, isLow, _rules.ExtremeDelay, isCovered: false, step);
        Limit(nearer, ruling, limit, isLow, _rules.LimitDelay, IsHeld(extreme), step);
    }

    private bool IsHeld(int slot) => _slots[slot] is { State: AlarmState.Active or AlarmState.Acknowledged };

    private void Limit(int slot, WatchedRate rate, double limit, bool isLow, TimeSpan delay, bool isCovered, long step)
    {
        var isOpen = _slots[slot] is { State: not AlarmState.Ended };
        if (!IsBeyond(rate.Value, limit, isLow, IsHeld(slot)) || (isCovered && !isOpen))
        {
            Step(ref _slots[slot], PatientKinds[slot], Truth.False, delay, Nothing, step);
            return;
        }
        var against = IsHeld(slot) ? null : Against(rate, limit, isLow);
        var evidence = EvidenceOf(rate, limit, against);
        var isFree = Check(slot, ref evidence) && against is null;
        Step(ref _slots[slot], PatientKinds[slot], Recurring(slot, Truth.True, isFree), isFree ? delay : Longer(delay), evidence, step);
    }

    /// <summary>An alarm that is on ends only when the rate is back by the hysteresis.</summary>
    private bool IsBeyond(double value, double limit, bool isLow, bool isOn)
    {
        var margin = isOn ? _rules.Hysteresis : 0;
        return isLow ? value < limit + margin : value > limit - margin;
    }

    /// <summary>A good rate of another signal that lies within the limit; null: there is none.</summary>
    private WatchedRate? Against(WatchedRate rate, double limit, bool isLow)
    {
        foreach (var other in _rates)
            if (other != rate && other.Metric == rate.Metric && other.IsGood && IsFresh(other) && !IsBeyond(other.Value, limit, isLow, isOn: false))
                return other;
        return null;
    }

    private Evidence EvidenceOf(WatchedRate rate, double limit, WatchedRate? against) => new(
        _devices[rate.Device].Name, rate.Signal, rate.Status, rate.IsUsable ? rate.Value : double.NaN, limit,
        against is null ? SignalKind.Unknown : against.Signal, against is null ? double.NaN : against.Value);

    /// <summary>Of several fetal rates (twins, or two devices) each counts for itself: the one that is beyond a limit decides.</summary>
    private void JudgeFetus(long step)
    {
        var isWatched = false;
        foreach (var rate in _rates)
            isWatched |= rate.Metric == Metric.FetalHeartRate;
        if (!isWatched)
            return;
        Beyond(6, Metric.FetalHeartRate, _limits.FetalVeryLow, isLow: true, _rules.FetalExtremeDelay, isCovered: false, step);
        Beyond(9, Metric.FetalHeartRate, _limits.FetalLow, isLow: true, _rules.FetalLimitDelay, IsHeld(6), step);
        Beyond(10, Metric.FetalHeartRate, _limits.FetalHigh, isLow: false, _rules.FetalLimitDelay, isCovered: false, step);
    }

    private void Beyond(int slot, Metric metric, double limit, bool isLow, TimeSpan delay, bool isCovered, long step)
    {
        WatchedRate? within = null, beyond = null;
        foreach (var rate in _rates)
        {
            if (rate.Metric != metric || !rate.IsUsable || !IsFresh(rate))
                continue;
            if (!IsBeyond(rate.Value, limit, isLow, IsHeld(slot)))
                within = rate;
            else if (beyond is null || (isLow ? rate.Value < beyond.Value : rate.Value > beyond.Value))
                beyond = rate;
        }
        if (isCovered && _slots[slot] is not { State: not AlarmState.Ended })
            beyond = null;
        var truth = beyond is not null ? Truth.True : within is not null || isCovered ? Truth.False : Truth.Unknown;
        Step(ref _slots[slot], PatientKinds[slot], truth, delay, beyond is null ? Nothing : EvidenceOf(beyond, limit, null), step);
    }

    /// <summary>
    /// Of several lines the one that is beyond a limit decides. The mean pressure, which a line distorts least, comes first: beside its alarm there is none of
    /// the systolic and diastolic pressure on the same side.
    /// </summary>
    private void JudgePressure(long step)
    {
        var isWatched = false;
        foreach (var rate in _rates)
            isWatched |= rate.IsPressure;
        if (!isWatched)
            return;
        var slot = FirstPressure;
        Beyond(slot++, Metric.MeanPressure, _limits.MeanLow, isLow: true, _rules.LimitDelay, isCovered: false, step);
        Beyond(slot++, Metric.MeanPressure, _limits.MeanHigh, isLow: false, _rules.LimitDelay, isCovered: false, step);
        Beyond(slot++, Metric.Systolic, _limits.SystolicLow, isLow: true, _rules.LimitDelay, IsHeld(FirstPressure), step);
        Beyond(slot++, Metric.Systolic, _limits.SystolicHigh, isLow: false, _rules.LimitDelay, IsHeld(FirstPressure + 1), step);
        Beyond(slot++, Metric.Diastolic, _limits.DiastolicLow, isLow: true, _rules.LimitDelay, IsHeld(FirstPressure), step);
        Beyond(slot, Metric.Diastolic, _limits.DiastolicHigh, isLow: false, _rules.LimitDelay, IsHeld(FirstPressure + 1), step);
    }

    private void JudgeEvents(long step)
    {
        for (var slot = 0; slot < PatientKinds.Length; slot++)
        {
            if (PatientKinds[slot] is not (AlarmKind.FetalPathological or AlarmKind.FetalSuspicious or AlarmKind.ProlongedDeceleration
                or AlarmKind.VentricularTachycardia or AlarmKind.Pause or AlarmKind.AtrialFibrillation or AlarmKind.VentricularRun))
                continue;
            var truth = IsTold(PatientKinds[slot], out var evidence);
            var isFree = truth != Truth.True || Check(slot, ref evidence);
            isFree &= PatientKinds[slot] != AlarmKind.AtrialFibrillation || evidence.Signal != SignalKind.Ppg;
            Step(ref _slots[slot], PatientKinds[slot], Recurring(slot, truth, isFree), isFree ? default : Longer(default), evidence, step);
        }
        _events.RemoveAll(one => one.IsOver);
    }

    /// <summary>Whether an event lasts, or was told to be over with this window.</summary>
    private Truth IsTold(AlarmKind kind, out Evidence evidence)
    {
        var truth = Truth.False;
        evidence = Nothing;
        foreach (var one in _events)
            if (one.Kind == kind && truth != Truth.True && !IsOverruled(one))
            {
                var isHeard = _clock - _devices[one.Device].HeardAt <= FreshFor;
                (truth, evidence) = (isHeard ? Truth.True : Truth.Unknown, Nothing with { Device = _devices[one.Device].Name, Signal = one.Signal });
            }
        return truth;
    }

    /// <summary>Atrial fibrillation by the pulses, which movement makes irregular, while an ECG can tell and does not say so.</summary>
    private bool IsOverruled(in ToldEvent one)
    {
        if (one is not { Kind: AlarmKind.AtrialFibrillation, Signal: SignalKind.Ppg })
            return false;
        foreach (var rate in _rates)
            if (rate.Signal == SignalKind.Ecg && IsFresh(rate) && rate.History is { IsUsableOfLate: true })
                return true;
        return false;
    }

    /// <summary>A signal without a usable rate; a rhythm without output has an alarm of its own.</summary>
    private void JudgeSignals(long step)
    {
        foreach (var rate in _rates)
        {
            var (truth, delay) = rate.Status switch
            {
                _ when !IsFresh(rate) => (Truth.Unknown, default),
                _ when rate.IsPressure && (rate.Metric != Metric.Systolic || !HasPulses(rate)) => (Truth.False, default),
                EstimateStatus.Overdamped or EstimateStatus.Underdamped => (Truth.True, _rules.PoorDelay),
                EstimateStatus.Ok or EstimateStatus.Asystole or EstimateStatus.VentricularFibrillation => (Truth.False, default),
                EstimateStatus.WarmingUp => (Truth.Unknown, default),
                EstimateStatus.Coincidence => (Truth.False, default),
                EstimateStatus.LowQuality or EstimateStatus.NoPulse => (Truth.True, _rules.PoorDelay),
                _ => (Truth.True, _rules.LostDelay),
            };
            Step(ref rate.Lost, rate.LostKind, truth, delay, truth == Truth.True ? EvidenceOf(rate, double.NaN, null) : Nothing, step);
            if (rate.Metric != Metric.FetalHeartRate)
                continue;
            var hers = MotherWithRateOf(rate);
            var mixed = !IsFresh(rate) ? Truth.Unknown : rate.Status == EstimateStatus.Coincidence || hers is not null ? Truth.True : Truth.False;
            var mixedDelay = hers is null ? _rules.LostDelay : _rules.PoorDelay;
            Step(ref rate.Coincidence, AlarmKind.Coincidence, mixed, mixedDelay, mixed == Truth.True ? EvidenceOf(rate, double.NaN, hers) : Nothing, step);
        }
    }

    /// <summary>Whether the signal of a pressure has a usable pulse rate: without one it is lost, which is said of the rate.</summary>
    private bool HasPulses(WatchedRate pressure)
    {
        foreach (var rate in _rates)
            if (rate.Is(pressure.Device, pressure.Signal, Metric.HeartRate))
                return rate.IsUsable && IsFresh(rate);
        return false;
    }

    /// <summary>
    /// The mother's rate by another signal that a cardiotocograph's fetal rate cannot be told from: it may have picked up her pulse. Null: there is none, or abdominal leads show a fetus whose rate is
    /// nearer.
    /// </summary>
    private WatchedRate? MotherWithRateOf(WatchedRate fetal)
    {
        if (fetal.Signal == SignalKind.FetalEcg || !fetal.IsUsable || !IsFresh(fetal))
            return null;
        double DistanceTo(WatchedRate other) => Math.Abs(fetal.Value - other.Value);
        var limit = fetal.Coincidence is { State: AlarmState.Active or AlarmState.Acknowledged } ? MotherApart : MotherAlike;
        WatchedRate? mother = null;
        foreach (var rate in _rates)
            if (rate.Metric == Metric.HeartRate && rate.IsUsable && IsFresh(rate) && DistanceTo(rate) <= limit && (mother is null || TrustOf(rate.Signal) < TrustOf(mother.Signal)))
                mother = rate;
        foreach (var rate in _rates)
            if (mother is not null && rate is { Metric: Metric.FetalHeartRate, Signal: SignalKind.FetalEcg, IsUsable: true } && IsFresh(rate) && DistanceTo(rate) < DistanceTo(mother))
                return null;
        return mother;
    }

    /// <summary>
    /// A device of which nothing comes while another one goes on. One that stays away was taken off: what it had alarmed about is over.
    /// </summary>
    private void JudgeDevices(long step)
    {
        for (var d = _devices.Count - 1; d >= 0; d--)
        {
            var device = _devices[d];
            var silence = _clock - device.HeardAt;
            if (silence > ForgetAfter)
            {
                Forget(d);
                continue;
            }
            var isSilent = silence >= AlarmSlot.Ms(_rules.SilentDelay);
            Step(ref device.Silent, AlarmKind.DeviceSilent, isSilent ? Truth.True : Truth.False, default, isSilent ? Nothing with { Device = device.Name } : Nothing, step);
            JudgeClock(device, step);
        }
    }

    /// <summary>A device whose clock is ahead of another one's, while both are heard: whose clock is right is not known.</summary>
    private void JudgeClock(WatchedDevice device, long step)
    {
        var (ahead, isCompared) = (0.0, false);
        foreach (var other in _devices)
            if (other != device && _clock - other.HeardAt <= FreshFor && _clock - device.HeardAt <= FreshFor)
                (ahead, isCompared) = (Math.Max(ahead, device.AheadOf(other)), true);
        var limit = _rules.ClockSkew.TotalSeconds;
        var truth = !isCompared ? Truth.Unknown : ahead > limit ? Truth.True : Truth.False;
        Step(ref device.Skewed, AlarmKind.ClockSkew, truth, _rules.LostDelay, truth == Truth.True ? Nothing with { Device = device.Name, Value = ahead, Limit = limit } : Nothing, step);
    }

    private void Forget(int device)
    {
        const string Why = "the device was taken off";
        End(ref _devices[device].Silent, Why);
        End(ref _devices[device].Skewed, Why);
        foreach (var rate in _rates)
            if (rate.Device == device)
            {
                End(ref rate.Lost, Why);
                End(ref rate.Coincidence, Why);
            }
        _rates.RemoveAll(rate => rate.Device == device);
        _events.RemoveAll(one => one.Device == device);
        _devices.RemoveAt(device);
        foreach (var rate in _rates)
            rate.Device -= rate.Device > device ? 1 : 0;
        for (var i = 0; i < _events.Count; i++)
            _events[i] = _events[i] with { Device = _events[i].Device - (_events[i].Device > device ? 1 : 0) };
    }

    private void End(ref AlarmSlot? slot, string why, string by = "")
    {
        if (slot is { State: not AlarmState.Ended })
        {
            slot.End();
            Change(slot, AlarmAction.Ended, by, why);
        }
        slot = null;
    }
}
