using Pipeline.Models.Signals;
using Pipeline.Models.State;

namespace Pipeline.Models.Alarms;

/// <summary>
/// The beats of one signal and the status of its windows over the last <see cref="Seconds"/>: what an alarm is checked against. Times are those of the caller's clock, in ms.
/// At most 0.2 kB. One thread at a time.
/// </summary>
public sealed class SignalHistory
{
    /// <summary>How far it reaches back.</summary>
    public const int Seconds = 16;

    private const int Most = 64, TickMs = 4, LabelBits = 3, LongestTicks = (1 << (16 - LabelBits)) - 1;
    private const int CertainMs = 1000;
    private const int Windows = 8;                  // one each 2 s
    private const byte Fibrillates = 0xFF;          // of a window; else 1 + its quality in percent where its rate is usable, 0 where not

    private ushort[]? _beats;                       // ring: ticks since the beat before, and the label
    private int _count, _next;
    private long _last;                             // tick of the newest beat
    private ulong _windows;                         // a byte each, the newest lowest

    /// <summary>Whether heart beats of <paramref name="signal"/> are worth keeping.</summary>
    public static bool Keeps(SignalKind signal) => signal is SignalKind.Ecg or SignalKind.Ppg or SignalKind.Abp;

    /// <summary>Takes a beat; the later one of two comes later.</summary>
    /// <param name="at">When it was.</param>
    /// <param name="label">Where it began.</param>
    public void Take(long at, BeatLabel label)
    {
        _beats ??= new ushort[Most];
        var tick = Math.Max(at / TickMs, _count == 0 ? long.MinValue : _last);
        var ticks = _count == 0 ? LongestTicks : (int)Math.Min(tick - _last, LongestTicks);
        _beats[_next] = (ushort)(ticks << LabelBits | (int)label);
        (_last, _next, _count) = (tick, (_next + 1) % Most, Math.Min(_count + 1, Most));
    }

    /// <summary>Takes what was said of a window's heart rate.</summary>
    public void TakeWindow(EstimateStatus status, double quality)
    {
        var window = status switch
        {
            EstimateStatus.Ok => (byte)(1 + Math.Clamp(quality, 0, 1) * 100),
            EstimateStatus.VentricularFibrillation => Fibrillates,
            _ => (byte)0,
        };
        _windows = _windows << 8 | window;
    }

    /// <summary>
    /// What it shows at <paramref name="now"/>; nothing after that has been taken. While windows come a beat is certain no later than a second after it, so the last second tells nothing
    /// of pauses (<paramref name="isLive"/>).
    /// </summary>
    public SignalSummary Summary(SignalKind signal, long now, bool isLive)
    {
        now -= isLive ? CertainMs : 0;
        Span<double> ages = stackalloc double[Most], intervals = stackalloc double[Most];
        Span<BeatLabel> labels = stackalloc BeatLabel[Most];
        var kept = 0;
        var age = Math.Max(0, (now - _last * TickMs) / 1000.0);
        for (var i = 1; i <= _count && age <= Seconds; i++)       // from the newest back
        {
            var beat = _beats![(_next + Most - i) % Most];
            var seconds = (beat >> LabelBits) * TickMs / 1000.0;
            (ages[kept], intervals[kept], labels[kept]) = (age, i == _count ? double.PositiveInfinity : seconds, (BeatLabel)(beat & ((1 << LabelBits) - 1)));
            age += seconds;
            kept++;
        }
        return SignalSummary.Of(signal, ages[..kept], intervals[..kept], labels[..kept]) with
        {
            UsableWindows = CountUsable(Windows),
            LatelyUsable = CountUsable(3),
            Quality = MeanQuality(),
            HasFibrillated = Any(5, Fibrillates),
        };
    }

    /// <summary>All that changes.</summary>
    public void Transfer(StateTransfer state)
    {
        ArgumentNullException.ThrowIfNull(state);
        state.Within(ref _count, 0, Most);
        state.Value(ref _last);
        state.Value(ref _windows);
        if (state.IsReading)
            (_beats, _next) = (_count > 0 && state.Fault is null ? new ushort[Most] : null, _count % Most);
        if (_beats is not null)
            state.Ring(_beats, state.IsReading && _next == 0 ? Most : _next, _count);
    }

    /// <summary>Whether its rate was usable in one of the last windows.</summary>
    public bool IsUsableOfLate => CountUsable(Windows) > 0;

    private byte WindowAt(int back) => (byte)(_windows >> (8 * back));

    private int CountUsable(int windows)
    {
        var count = 0;
        for (var back = 0; back < windows; back++)
            count += WindowAt(back) is not (0 or Fibrillates) ? 1 : 0;
        return count;
    }

    private bool Any(int windows, byte wanted)
    {
        for (var back = 0; back < windows; back++)
            if (WindowAt(back) == wanted)
                return true;
        return false;
    }

    private double MeanQuality()
    {
        var (sum, count) = (0, CountUsable(Windows));
        for (var back = 0; back < Windows; back++)
            sum += WindowAt(back) is not (0 or Fibrillates) and var window ? window - 1 : 0;
        return count == 0 ? 0 : sum / (100.0 * count);
    }
}
