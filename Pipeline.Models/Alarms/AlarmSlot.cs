using System.Globalization;
using Pipeline.Models.Signals;
using Pipeline.Models.State;

namespace Pipeline.Models.Alarms;

/// <summary>What is known of a condition at a moment.</summary>
internal enum Truth
{
    /// <summary>It does not hold.</summary>
    False,

    /// <summary>It holds.</summary>
    True,

    /// <summary>Nothing can be told: no signal that could show it is usable.</summary>
    Unknown,
}

/// <summary>What shows a condition.</summary>
/// <param name="Device">The device.</param>
/// <param name="Signal">The signal.</param>
/// <param name="Status">The signal's status.</param>
/// <param name="Value">The rate; NaN where none belongs to it.</param>
/// <param name="Limit">Its limit; NaN likewise.</param>
/// <param name="Other">Another signal with a usable rate that speaks against it; unknown: none.</param>
/// <param name="OtherValue">That rate.</param>
/// <param name="Check">What the check against all signals of the patient said.</param>
internal readonly record struct Evidence(
    string Device, SignalKind Signal, EstimateStatus Status, double Value, double Limit, SignalKind Other = SignalKind.Unknown, double OtherValue = double.NaN,
    AlarmVerdict Check = default);

/// <summary>
/// A condition that holds, or an alarm that has not ended. Times are the engine's clock in ms; −1 is none. There is no object for a
/// condition that does not hold.
/// </summary>
internal sealed class AlarmSlot(AlarmKind kind)
{
    private const int MostLevel = 10;

    private long _since = -1, _unknownFor;          // before it is raised
    private long _raisedAt = -1, _overSince = -1, _unknownSince = -1, _nextAt = -1, _latchedAt = -1;
    private long _number;
    private AlarmState _state;
    private int _level;
    private Timestamp _begin;
    private Evidence _evidence = new("", SignalKind.Unknown, EstimateStatus.Ok, double.NaN, double.NaN);

    public AlarmKind Kind => kind;

    public AlarmState State => _state;

    public long Number => _number;

    public EventPriority Priority => AlarmNames.PriorityOf(kind);

    /// <summary>Whether nothing is known of it that has to be kept.</summary>
    public bool IsIdle => _state == AlarmState.Ended && _since < 0;

    /// <summary>The alarm as it stands.</summary>
    public PatientAlarm Alarm => new(
        kind, Priority, _state, _number, _begin, _evidence.Value, _evidence.Limit, _evidence.Device, _evidence.Signal, _level, Reason());

    /// <summary>
    /// Takes what is known of the condition at <paramref name="clock"/>, <paramref name="step"/> after the last time; answers what it
    /// changes.
    /// </summary>
    public AlarmAction? Take(Truth truth, long onDelay, in Evidence evidence, AlarmRules rules, long clock, long step)
    {
        if (_state == AlarmState.Ended)
            return TakeClosed(truth, onDelay, evidence, rules, clock, step);
        if (truth == Truth.True)
        {
            (_overSince, _unknownSince) = (-1, -1);
            _evidence = Worse(evidence) with { Check = _evidence.Check };       // with what it was raised
            if (_state != AlarmState.Latched)
                return null;
            (_state, _latchedAt) = (AlarmState.Active, -1);
            return AlarmAction.Recurred;
        }
        if (_state == AlarmState.Latched)
            return null;
        if (truth == Truth.Unknown)
        {
            _overSince = -1;
            _unknownSince = _unknownSince < 0 ? clock : _unknownSince;
            return clock - _unknownSince >= Ms(kind == AlarmKind.AtrialFibrillation ? rules.FibrillationOffDelay : rules.UnknownHold) ? Over(rules, clock) : null;
        }
        _unknownSince = -1;
        _overSince = _overSince < 0 ? clock : _overSince;
        return clock - _overSince >= Ms(kind == AlarmKind.AtrialFibrillation ? rules.FibrillationOffDelay : rules.OffDelay) && clock - _raisedAt >= Ms(rules.MinDuration) ? Over(rules, clock) : null;
    }

    /// <summary>It is raised as the patient's alarm <paramref name="number"/>.</summary>
    public void Raise(long number, Timestamp begin, AlarmRules rules, long clock) =>
        (_state, _number, _begin, _raisedAt, _since, _nextAt, _level) = (AlarmState.Active, number, begin, clock, -1, clock + Ms(rules.EscalateAfter), 0);

    /// <summary>What its time limits change at <paramref name="clock"/>.</summary>
    public AlarmAction? Expire(AlarmRules rules, long clock)
    {
        if (_state == AlarmState.Latched && clock - _latchedAt >= Ms(rules.LatchFor))
        {
            End();
            return AlarmAction.Ended;
        }
        if (_state == AlarmState.Ended || clock < _nextAt)
            return null;
        if (_state == AlarmState.Acknowledged)
        {
            _nextAt = clock + Ms(rules.RemindAfter);
            return AlarmAction.Reminded;
        }
        if (Priority != EventPriority.High || _level >= rules.EscalationLevels)
            return null;
        _level++;
        _nextAt = clock + Ms(rules.EscalateAfter);
        return AlarmAction.Escalated;
    }

    /// <summary>
    /// Somebody acknowledges it; false when it has ended, or somebody did already. One that is latched is to be ended then.
    /// </summary>
    public bool TryAcknowledge(AlarmRules rules, long clock, out bool isOver)
    {
        isOver = _state == AlarmState.Latched;
        if (_state is not (AlarmState.Active or AlarmState.Latched))
            return false;
        (_state, _nextAt, _latchedAt) = (AlarmState.Acknowledged, clock + Ms(rules.RemindAfter), -1);
        return true;
    }

    /// <summary>It is over, whatever its condition.</summary>
    public void End() =>
        (_state, _since, _raisedAt, _overSince, _unknownSince, _latchedAt, _nextAt) = (AlarmState.Ended, -1, -1, -1, -1, -1, -1);

    /// <summary>All that changes.</summary>
    public void Transfer(StateTransfer state)
    {
        state.Within(ref _since, -1);
        state.Count(ref _unknownFor);
        state.Within(ref _raisedAt, -1);
        state.Within(ref _overSince, -1);
        state.Within(ref _unknownSince, -1);
        state.Within(ref _nextAt, -1);
        state.Within(ref _latchedAt, -1);
        state.Count(ref _number);
        var number = (int)_state;
        state.Within(ref number, 0, (int)AlarmState.Acknowledged);
        _state = (AlarmState)number;
        state.Within(ref _level, 0, MostLevel);
        state.Value(ref _begin);
        var (device, signal, status, value, limit, other, otherValue, check) = _evidence;
        state.Text(ref device);
        state.Value(ref signal);
        state.Value(ref status);
        state.Value(ref value);
        state.Value(ref limit);
        state.Value(ref other);
        state.Value(ref otherValue);
        state.Check(Enum.IsDefined(status), "a status that is not known");
        if (state.Version >= AlarmEngine.CheckedVersion)
            Transfer(ref check, state);
        _evidence = new Evidence(device, signal, status, value, limit, other, otherValue, check);
    }

    internal static long Ms(TimeSpan time) => time.Ticks / TimeSpan.TicksPerMillisecond;

    private static void Transfer(ref AlarmVerdict check, StateTransfer state)
    {
        var (probability, finding, signal, measure) = check;
        state.Value(ref probability);
        state.Value(ref finding);
        state.Value(ref signal);
        state.Value(ref measure);
        state.Check(Enum.IsDefined(finding), "a finding that is not known");
        check = new AlarmVerdict(probability, finding, signal, measure);
    }

    private AlarmAction? TakeClosed(Truth truth, long onDelay, in Evidence evidence, AlarmRules rules, long clock, long step)
    {
        switch (truth)
        {
            case Truth.False:
                _since = -1;
                return null;
            case Truth.Unknown:
                if (_since < 0)
                    return null;
                (_since, _unknownFor) = (_since + step, _unknownFor + step);     // it does not count for the delay
                if (_unknownFor >= Ms(rules.UnknownHold))
                    _since = -1;
                return null;
            default:
                _since = _since < 0 ? clock : _since;
                (_unknownFor, _evidence) = (0, evidence);
                return clock - _since >= onDelay ? AlarmAction.Raised : null;
        }
    }

    private AlarmAction Over(AlarmRules rules, long clock)
    {
        if (_state == AlarmState.Active && Priority == EventPriority.High && rules.LatchFor > TimeSpan.Zero)
        {
            (_state, _latchedAt, _overSince, _unknownSince) = (AlarmState.Latched, clock, -1, -1);
            return AlarmAction.Latched;
        }
        End();
        return AlarmAction.Ended;
    }

    private Evidence Worse(in Evidence now)
    {
        var isLow = _evidence.Value < _evidence.Limit;      // as it was raised
        return double.IsNaN(_evidence.Value) || (isLow ? now.Value < _evidence.Value : now.Value > _evidence.Value) ? now : _evidence;
    }

    private string Reason()
    {
        var (device, signal, status, value, limit, other, otherValue, check) = _evidence;
        var where = signal == SignalKind.Unknown ? device : $"{Names.Of(signal)} of {device}";
        var what = kind switch
        {
            AlarmKind.Asystole => $"no {(status == EstimateStatus.NoPulse ? "pulse" : "beats")} in {where}",
            AlarmKind.VentricularFibrillation => $"fibrillation or flutter in {where}",
            AlarmKind.SignalLost => $"no usable rate from {where}: {Names.Of(status)}",
            AlarmKind.PressureLine => $"no usable blood pressure from {where}: {Names.Of(status)}",
            AlarmKind.Coincidence when other != SignalKind.Unknown => string.Create(CultureInfo.InvariantCulture, $"the rate of {where} may be the mother's: {Names.Of(other)} has {otherValue:0}"),
            AlarmKind.Coincidence => $"fetal beats cannot be told from the mother's in {where}",
            AlarmKind.DeviceSilent => $"nothing comes of {where}",
            AlarmKind.ClockSkew => string.Create(CultureInfo.InvariantCulture, $"the clock of {where} is {value:0} s ahead of another device's"),
            AlarmKind.VentricularTachycardia or AlarmKind.Pause or AlarmKind.AtrialFibrillation or AlarmKind.VentricularRun => $"rhythm in {where}",
            AlarmKind.FetalPathological or AlarmKind.FetalSuspicious or AlarmKind.ProlongedDeceleration => $"trace from {where}",
            _ => string.Create(CultureInfo.InvariantCulture, $"{value:0} {(value < limit ? "below" : "above")} {limit:0} in {where}"),
        };
        var against = other == SignalKind.Unknown || kind == AlarmKind.Coincidence ? "" : string.Create(CultureInfo.InvariantCulture, $"; but {Names.Of(other)} has {otherValue:0}");
        var checkedBy = check.Finding == CheckFinding.None ? "" : $"; check: {check.Reason}";
        return (what + against + checkedBy).Replace(',', ';');
    }
}
