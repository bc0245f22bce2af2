using Pipeline.Models;
using Pipeline.Models.Alarms;
using Pipeline.Models.Signals;
using Pipeline.Models.State;
using Pipeline.Tests.Support;

namespace Pipeline.Tests.Alarms;

/// <summary>Windows of a patient's devices to an engine, 2 s apart, and what changed.</summary>
internal sealed class AlarmRun(AlarmRules? rules = null)
{
    private readonly AlarmRules _rules = rules ?? new AlarmRules();
    private AlarmEngine? _engine;

    public AlarmEngine Engine => _engine ??= new AlarmEngine(_rules);

    /// <summary>All changes so far.</summary>
    public List<AlarmChange> Changes { get; } = [];

    /// <summary>What changed, by kind and action, with seconds since the start.</summary>
    public IEnumerable<string> Said => Changes.Select(Say);

    public IEnumerable<string> OpenKinds => Engine.Open().Select(alarm => AlarmNames.Of(alarm.Kind));

    public static string Say(AlarmChange change) => FormattableString.Invariant(
        $"{change.At.SecondsSince(Points.Start):0} {(change.Alarm is { } alarm ? AlarmNames.Of(alarm.Kind) + " " : "")}{AlarmNames.Of(change.Action)}");

    public static Estimate Rate(double? value, SignalKind signal = SignalKind.Ecg, EstimateStatus without = EstimateStatus.LowQuality, Metric metric = Metric.HeartRate, double quality = 0.9) =>
        value is { } rate
            ? new Estimate(signal, metric, rate, 1, quality, 1, EstimateStatus.Ok, "classical")
            : new Estimate(signal, metric, double.NaN, double.NaN, 0.1, 1, without, "classical");

    /// <summary>A window of a device that ends at <paramref name="seconds"/>.</summary>
    public AlarmRun At(double seconds, params ReadOnlySpan<Estimate> estimates) => Window("mon", seconds, "w1", estimates);

    public AlarmRun Window(string device, double seconds, string ward, params ReadOnlySpan<Estimate> estimates)
    {
        foreach (var estimate in estimates)
            Engine.Take(device, Points.Start.AddSeconds(seconds), estimate);
        Engine.Judge(ward, "b1", Changes);
        return this;
    }

    /// <summary>
    /// Windows that end at <paramref name="from"/>, 2 s later … up to <paramref name="to"/>, each with the same estimates.
    /// </summary>
    public AlarmRun From(int from, int to, params ReadOnlySpan<Estimate> estimates)
    {
        for (var second = from; second <= to; second += 2)
            At(second, estimates);
        return this;
    }

    /// <summary>Goes on with another engine, restored from the bytes of this one.</summary>
    public int Restart()
    {
        var state = new StateTransfer();
        state.BeginWriting(AlarmEngine.StateVersion);
        Engine.Transfer(state);
        var bytes = state.EndWriting();
        _engine = Read(bytes, out var fault);
        return fault is null ? bytes.Length : throw new InvalidOperationException(fault);
    }

    public AlarmEngine Read(byte[] bytes, out string? fault)
    {
        var (state, engine) = (new StateTransfer(), new AlarmEngine(_rules));
        state.BeginReading(bytes, AlarmEngine.StateVersion);
        engine.Transfer(state);
        fault = state.EndReading();
        return engine;
    }
}
