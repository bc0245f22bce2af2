using System.Runtime.InteropServices;
using Pipeline.Models.Packages;
using Pipeline.Models.Signals;
using Pipeline.Models.State;

namespace Pipeline.Models.Estimators;

/// <summary>
/// Heart rate, signal quality and R peaks from the ECG leads of a device, all leads together. The rate of a window is 60 over the mean of the
/// R-R intervals that lie in it (those that a missed or false beat made are left out where the signal is poor). A missing sample (NaN) is
/// bridged; a lead that the device says is off counts as missing. At most <see cref="MaxLeads"/> leads are used, spread over the layout.
/// Rates from 100 Hz; above 450 Hz samples are averaged in groups first. A beat depends on nothing more than 1 s after it.
/// </summary>
public sealed class EcgStage : IWindowStage
{
    /// <summary>Most leads that are used.</summary>
    public const int MaxLeads = 4;

    /// <summary>Slowest rate at which QRS complexes can be told apart, Hz.</summary>
    public const double MinRateHz = 80;

    /// <summary>Quality from which a heart rate can be used without looking at the trace.</summary>
    public const double UsableQuality = 0.5;

    private const double BelievedQuality = 0.9;     // from here on, or in a window
    private const double BelievedBusyness = 0.45;   // as calm as this, every beat is believed
    private const double WorkingHz = 300;
    private const int BlockSamples = QrsLead.MostAhead;
    private readonly int[] _channels;
    private readonly float[] _sums;
    private readonly int[] _counts;
    private readonly int _group;            // raw samples averaged to one
    private readonly QrsDetector _detector;
    private readonly EcgQuality _quality;
    private readonly RateFromBeats _rate;
    private readonly List<double> _found = new(8);
    private readonly double _rateHz;
    private string _decidedBy = Stages.Classical;
    private int _inGroup;
    private long _origin = -1;              // sample index of the detector's sample 0; −1 before the first sample that is there

    /// <summary>
    /// Takes the ECG channels of <paramref name="channels"/>; there is at least one. <paramref name="model"/> decides what is a beat, where it takes the
    /// rate; else the rule does.
    /// </summary>
    public EcgStage(ChannelLayout channels, double rateHz, QrsModel? model = null)
        : this(channels, rateHz, QrsScore.Default, network: null)
    {
        if (model is not null)
            Use(model);
    }

    /// <summary>The same with other constants or weights: to measure ones that were fitted without a recording on that recording.</summary>
    internal EcgStage(ChannelLayout channels, double rateHz, QrsScore score, QrsNetwork? network)
    {
        ArgumentNullException.ThrowIfNull(channels);
        _rateHz = rateHz;
        _channels = Choose(channels.IndicesOf(SignalKind.Ecg));
        _group = Math.Max(1, (int)Math.Round(rateHz / WorkingHz));
        var units = Array.ConvertAll(_channels, c => MillivoltIn(channels[c].Unit));
        _detector = new QrsDetector(rateHz / _group, units, score, network);
        _quality = new EcgQuality(rateHz, units);
        _rate = new RateFromBeats(rateHz);
        _sums = new float[_channels.Length];
        _counts = new int[_channels.Length];
    }

    /// <inheritdoc/>
    public void Accept(in Window window, StageOutput output)
    {
        ArgumentNullException.ThrowIfNull(output);
        Take(window, output);
        var (first, last) = ((window.StartIndex - _origin) / _group, (window.EndIndex - _origin) / _group);
        var certainty = _origin < 0 ? 0 : _detector.Certainty(first, last);
        var quality = _quality.Of(window, certainty);
        var busy = _detector.Busy(first, last);
        var believed = quality.Value >= BelievedQuality || busy <= BelievedBusyness;
        _detector.Peek(_found);
        for (var i = 0; i < _found.Count; i++)
            _found[i] = IndexOf(_found[i]);
        var rate = _rate.Of(window.StartIndex, window.EndIndex, quality.Value, believed, CollectionsMarshal.AsSpan(_found));
        _found.Clear();
        var status = EstimateStatus.Ok;
        if (double.IsNaN(rate.Value) || quality.Value < EcgQuality.Least)
            status = quality.Fault != EstimateStatus.Ok ? quality.Fault
                : _origin < 0 || window.EndIndex - _origin < 4 * window.RateHz ? EstimateStatus.WarmingUp : EstimateStatus.LowQuality;
        var ok = status == EstimateStatus.Ok;
        output.Estimates.Add(new Estimate(
            SignalKind.Ecg, Metric.HeartRate, ok ? rate.Value : double.NaN, ok ? rate.Sigma : double.NaN, quality.Value, quality.Coverage,
            status, _decidedBy));
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

    /// <summary>
    /// From the next window on <paramref name="model"/> decides what is a beat, where it takes the rate; else the rule does. Beats that are certain stay, and so does all
    /// that is known of the signal: a network has no state of its own.
    /// </summary>
    public void Use(QrsModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        var fits = model.FindMisfit(_rateHz) is null;
        _detector.Network = fits ? model.Network : null;
        _decidedBy = fits ? model.Identity : Stages.Classical;
    }

    /// <inheritdoc/>
    public void Reset()
    {
        _detector.Clear();
        _quality.Clear();
        _rate.Clear();
        _found.Clear();
        _inGroup = 0;
        _origin = -1;
        Array.Clear(_sums);
        Array.Clear(_counts);
    }

    /// <inheritdoc/>
    public string StateName => "ecg";

    /// <inheritdoc/>
    public int StateVersion => 2;

    /// <inheritdoc/>
    public void Transfer(StateTransfer state)
    {
        ArgumentNullException.ThrowIfNull(state);
        _detector.Transfer(state);
        _quality.Transfer(state);
        _rate.Transfer(state);
        state.Values<float>(_sums);
        state.Values<int>(_counts);
        state.Within(ref _inGroup, 0, _group - 1);
        state.Within(ref _origin, -1);
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

    /// <summary>Puts the means of groups in the place of <paramref name="count"/> samples of each lead; returns how many. What is left of the last group is kept.</summary>
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
            output.Beats.Add(new Beat(index, SignalKind.Ecg, BeatKind.Qrs));
        }
        _found.Clear();
    }

    private double IndexOf(double detected) => _origin + detected * _group + (_group - 1) / 2.0;

    private static int[] Choose(int[] leads)
    {
        if (leads.Length <= MaxLeads)
            return leads;
        var chosen = new int[MaxLeads];
        for (var i = 0; i < MaxLeads; i++)
            chosen[i] = leads[(int)Math.Round(i * (leads.Length - 1) / (MaxLeads - 1.0))];
        return chosen;
    }

    /// <summary>One millivolt in <paramref name="unit"/>; 0 where the unit says nothing.</summary>
    private static float MillivoltIn(string unit) => unit switch
    {
        "mV" => 1,
        "uV" or "µV" or "μV" => 1000,
        "V" => 0.001f,
        "nV" => 1e6f,
        _ => 0,
    };
}
