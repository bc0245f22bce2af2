using Pipeline.Models.Signals;
using Pipeline.Models.State;

namespace Pipeline.Models.Estimators.Ctg;

/// <summary>
/// The traces of a cardiotocograph: up to two channels of fetal heart rate (0 and NaN: no signal) and the first of uterine activity. Of
/// each window the monitor's own fetal heart rate, and the mean toco; the features of the trace by then; events as they become final
/// (<see cref="CtgRun"/>). Nothing is filled: a window half of which is lost, or the end of it, has no rate.
/// </summary>
public sealed class CtgStage : IWindowStage
{
    private const double HopSeconds = 2;        // a rate is of the window, but shown only where its end has one
    private const float FarFromMedian = 25;     // a rate that no window's trace has beside the others
    private const int BlockSamples = 256;

    private readonly double _rateHz;
    private readonly int[] _channels;           // of the fetal heart rates
    private readonly SignalKind[] _signals;     // under which they are given
    private readonly int _toco;                 // −1: none
    private readonly CtgAnalysis _analysis;
    private readonly CtgRun _run;
    private float[] _window = [];               // scratch
    private float[] _sorted = [];

    /// <summary>Takes the channels of <paramref name="channels"/>; there is one.</summary>
    public CtgStage(ChannelLayout channels, double rateHz, CtgRules? rules = null)
    {
        ArgumentNullException.ThrowIfNull(channels);
        int[] first = channels.IndicesOf(SignalKind.FetalHeartRate), second = channels.IndicesOf(SignalKind.SecondFetalHeartRate);
        _channels = [.. first.Take(second.Length > 0 ? 1 : CtgAnalysis.MostFetuses), .. second.Take(1)];
        _signals = [.. _channels.Select((channel, i) => i == 0 ? channels[channel].Kind : SignalKind.SecondFetalHeartRate)];
        _toco = channels.IndicesOf(SignalKind.UterineActivity) is [var toco, ..] ? toco : -1;
        _rateHz = rateHz;
        _analysis = new CtgAnalysis(rateHz, _channels.Length, _toco >= 0, rules);
        _run = new CtgRun(_analysis, _signals, rateHz);
    }

    /// <summary>Whether channels of <paramref name="kind"/> are analysed here.</summary>
    public static bool Takes(SignalKind kind) =>
        kind is SignalKind.FetalHeartRate or SignalKind.SecondFetalHeartRate or SignalKind.UterineActivity;

    /// <inheritdoc/>
    public void Accept(in Window window, StageOutput output)
    {
        ArgumentNullException.ThrowIfNull(output);
        Take(window, output);
        if (_window.Length < window.Length)
            (_window, _sorted) = (new float[window.Length], new float[window.Length]);
        for (var fetus = 0; fetus < _channels.Length; fetus++)
        {
            output.Estimates.Add(RateOf(window, fetus));
            _run.AddFeatures(fetus, output);
        }
        if (_toco < 0)
            return;
        output.Estimates.Add(TocoOf(window));
        var rate = _analysis.ContractionRate;
        var status = !float.IsNaN(rate) ? EstimateStatus.Ok
            : _analysis.SampleCount < CtgRun.LongestHoleSeconds * _rateHz ? EstimateStatus.WarmingUp : EstimateStatus.Gap;
        var quality = status == EstimateStatus.Ok ? 1 : 0;
        output.Estimates.Add(new Estimate(
            SignalKind.UterineActivity, Metric.ContractionRate, rate, double.NaN, quality, quality, status, Stages.Classical));
    }

    /// <inheritdoc/>
    public void Finish(in Window tail, StageOutput output)
    {
        ArgumentNullException.ThrowIfNull(output);
        Take(tail, output);
        _run.End(output);
    }

    /// <summary>Keeps what is known: whether the trace goes on behind the hole, the next window's place tells.</summary>
    public void Reset()
    {
    }

    /// <inheritdoc/>
    public string StateName => "ctg";

    /// <inheritdoc/>
    public int StateVersion => 1;

    /// <inheritdoc/>
    public void Transfer(StateTransfer state)
    {
        ArgumentNullException.ThrowIfNull(state);
        _run.Transfer(state);
        _analysis.Transfer(state);
    }

    private void Take(in Window window, StageOutput output)
    {
        var first = window.EndIndex - window.NewSampleCount;
        _run.Begins(first, _run.Origin + _analysis.SampleCount, output);
        Span<float> none = stackalloc float[CtgAnalysis.MostFetuses];
        none.Fill(float.NaN);
        while (_run.Origin + _analysis.SampleCount < first)
            _analysis.Take(none, float.NaN);
        Span<float> samples = stackalloc float[(CtgAnalysis.MostFetuses + 1) * BlockSamples];
        for (var index = first; index < window.EndIndex; index += BlockSamples)
        {
            var count = (int)Math.Min(BlockSamples, window.EndIndex - index);
            for (var fetus = 0; fetus < _channels.Length; fetus++)
                Copy(window, _channels[fetus], index, samples.Slice(fetus * BlockSamples, count));
            var toco = samples.Slice(CtgAnalysis.MostFetuses * BlockSamples, count);
            if (_toco >= 0)
                Copy(window, _toco, index, toco);
            for (var i = 0; i < count; i++)
            {
                for (var fetus = 0; fetus < _channels.Length; fetus++)
                    none[fetus] = samples[fetus * BlockSamples + i];
                _analysis.Take(none, _toco >= 0 ? toco[i] : float.NaN);
            }
        }
        _run.AddEvents(output);
    }

    private static void Copy(in Window window, int channel, long index, Span<float> samples)
    {
        if ((window.LeadOff >> channel & 1) != 0)
            samples.Fill(float.NaN);
        else
            window.CopyPhysical(channel, (int)(index - window.StartIndex), samples);
    }

    /// <summary>The mean of the window's rates, those left out that no fetus has or that lie far from their median.</summary>
    private Estimate RateOf(in Window window, int fetus)
    {
        var rates = _window.AsSpan(0, window.Length);
        Copy(window, _channels[fetus], window.StartIndex, rates);
        var (there, possible) = (0, 0);
        foreach (var rate in rates)
        {
            there += float.IsFinite(rate) && rate != 0 ? 1 : 0;
            if (rate is >= FhrArtefacts.Lowest and <= FhrArtefacts.Highest)
                _sorted[possible++] = rate;
        }
        _sorted.AsSpan(0, possible).Sort();
        var median = possible == 0 ? float.NaN : _sorted[possible / 2];
        var lastHop = rates.Length - Math.Max(1, (int)Math.Ceiling(HopSeconds * window.RateHz));
        var (sum, squares, used, atEnd) = (0.0, 0.0, 0, 0);
        for (var i = 0; i < rates.Length; i++)
        {
            if (!(rates[i] is >= FhrArtefacts.Lowest and <= FhrArtefacts.Highest && Math.Abs(rates[i] - median) <= FarFromMedian))
                continue;
            (sum, squares, used) = (sum + rates[i], squares + (double)rates[i] * rates[i], used + 1);
            atEnd += i >= lastHop ? 1 : 0;
        }
        var (coverage, quality) = ((double)there / rates.Length, (double)used / rates.Length);
        if (atEnd == 0 || 2 * used < rates.Length)
        {
            var status = 2 * there < rates.Length || atEnd == 0 ? EstimateStatus.Gap : EstimateStatus.LowQuality;
            return new Estimate(
                _signals[fetus], Metric.FetalHeartRate, double.NaN, double.NaN, quality, coverage, status, Stages.Classical);
        }
        var mean = sum / used;
        var sigma = Math.Max(1, Math.Sqrt(Math.Max(0, squares / used - mean * mean)));
        return new Estimate(_signals[fetus], Metric.FetalHeartRate, mean, sigma, quality, coverage, EstimateStatus.Ok, Stages.Classical);
    }

    private Estimate TocoOf(in Window window)
    {
        var values = _window.AsSpan(0, window.Length);
        Copy(window, _toco, window.StartIndex, values);
        var (sum, there) = (0.0, 0);
        foreach (var value in values)
            if (float.IsFinite(value))
                (sum, there) = (sum + value, there + 1);
        var coverage = (double)there / values.Length;
        var status = 2 * there < values.Length || !float.IsFinite(values[^1]) ? EstimateStatus.Gap
            : _analysis.IsTocoStill ? EstimateStatus.Flat : EstimateStatus.Ok;
        return new Estimate(
            SignalKind.UterineActivity, Metric.UterineActivity, status == EstimateStatus.Ok ? sum / there : double.NaN, double.NaN,
            status == EstimateStatus.Flat ? 0 : coverage, coverage, status, Stages.Classical);
    }
}
