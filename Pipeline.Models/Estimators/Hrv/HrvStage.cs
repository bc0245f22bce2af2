using Pipeline.Models.Signals;
using Pipeline.Models.State;

namespace Pipeline.Models.Estimators.Hrv;

/// <summary>
/// Heart rate variability of the beats that the stages before it gave: of one kind of signal of a device, which is its ECG, else its PPG,
/// its arterial pressure, its heart sounds (from first sound to first sound), a camera. Every <see cref="HopSeconds"/> over the last
/// <see cref="Names.SpanSecondsOf"/>, from sample 0 of the device's epoch on, and from normal-to-normal intervals alone. Quality is the
/// part of the span in them, coverage the part between beats at all. A beat that becomes certain later than the span's end is not in it:
/// the last second's.
/// </summary>
public sealed class HrvStage : IWindowStage
{
    /// <summary>Seconds from one row to the next.</summary>
    public const int HopSeconds = 30;

    /// <summary>Least part of a span in normal-to-normal intervals for a value: with less, what was left out decides.</summary>
    public const double LeastUsed = 0.8;

    private const double LeastClarity = 0.4;    // of the breathing's peak
    private const double Tolerance = 0.2;       // of an interval between pulses, or between beats of which the kind is not known
    private const double KnownTolerance = 0.45;     // where ectopic beats are known, it is for missed beats (twice the interval) and false ones
    private const float LeastCertain = 0.75f;   // probability of a normal beat: one ectopic beat too many costs RMSSD more than many normal ones too few
    private const double LeastMisplaced = 60;       // ms, of a camera's pulse: two frames at 30 per second
    private const int Rounding = 2;             // samples: start and length of a window are whole numbers of them

    private readonly double _rateHz;
    private readonly SignalKind _kind;
    private readonly int _spanSeconds;
    private readonly NormalIntervals _intervals = new();
    private long _said = -1;                    // hops by the end of the last window; −1 before the first

    /// <summary>For the beats of a signal of a device of <paramref name="rateHz"/>.</summary>
    public HrvStage(double rateHz, SignalKind kind)
    {
        (_rateHz, _kind) = (rateHz, kind);
        _spanSeconds = Names.SpanSecondsOf(kind, Metric.Sdnn) ?? NormalIntervals.SpanSeconds;
    }

    /// <inheritdoc/>
    public void Accept(in Window window, StageOutput output)
    {
        ArgumentNullException.ThrowIfNull(output);
        foreach (var beat in output.Beats)
            if (beat.Signal == _kind && beat.Kind != BeatKind.SecondSound)
                _intervals.Take(
                    beat.SampleIndex / _rateHz, IsNormal(beat), beat.Label == BeatLabel.None ? Tolerance : KnownTolerance);
        var (before, hops) = (_said, (long)((window.EndIndex + Rounding) / _rateHz / HopSeconds));
        _said = hops;
        if (before < 0 || hops == before || hops * HopSeconds < _spanSeconds)
            return;
        Report(window.EndIndex / _rateHz, output);
    }

    /// <inheritdoc/>
    public void Finish(in Window tail, StageOutput output)
    {
    }

    /// <summary>What is known of the minutes before stays; no interval spans the hole.</summary>
    public void Reset()
    {
        _said = -1;
        _intervals.Break();
    }

    /// <inheritdoc/>
    public string StateName => "hrv";

    /// <inheritdoc/>
    public int StateVersion => 1;

    /// <inheritdoc/>
    public bool IsMissed => false;

    /// <inheritdoc/>
    public void Transfer(StateTransfer state)
    {
        ArgumentNullException.ThrowIfNull(state);
        state.Within(ref _said, -1);
        _intervals.Transfer(state);
    }

    private static bool IsNormal(in Beat beat) => beat.Label == BeatLabel.None || (beat.Label == BeatLabel.Normal && beat.Probability >= LeastCertain);

    private void Report(double end, StageOutput output)
    {
        var series = HrvSeries.OfThread;
        _intervals.Read(end, _spanSeconds, series);
        if (_kind == SignalKind.Camera)
            series.DropMisplaced(LeastMisplaced);
        var status = series.Used >= LeastUsed ? EstimateStatus.Ok : series.Seen < LeastUsed ? EstimateStatus.Gap : EstimateStatus.LowQuality;
        var ok = status == EstimateStatus.Ok;
        var times = ok ? HrvFormulas.Of(series.Intervals, series.Follows) : default;
        var bands = ok ? HrvSpectrum.OfThread.Of(series.Ends, series.Intervals) : default;
        void Add(Metric metric, double value, double clarity = 1)
        {
            var given = !ok ? status : double.IsFinite(value) ? EstimateStatus.Ok : EstimateStatus.LowQuality;
            output.Estimates.Add(new Estimate(
                _kind, metric, given == EstimateStatus.Ok ? value : double.NaN, double.NaN, series.Used * clarity, series.Seen, given, Stages.Classical));
        }
        Add(Metric.Sdnn, times.Sdnn);
        Add(Metric.Rmssd, times.Rmssd);
        if (_spanSeconds < NormalIntervals.SpanSeconds)     // too short for the rest
            return;
        Add(Metric.Pnn50, times.Pnn50);
        Add(Metric.LowFrequencyPower, bands.Low);
        Add(Metric.HighFrequencyPower, bands.High);
        Add(Metric.LowToHighRatio, bands.Low / bands.High);
        Add(Metric.Sd1, times.Sd1);
        Add(Metric.Sd2, times.Sd2);
        Add(Metric.RespiratoryRate, bands.Clarity >= LeastClarity ? 60 * bands.Breaths : double.NaN, ok ? bands.Clarity : 1);
    }
}
