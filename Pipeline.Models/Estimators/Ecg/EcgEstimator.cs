using System.Runtime.InteropServices;
using Pipeline.Models.Signals;
using Pipeline.Models.State;

namespace Pipeline.Models.Estimators.Ecg;

/// <summary>
/// What an <see cref="EcgStage"/> works with: detector, quality and rate of all leads together, with all that is known of one stream. A
/// thread has one for each form of stream and lends it, emptied, to the stage whose window it is.
/// </summary>
internal sealed partial class EcgEstimator
{
    private const double BelievedQuality = 0.9;     // from here on, or in a window
    private const double BelievedBusyness = 0.45;   // as calm as this, every beat is believed
    private const double MostSilenceSeconds = 4;    // as long an interval is no rate (15/min)
    private const int BlockSamples = QrsLead.MostAhead;
    private const int MostForms = 16;
    private const double CertainBefore = 1.5, CertainAfter = 0.6;      // s, about a beat

    [ThreadStatic]
    private static Dictionary<EcgForm, EcgEstimator>? _ofThread;

    private readonly EcgForm _form;
    private readonly int[] _channels;
    private readonly float[] _sums;
    private readonly int[] _counts;
    private readonly int _group;            // raw samples averaged to one
    private readonly QrsDetector _detector;
    private readonly EcgQuality _quality;
    private readonly RateFromBeats _rate;
    private readonly List<double> _found = new(8);
    private int _inGroup;
    private bool _hadPWaves;                // alone, in the last window
    private long _origin = -1;              // sample index of the detector's sample 0; −1 before the first sample that is there

    public EcgEstimator(EcgForm form)
    {
        _form = form;
        _channels = form.Channels;
        _group = form.Group;
        _detector = new QrsDetector(form.RateHz / _group, form.Millivolts, form.Score);
        _quality = new EcgQuality(form.RateHz, form.Millivolts);
        _rate = new RateFromBeats(form.RateHz);
        _sums = new float[_channels.Length];
        _counts = new int[_channels.Length];
    }

    /// <summary>That of the calling thread, with nothing in it of the stream before.</summary>
    public static EcgEstimator OfThread(EcgForm form)
    {
        var mine = _ofThread ??= [];
        if (mine.TryGetValue(form, out var estimator))
        {
            estimator.Clear();
            return estimator;
        }
        if (mine.Count == MostForms)
            mine.Clear();
        return mine[form] = new EcgEstimator(form);
    }

    /// <summary>Decides on a candidate; null: the rule does. None of the state.</summary>
    public QrsNetwork? Network
    {
        get => _detector.Network;
        set => _detector.Network = value;
    }

    /// <summary>
    /// Adds the estimate of <paramref name="window"/>, and the beats that are certain with it; <paramref name="decidedBy"/> is who decides
    /// on beats.
    /// </summary>
    public void Accept(in Window window, StageOutput output, string decidedBy)
    {
        Take(window, output);
        var (first, last) = ((window.StartIndex - _origin) / _group, (window.EndIndex - _origin) / _group);
        var holes = SampleHoles.Of(window, _channels);
        var verdict = _quality.Of(window, _origin < 0 ? 0 : _detector.Certainty(first, last));
        var busy = _detector.Busy(first, last);
        var believed = verdict.Value >= BelievedQuality || busy <= BelievedBusyness;
        _detector.Peek(_found);
        for (var i = 0; i < _found.Count; i++)
            _found[i] = IndexOf(_found[i]);
        var rate = _rate.Of(window.StartIndex, window.EndIndex, verdict.Value, believed, CollectionsMarshal.AsSpan(_found), holes);
        var silence = window.EndIndex - (_found.Count > 0 ? _found[^1] : _rate.Count > 0 ? _rate[_rate.Count - 1] : _origin);
        verdict = verdict with { Value = verdict.Value * (1 - holes.Replaced) * (1 - rate.Lost / 2) };
        var status = StatusOf(window, verdict, rate, busy);
        _found.Clear();
        if (status == EstimateStatus.Ok && silence > MostSilenceSeconds * window.RateHz)
            status = EstimateStatus.LowQuality;
        var ok = status == EstimateStatus.Ok;
        output.Estimates.Add(new Estimate(
            SignalKind.Ecg, Metric.HeartRate, ok ? rate.Value : double.NaN, ok ? rate.Sigma : double.NaN, verdict.Value, verdict.Coverage,
            status, decidedBy));
        Forget(window.StartIndex, first);
    }

    /// <summary>The stream ends with the samples of <paramref name="tail"/>: adds the beats that are left.</summary>
    public void Finish(in Window tail, StageOutput output)
    {
        Take(tail, output);
        if (_origin < 0)
            return;
        _detector.Finish(_found);
        Emit(output, tail.EndIndex);
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        _detector.Clear();
        _quality.Clear();
        _rate.Clear();
        _found.Clear();
        _inGroup = 0;
        _hadPWaves = false;
        _origin = -1;
        Array.Clear(_sums);
        Array.Clear(_counts);
    }

    /// <summary>All that changes.</summary>
    public void Transfer(StateTransfer state)
    {
        _detector.Transfer(state);
        _quality.Transfer(state);
        _rate.Transfer(state);
        state.Values<float>(_sums);
        state.Values<int>(_counts);
        state.Within(ref _inGroup, 0, _group - 1);
        state.Within(ref _origin, -1);
        if (state.Version >= EcgStage.WithTrust)
            state.Value(ref _hadPWaves);
    }

    // No later window starts before this one.
    private void Forget(long start, long detectedStart)
    {
        _detector.Forget(detectedStart);
        _quality.Forget(start);
        _rate.Forget(start);
    }

    private void Take(in Window window, StageOutput output)
    {
        Span<float> blocks = stackalloc float[_channels.Length * BlockSamples];     // [leads x BlockSamples]
        var end = window.EndIndex;
        for (var index = end - window.NewSampleCount; index < end; index += BlockSamples)
        {
            var count = (int)Math.Min(BlockSamples, end - index);
            for (var l = 0; l < _channels.Length; l++)
            {
                var block = blocks.Slice(l * BlockSamples, count);
                if ((window.LeadOff >> _channels[l] & 1) != 0)
                    block.Fill(float.NaN);
                else
                    window.CopyPhysical(_channels[l], (int)(index - window.StartIndex), block);
                _quality.Take(l, index, block);
            }
            var start = 0;
            if (_origin < 0)
            {
                while (start < count && !IsAnyThere(blocks[start..]))
                    start++;
                if (start == count)
                    continue;
                _origin = index + start;
            }
            var taken = _group == 1 ? count - start : Group(blocks[start..], count - start);
            _detector.Take(blocks[start..], BlockSamples, taken, _found);
            Emit(output, long.MaxValue);
        }
    }

    /// <summary>Whether a lead has its first sample.</summary>
    private static bool IsAnyThere(ReadOnlySpan<float> blocks)
    {
        for (var at = 0; at < blocks.Length; at += BlockSamples)
            if (float.IsFinite(blocks[at]))
                return true;
        return false;
    }

    /// <summary>
    /// Puts the means of groups in the place of <paramref name="count"/> samples of each lead; returns how many. What is left of the last
    /// group is kept.
    /// </summary>
    private int Group(Span<float> blocks, int count)
    {
        var means = 0;
        for (var i = 0; i < count; i++)
        {
            for (var l = 0; l < _sums.Length; l++)
            {
                var value = blocks[l * BlockSamples + i];
                if (!float.IsFinite(value))
                    continue;
                _sums[l] += value;
                _counts[l]++;
            }
            if (++_inGroup < _group)
                continue;
            _inGroup = 0;
            for (var l = 0; l < _sums.Length; l++)
            {
                blocks[l * BlockSamples + means] = _counts[l] > 0 ? _sums[l] / _counts[l] : float.NaN;
                _sums[l] = 0;
                _counts[l] = 0;
            }
            means++;
        }
        return means;
    }

    private void Emit(StageOutput output, long end)
    {
        foreach (var found in _found)
        {
            var index = IndexOf(found);
            if (index >= end || !_rate.Add(index))
                continue;
            var second = _form.RateHz / _group;
            var certainty = _detector.Certainty((long)(found - CertainBefore * second), (long)(found + CertainAfter * second));
            output.Beats.Add(new Beat(index, SignalKind.Ecg, BeatKind.Qrs) { Certainty = (float)certainty });
        }
        _found.Clear();
    }

    private double IndexOf(double detected) => _origin + detected * _group + (_group - 1) / 2.0;
}
