using System.Numerics.Tensors;
using Pipeline.Models.Signals;
using Pipeline.Models.State;

namespace Pipeline.Models.Estimators.Pressure;

/// <summary>
/// Heart rate, signal quality and pulse onsets from the first arterial pressure channel of a device. The rate of a window is 60 over the
/// mean of the intervals between its onsets. Missing samples (NaN) are bridged; a channel that the device says is off counts as missing.
/// Above 180 Hz samples are averaged in groups first. A pulse depends on nothing more than 1 s after its onset.
/// </summary>
public sealed class AbpStage : IWindowStage
{
    /// <summary>Slowest rate at which onsets can be placed, Hz.</summary>
    public const double MinRateHz = 50;

    /// <summary>Quality from which there is a value.</summary>
    public const double UsableQuality = 0.5;

    private const int WithStandstill = Stages.WithoutPast + 1;      // version of the state from which on it says how high a pulse is
    private const double MostSilenceSeconds = 4;    // as long an interval is no rate (15/min)
    private const double LeastMillimetres = 8;      // a lower pressure is a line that is open or was zeroed
    private const double WorkingHz = 125;
    private const int BlockSamples = 64;

    [ThreadStatic]
    private static float[]? _samples;

    private readonly int _channel;
    private readonly int _group;
    private readonly float _least;
    private readonly PulseOnsetDetector _detector;
    private readonly AbpQuality _quality;
    private readonly RateFromBeats _rate;
    private readonly PulseStandstill _standstill = new();
    private readonly List<PressurePulse> _found = new(4);
    private float _sum;
    private int _summed, _inGroup;
    private long _origin = -1;

    /// <summary>Takes the first pressure channel of <paramref name="channels"/>; there is one.</summary>
    public AbpStage(ChannelLayout channels, double rateHz)
    {
        ArgumentNullException.ThrowIfNull(channels);
        _channel = channels.IndicesOf(SignalKind.Abp)[0];
        _group = GroupAt(rateHz);
        var millimetre = MillimetreIn(channels[_channel].Unit);
        _least = millimetre > 0 ? (float)(LeastMillimetres * millimetre) : float.NegativeInfinity;
        _detector = new PulseOnsetDetector(rateHz / _group, millimetre);
        _quality = new AbpQuality(rateHz, millimetre);
        _rate = new RateFromBeats(rateHz);
    }

    /// <summary>Where the pulses are, those of the last window and later.</summary>
    internal RateFromBeats Pulses => _rate;

    /// <summary>Bytes of its state that are samples; the rest was learnt from them.</summary>
    internal static int SampleBytes(double rateHz) => PulseOnsetDetector.SampleBytes(rateHz / GroupAt(rateHz));

    /// <inheritdoc/>
    public void Accept(in Window window, StageOutput output)
    {
        ArgumentNullException.ThrowIfNull(output);
        Take(window, output);
        var holes = SampleHoles.Of(window, [_channel]);
        var verdict = _quality.Of(window, _rate, holes);
        var rate = _rate.Of(window.StartIndex, window.EndIndex, verdict.Value, verdict.Value >= UsableQuality, holes: holes);
        verdict = verdict with { Value = verdict.Value * (1 - holes.Replaced) * (1 - rate.Lost / 2) };
        var status = StatusOf(window, verdict, rate);
        if (StandsStill(window, holes, status == EstimateStatus.Ok))
            status = EstimateStatus.NoPulse;
        var ok = status == EstimateStatus.Ok;
        output.Estimates.Add(new Estimate(
            SignalKind.Abp, Metric.HeartRate, ok ? rate.Value : double.NaN, ok ? rate.Sigma : double.NaN, verdict.Value, verdict.Coverage,
            status, Stages.Classical));
        _quality.Forget(window.StartIndex);     // no later window starts before this one
        _rate.Forget(window.StartIndex);
    }

    /// <inheritdoc/>
    public void Finish(in Window tail, StageOutput output)
    {
        ArgumentNullException.ThrowIfNull(output);
        Take(tail, output);
        if (_origin < 0)
            return;
        _detector.Finish(_found);
        Emit(output, tail.EndIndex);
    }

    /// <inheritdoc/>
    public void Reset()
    {
        _detector.Clear();
        _quality.Clear();
        _rate.Clear();
        _standstill.Clear();
        _found.Clear();
        _sum = 0;
        _summed = _inGroup = 0;
        _origin = -1;
    }

    /// <inheritdoc/>
    public string StateName => "abp";

    /// <inheritdoc/>
    public int StateVersion => WithStandstill;

    /// <inheritdoc/>
    public void Transfer(StateTransfer state)
    {
        ArgumentNullException.ThrowIfNull(state);
        _detector.Transfer(state);
        _quality.Transfer(state);
        _rate.Transfer(state);
        state.Check(_quality.Count == _rate.Count, "pulses that were not judged");
        state.Value(ref _sum);
        state.Within(ref _summed, 0, _group);
        state.Within(ref _inGroup, 0, _group - 1);
        state.Within(ref _origin, -1);
        if (state.Version >= WithStandstill)
            _standstill.Transfer(state);
    }

    /// <summary>Whether the pressure is that of an artery without a pulse: it is there, and above that of a line that is open.</summary>
    private bool StandsStill(in Window window, SampleHoles holes, bool hasPulse)
    {
        if (_samples is null || _samples.Length < window.Length)
            _samples = new float[window.Length];
        var samples = _samples.AsSpan(0, window.Length);
        window.CopyPhysical(_channel, 0, samples);
        if (holes.Replaced > 0 || (window.LeadOff >> _channel & 1) != 0 || !(TensorPrimitives.Min<float>(samples) >= _least))
            _standstill.Miss();
        else
            _standstill.Take(samples, window.RateHz, hasPulse);
        return _standstill.Stands;
    }

    private EstimateStatus StatusOf(in Window window, in QualityVerdict verdict, in BeatRate rate)
    {
        var silence = window.EndIndex - (_rate.Count > 0 ? _rate[_rate.Count - 1] : _origin);
        if (!double.IsNaN(rate.Value) && verdict.Value >= UsableQuality)
            return silence > MostSilenceSeconds * window.RateHz ? EstimateStatus.LowQuality : EstimateStatus.Ok;
        if (verdict.Fault != EstimateStatus.Ok)
            return verdict.Fault;
        if (_origin < 0 || window.EndIndex - _origin < 4 * window.RateHz)
            return EstimateStatus.WarmingUp;
        return double.IsNaN(rate.Value) && rate.Lost > 0 ? EstimateStatus.Gap : EstimateStatus.LowQuality;
    }

    private void Take(in Window window, StageOutput output)
    {
        Span<float> samples = stackalloc float[BlockSamples];
        var end = window.EndIndex;
        for (var index = end - window.NewSampleCount; index < end; index += BlockSamples)
        {
            var block = samples[..(int)Math.Min(BlockSamples, end - index)];
            if ((window.LeadOff >> _channel & 1) != 0)
                block.Fill(float.NaN);
            else
                window.CopyPhysical(_channel, (int)(index - window.StartIndex), block);
            _quality.Take(index, block);
            for (var i = 0; i < block.Length; i++)
                Take(index + i, block[i]);
            Emit(output, long.MaxValue);
        }
    }

    private void Take(long index, float value)
    {
        var present = float.IsFinite(value) && !(value < _least);
        if (_origin < 0)
        {
            if (!present)
                return;
            _origin = index;
        }
        if (present)
        {
            _sum += value;
            _summed++;
        }
        if (++_inGroup < _group)
            return;
        _detector.Take(_summed > 0 ? _sum / _summed : float.NaN, _found);
        _sum = 0;
        _summed = _inGroup = 0;
    }

    private void Emit(StageOutput output, long end)
    {
        foreach (var pulse in _found)
        {
            var index = _origin + pulse.Onset * _group + (_group - 1) / 2.0;
            if (index >= end || _quality.IsDicrotic(index, pulse, _rate) || !_rate.Add(index))
                continue;
            _quality.Add(index, pulse);
            output.Beats.Add(new Beat(index, SignalKind.Abp, BeatKind.Pulse));
        }
        _found.Clear();
    }

    /// <summary>One mmHg in <paramref name="unit"/>; 0 where the unit says nothing.</summary>
    internal static float MillimetreIn(string unit) => unit switch
    {
        "mm[Hg]" or "mmHg" => 1,
        "kPa" => 0.133322f,
        "Pa" => 133.322f,
        "cm[H2O]" or "cmH2O" => 1.35951f,
        _ => 0,
    };

    private static int GroupAt(double rateHz) => Math.Max(1, (int)Math.Round(rateHz / WorkingHz));
}
