using Pipeline.Models.Signals;

namespace Pipeline.Models.Alarms;

/// <summary>
/// The alarms of one patient: conditions over the estimates and events of all its devices, with limits, delays and states (IEC 60601-1-8,
/// advisory). For each
/// window <see cref="Take"/> its estimates, <see cref="TakeEvent"/> its events, then <see cref="Judge"/>; what changes is added to a
/// list. Pure: a function of the
/// patient's records, the rules and what was acknowledged. Time is stream time: the clock goes with the windows, not with the wall.
/// Bounded; allocates only where
/// something changes or is pending. One thread at a time.
/// </summary>
public sealed partial class AlarmEngine
{
    /// <summary>Most devices and rates of a patient that are watched; further ones are not.</summary>
    public const int MostDevices = 16, MostRates = 32;

    private const int MostApplied = 32;

    private const long FreshFor = 10_000;           // ms; an older rate says nothing of now
    private const long ForgetAfter = 600_000;       // ms; a device that is silent for longer was taken off

    /// <summary>The alarms that are the patient's, not a device's. Their order is that of the state.</summary>
    private static readonly AlarmKind[] PatientKinds =
    [
        AlarmKind.Asystole, AlarmKind.VentricularFibrillation, AlarmKind.ExtremeBradycardia, AlarmKind.ExtremeTachycardia, AlarmKind.Bradycardia, AlarmKind.Tachycardia,
        AlarmKind.ExtremeFetalBradycardia, AlarmKind.FetalPathological, AlarmKind.ProlongedDeceleration, AlarmKind.FetalBradycardia, AlarmKind.FetalTachycardia,
        AlarmKind.FetalSuspicious, AlarmKind.VentricularTachycardia, AlarmKind.Pause, AlarmKind.AtrialFibrillation, AlarmKind.VentricularRun,
        AlarmKind.LowMeanPressure, AlarmKind.HighMeanPressure, AlarmKind.LowSystolicPressure, AlarmKind.HighSystolicPressure, AlarmKind.LowDiastolicPressure, AlarmKind.HighDiastolicPressure,
    ];

    private const int FirstPressure = 16, RateLimitCount = 7;       // of the kinds above; of the limits those before them

    private static readonly LimitChange NoLimits = new();

    private readonly AlarmRules _rules;
    private readonly List<WatchedDevice> _devices = [];
    private readonly List<WatchedRate> _rates = [];
    private readonly AlarmSlot?[] _slots = new AlarmSlot?[PatientKinds.Length];
    private readonly List<ToldEvent> _events = [];
    private readonly List<long> _applied = [];      // the last commands
    private LimitChange _own = NoLimits;
    private string _ward = "", _bed = "";
    private bool _isDischarged, _isMoved;
    private string _movedFromWard = "", _movedFromBed = "";     // what the samples name until they know of the move
    private AlarmLimits _limits;         // of the ward, with the patient's own
    private Timestamp _now;             // end of the window that is judged
    private long _clock, _judgedAt;
    private long _sequence, _number;
    private long _pausedUntil = -1;
    private int _pausedRank;            // of the most urgent alarm when the pause began
    private long _changedAt = -1;       // event time of the last change; −1 before the first
    private List<AlarmChange>? _changes;

    /// <summary>Nothing is known of the patient.</summary>
    public AlarmEngine(AlarmRules rules)
    {
        ArgumentNullException.ThrowIfNull(rules);
        _rules = rules;
        _limits = rules.Limits;
    }

    /// <summary>The limits that hold for the patient at present.</summary>
    public AlarmLimits Limits => _limits;

    /// <summary>Whether no window has been taken, and nothing was wanted, not even what could not be.</summary>
    public bool IsEmpty => _devices.Count == 0 && _sequence == 0 && _applied.Count == 0;

    /// <summary>Ward of the window that was judged last; empty before the first.</summary>
    public string Ward => _ward;

    /// <summary>Bed, likewise.</summary>
    public string Bed => _bed;

    /// <summary>Takes an estimate of the window of <paramref name="device"/> that ends at <paramref name="end"/>.</summary>
    public void Take(string device, Timestamp end, in Estimate estimate)
    {
        if (FindDevice(device, end) is not (>= 0 and var d) || estimate.Metric is not (Metric.HeartRate or Metric.FetalHeartRate or Metric.Systolic or Metric.Diastolic or Metric.MeanPressure))
            return;
        foreach (var rate in _rates)
            if (rate.Is(d, estimate.Signal, estimate.Metric))
            {
                rate.Take(estimate, _clock);
                return;
            }
        if (_rates.Count == MostRates)
            return;
        var added = new WatchedRate(d, estimate.Signal, estimate.Metric);
        added.Take(estimate, _clock);
        _rates.Add(added);
    }

    /// <summary>
    /// Takes a beat that was found with the window, whose heart rate of <paramref name="signal"/> was taken before: it was <paramref name="age"/> seconds before the window's end,
    /// at least 0.
    /// </summary>
    public void TakeBeat(string device, SignalKind signal, double age, BeatLabel label)
    {
        var at = IndexOf(device);
        foreach (var rate in _rates)
            if (rate.Is(at, signal, Metric.HeartRate))
                rate.History?.Take(_clock - (long)Math.Round(1000 * age), label);
    }

    /// <summary>
    /// Takes an event that was told with the window; one that lasts is told again when it is over. Those that no alarm is about are
    /// passed over.
    /// </summary>
    public void TakeEvent(string device, SignalKind signal, EventKind kind, bool isOver)
    {
        var alarm = kind switch
        {
            EventKind.CategoryPathological => AlarmKind.FetalPathological,
            EventKind.CategorySuspicious => AlarmKind.FetalSuspicious,
            EventKind.ProlongedDeceleration => AlarmKind.ProlongedDeceleration,
            EventKind.Asystole => AlarmKind.Asystole,
            EventKind.VentricularFibrillation => AlarmKind.VentricularFibrillation,
            EventKind.VentricularTachycardia => AlarmKind.VentricularTachycardia,
            EventKind.Pause => AlarmKind.Pause,
            EventKind.AtrialFibrillation => AlarmKind.AtrialFibrillation,
            EventKind.VentricularRun => AlarmKind.VentricularRun,
            _ => AlarmKind.None,
        };
        var at = IndexOf(device);
        if (alarm == AlarmKind.None || at < 0)
            return;
        _events.RemoveAll(one => one.Kind == alarm && one.Device == at && one.Signal == signal);
        if (_events.Count < MostRates)
            _events.Add(new ToldEvent(alarm, at, signal, isOver));
    }

    /// <summary>
    /// Judges all conditions with what was taken, and adds to <paramref name="changes"/> what became of the alarms.
    /// <paramref name="ward"/>: the patient's, for its limits;
    /// <paramref name="bed"/>: for what is said between windows.
    /// </summary>
    public void Judge(string ward, string bed, List<AlarmChange> changes)
    {
        ArgumentNullException.ThrowIfNull(changes);
        _isMoved &= (ward, bed) == (_movedFromWard, _movedFromBed);
        if (!_isMoved)
            Place(ward, bed);
        (_changes, var step) = (changes, _clock - _judgedAt);
        _judgedAt = _clock;
        if (_isDischarged)
        {
            _events.Clear();
            return;
        }
        JudgeHeart(step);
        JudgeFetus(step);
        JudgePressure(step);
        JudgeEvents(step);
        JudgeSignals(step);
        JudgeDevices(step);
        Expire();
        _changes = null;
    }

    private void Place(string ward, string bed)
    {
        _bed = bed;
        if (ward != _ward)
            (_ward, _limits) = (ward, _rules.LimitsOf(ward).With(_own));
    }

    private int FindDevice(string name, Timestamp end)
    {
        var at = IndexOf(name);
        _now = end;
        if (at >= 0)
        {
            _clock = _devices[at].Advance(end, _clock);
            return at;
        }
        if (_devices.Count == MostDevices)
            return -1;
        _devices.Add(new WatchedDevice(name, end, _clock));
        return _devices.Count - 1;
    }

    private int IndexOf(string name)
    {
        for (var i = 0; i < _devices.Count; i++)
            if (_devices[i].Name == name)
                return i;
        return -1;
    }

    private bool IsFresh(WatchedRate rate) => _clock - rate.HeardAt <= FreshFor;

    private void Step(ref AlarmSlot? slot, AlarmKind kind, Truth truth, TimeSpan onDelay, in Evidence evidence, long step)
    {
        if (slot is null)
        {
            if (truth != Truth.True)
                return;
            slot = new AlarmSlot(kind);
        }
        if (slot.Take(truth, AlarmSlot.Ms(onDelay), evidence, _rules, _clock, step) is { } action)
            Change(slot, action);
        if (slot.IsIdle)
            slot = null;
    }

    private void Change(AlarmSlot slot, AlarmAction action, string by = "", string why = "")
    {
        if (action == AlarmAction.Raised)
            slot.Raise(++_number, _now, _rules, _clock);
        Say(action, slot.Alarm, by, why);
        if (action == AlarmAction.Raised && _pausedUntil >= 0 && AlarmNames.RankOf(slot.Priority) > _pausedRank)
            EndPause("a more urgent alarm");
    }

    private void Say(AlarmAction action, PatientAlarm? alarm, string by = "", string why = "")
    {
        _changedAt = _now.UnixNanoseconds;
        _changes!.Add(new AlarmChange(++_sequence, action, _now, alarm, Open(), PausedUntil, by, why) { Limits = _limits });     // there is a list while something is judged or commanded
    }

    private void Expire()
    {
        foreach (ref var slot in _slots.AsSpan())
            Expire(ref slot);
        foreach (var rate in _rates)
        {
            Expire(ref rate.Lost);
            Expire(ref rate.Coincidence);
        }
        foreach (var device in _devices)
        {
            Expire(ref device.Silent);
            Expire(ref device.Skewed);
        }
        if (_pausedUntil >= 0 && _clock >= _pausedUntil)
            EndPause("its time is over");
    }

    private void Expire(ref AlarmSlot? slot)
    {
        if (slot?.Expire(_rules, _clock) is not { } action)
            return;
        Change(slot, action);
        if (slot.IsIdle)
            slot = null;
    }

    /// <summary>An event that an alarm is about, as it was told last.</summary>
    private readonly record struct ToldEvent(AlarmKind Kind, int Device, SignalKind Signal, bool IsOver);
}
