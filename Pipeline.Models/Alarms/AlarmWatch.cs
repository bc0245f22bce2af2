using Pipeline.Models.Signals;
using Pipeline.Models.State;

namespace Pipeline.Models.Alarms;

/// <summary>A device of a patient as the alarms know it. Times are the engine's clock in ms.</summary>
internal sealed class WatchedDevice
{
    private const long MostAhead = 10_000;      // that one window can move the clock: a device whose own clock jumps cannot let all delays pass at once
    private const double MostBack = 10;         // seconds; a device whose clock goes back further has been set anew

    private string _name = "";
    private Timestamp _time;
    private long _position, _heardAt;
    private AlarmSlot? _silent;
    private AlarmSlot? _skewed;

    /// <summary>One to be read.</summary>
    public WatchedDevice()
    {
    }

    public WatchedDevice(string name, Timestamp time, long clock) => (_name, _time, _position, _heardAt) = (name, time, clock, clock);

    public string Name => _name;

    /// <summary>When its last window came.</summary>
    public long HeardAt => _heardAt;

    /// <summary>Event time of its last window's end, by its own clock.</summary>
    public Timestamp Time => _time;

    public ref AlarmSlot? Silent => ref _silent;

    public ref AlarmSlot? Skewed => ref _skewed;

    /// <summary>Seconds by which its clock is ahead of that of <paramref name="other"/>, as both were heard last.</summary>
    public double AheadOf(WatchedDevice other) => _time.SecondsSince(other._time) - (_heardAt - other._heardAt) / 1000.0;

    /// <summary>
    /// Takes a window's end; answers the engine's clock with it. The clock goes with the device that is ahead, by the time that passes on
    /// its own clock.
    /// </summary>
    public long Advance(Timestamp time, long clock)
    {
        var seconds = time.SecondsSince(_time);
        if (seconds != 0)
        {
            _position = seconds < -MostBack ? clock : Math.Min(_position + Math.Max(0, (long)Math.Round(1000 * seconds)), clock + MostAhead);
            _time = time;
        }
        clock = Math.Max(clock, _position);
        _heardAt = clock;
        return clock;
    }

    public void Transfer(StateTransfer state)
    {
        state.Text(ref _name);
        state.Value(ref _time);
        state.Count(ref _position);
        state.Count(ref _heardAt);
        AlarmEngine.Transfer(ref _silent, AlarmKind.DeviceSilent, state);
        if (state.Version >= AlarmEngine.CheckedVersion)
            AlarmEngine.Transfer(ref _skewed, AlarmKind.ClockSkew, state);
    }
}

/// <summary>A rate or pressure of one signal of one device, as it was said last.</summary>
internal sealed class WatchedRate
{
    private const double GoodQuality = 0.7;     // above, one value in thirty is more than 5 per minute off (docs/estimators.md)

    private int _device;
    private SignalKind _signal;
    private Metric _metric;
    private EstimateStatus _status;
    private double _value = double.NaN, _quality;
    private long _heardAt;
    private AlarmSlot? _lost;
    private AlarmSlot? _coincidence;
    private SignalHistory? _history;

    /// <summary>One to be read.</summary>
    public WatchedRate()
    {
    }

    public WatchedRate(int device, SignalKind signal, Metric metric) => (_device, _signal, _metric) = (device, signal, metric);

    /// <summary>Place of its device among the watched ones.</summary>
    public int Device { get => _device; set => _device = value; }

    public SignalKind Signal => _signal;

    public Metric Metric => _metric;

    /// <summary>What was said of it; <see cref="EstimateStatus.NoPulse"/> also of a PPG that stands still.</summary>
    public EstimateStatus Status => _status;

    public double Value => _value;

    /// <summary>When it was said.</summary>
    public long HeardAt => _heardAt;

    /// <summary>Whether it is an arterial pressure.</summary>
    public bool IsPressure => _metric is >= Metric.Systolic and <= Metric.PulsePressure;

    /// <summary>What is alarmed about when it is not usable.</summary>
    public AlarmKind LostKind => IsPressure ? AlarmKind.PressureLine : AlarmKind.SignalLost;

    public bool IsUsable => _status == EstimateStatus.Ok;

    public bool IsGood => IsUsable && _quality >= GoodQuality;

    public ref AlarmSlot? Lost => ref _lost;

    public ref AlarmSlot? Coincidence => ref _coincidence;

    public bool Is(int device, SignalKind signal, Metric metric) => _device == device && _signal == signal && _metric == metric;

    /// <summary>Its beats of late, which alarms are checked against; null where none are kept.</summary>
    public SignalHistory? History => _history;

    public void Take(in Estimate estimate, long clock)
    {
        (_status, _value, _quality, _heardAt) = (estimate.StandsStill ? EstimateStatus.NoPulse : estimate.Status, estimate.Value, estimate.Quality, clock);
        if (_metric != Metric.HeartRate || !SignalHistory.Keeps(_signal))
            return;
        _history ??= new SignalHistory();
        _history.TakeWindow(_status, _quality);
    }

    public void Transfer(StateTransfer state, int devices)
    {
        state.Within(ref _device, 0, Math.Max(0, devices - 1));
        state.Value(ref _signal);
        state.Value(ref _metric);
        state.Value(ref _status);
        state.Check(Enum.IsDefined(_status), "a status that is not known");
        state.Value(ref _value);
        state.Value(ref _quality);
        state.Count(ref _heardAt);
        AlarmEngine.Transfer(ref _lost, LostKind, state);
        AlarmEngine.Transfer(ref _coincidence, AlarmKind.Coincidence, state);
        if (state.Version < AlarmEngine.CheckedVersion)
            return;
        var hasHistory = _history is not null;
        state.Value(ref hasHistory);
        if (state.IsReading)
            _history = hasHistory ? new SignalHistory() : null;
        _history?.Transfer(state);
    }
}
