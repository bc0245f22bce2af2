using Pipeline.Models.Signals;
using Pipeline.Models.State;

namespace Pipeline.Models.Estimators.HeartSound;

/// <summary>
/// Heart rate, signal quality and heart sounds from the first phonocardiogram channel of a device. The rate of a window is 60 over the mean
/// of the intervals between the first sounds of its last 8 s; a sound is given out when it is at least a second old, and its window usable.
/// Missing samples (NaN) speak for nothing; a channel that the device says is off counts as missing.
/// </summary>
public sealed class HeartSoundStage : IWindowStage
{
    /// <summary>Slowest rate at which heart sounds are there, Hz.</summary>
    public const double MinRateHz = 250;

    /// <summary>Quality from which there is a value.</summary>
    public const double UsableQuality = 0.5;

    private const double LagSeconds = 1;
    private const double LeastSeconds = 4;          // of signal for a rate
    private const double MostStill = 0.5, MostClipped = 0.25, LeastPresent = 0.5;   // parts of a window
    private const int RefractoryBins = 25;
    private const int BlockSamples = 256;
    private const int ReachBins = 5;                // of a sound's centre, to either side

    private readonly int _channel;
    private readonly double _rateHz;
    private readonly HeartSoundBand _band;
    private readonly HeartSoundBelief _belief = new();
    private readonly SignalWatch _watch;
    private long _lastBin = -1;         // place of the last first sound that was given out
    private double _lastSample = -1;    // of the last sound of either kind
    private bool _isUsable;

    /// <summary>Takes the first phonocardiogram of <paramref name="channels"/>; there is one.</summary>
    public HeartSoundStage(ChannelLayout channels, double rateHz)
    {
        ArgumentNullException.ThrowIfNull(channels);
        _channel = channels.IndicesOf(SignalKind.HeartSound)[0];
        _rateHz = rateHz;
        _band = new HeartSoundBand(rateHz);
        _watch = new SignalWatch(rateHz, 0);
    }

    /// <summary>What the last window showed, and the rate that was found in it whatever its quality; for the fit of
    /// <see cref="HeartSoundQuality"/>.</summary>
    internal HeartSoundEvidence Evidence { get; private set; }

    /// <inheritdoc cref="Evidence"/>
    internal double FoundRate { get; private set; } = double.NaN;

    /// <inheritdoc/>
    public void Accept(in Window window, StageOutput output)
    {
        ArgumentNullException.ThrowIfNull(output);
        Take(window);
        var parts = _watch.Of(window.StartIndex, window.EndIndex);
        Span<float> power = stackalloc float[HeartSoundBand.KeptSeconds * HeartSoundBand.BinsPerSecond];
        var end = EndBin(window.EndIndex);
        _band.CopyTo(power, end);
        Evidence = default;
        var search = HeartSoundSearch.OfThread;
        var (rate, quality, sigma) = (double.NaN, 0.0, double.NaN);
        if (search.Take(power, KnownFrame(end)))
        {
            _belief.Take(search.Scores);
            var best = _belief.Best;
            search.Follow(best);
            Evidence = HeartSoundEvidence.Of(search, _belief, best);
            if (search.Count >= 3)
            {
                quality = HeartSoundQuality.Of(Evidence) * HeartSoundQuality.DarknessOf(_band.Brightness) * parts.Present * (1 - parts.Still) * (1 - parts.Clipped);
                var seconds = (Centre(power, search.Firsts[^1]) - Centre(power, search.Firsts[0])) / HeartSoundBand.BinsPerSecond;
                rate = 60 * (search.Count - 1) / seconds;
                sigma = Math.Sqrt(0.04 + Math.Pow(0.3 * rate * Evidence.IntervalSpread / Math.Sqrt(search.Count), 2) + Math.Pow(8 * (1 - quality), 2));
            }
        }
        FoundRate = rate;
        var status = StatusOf(window, parts, quality, rate);
        _isUsable = status == EstimateStatus.Ok;
        output.Estimates.Add(new Estimate(
            SignalKind.HeartSound, Metric.HeartRate, _isUsable ? rate : double.NaN, _isUsable ? sigma : double.NaN, quality, Math.Min(1, parts.Present), status, Stages.Classical));
        if (_isUsable)
            Emit(power, end, end - (long)(LagSeconds * HeartSoundBand.BinsPerSecond), output);
        _watch.Forget(window.StartIndex);
    }

    /// <inheritdoc/>
    public void Finish(in Window tail, StageOutput output)
    {
        ArgumentNullException.ThrowIfNull(output);
        Take(tail);
        if (!_isUsable)
            return;
        Span<float> power = stackalloc float[HeartSoundBand.KeptSeconds * HeartSoundBand.BinsPerSecond];
        var end = EndBin(tail.EndIndex);
        _band.CopyTo(power, end);
        var search = HeartSoundSearch.OfThread;
        if (!search.Take(power, KnownFrame(end)))
            return;
        search.Follow(_belief.Best);
        Emit(power, end, end, output);
    }

    /// <inheritdoc/>
    public void Reset()
    {
        _band.Clear();
        _belief.Reset();
        _watch.Clear();
        _lastBin = -1;
        _isUsable = false;
    }

    /// <inheritdoc/>
    public string StateName => "pcg";

    /// <inheritdoc/>
    public int StateVersion => Stages.WithoutPast;

    /// <inheritdoc/>
    public bool IsMissed => false;

    /// <inheritdoc/>
    public void Transfer(StateTransfer state)
    {
        ArgumentNullException.ThrowIfNull(state);
        _band.Transfer(state);
        _belief.Transfer(state);
        _watch.Transfer(state);
        state.Within(ref _lastBin, -1);
        state.Value(ref _lastSample);
        state.Value(ref _isUsable);
    }

    private EstimateStatus StatusOf(in Window window, in WatchedParts parts, double quality, double rate)
    {
        if (parts.Present < LeastPresent)
            return window.IsFirstOfSegment || _band.Seconds < LeastSeconds ? EstimateStatus.WarmingUp : EstimateStatus.Gap;
        if (parts.Still > MostStill)
            return EstimateStatus.Flat;
        if (parts.Clipped > MostClipped)
            return EstimateStatus.Saturated;
        return quality >= UsableQuality && double.IsFinite(rate) ? EstimateStatus.Ok : EstimateStatus.LowQuality;
    }

    private void Take(in Window window)
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
            _watch.Take(index, block);
            _band.Take(index, block);
        }
    }

    private long EndBin(long endIndex) => Math.Min(_band.End, (long)(endIndex * HeartSoundBand.BinsPerSecond / _rateHz));

    /// <summary>Frame of the last first sound that was given out, in the window that ends at bin <paramref name="end"/>; −1 where it is not
    /// in it.</summary>
    private int KnownFrame(long end)
    {
        var bin = _lastBin - (end - HeartSoundBand.KeptSeconds * HeartSoundBand.BinsPerSecond);
        return _lastBin >= 0 && bin >= 0 ? (int)(bin / HeartSoundSearch.BinsInFrame) : -1;
    }

    /// <summary>Adds the sounds of the search's row that come after those that were given out and whose first one lies before
    /// <paramref name="until"/>.</summary>
    private void Emit(ReadOnlySpan<float> power, long end, long until, StageOutput output)
    {
        var search = HeartSoundSearch.OfThread;
        var start = end - power.Length;
        for (var b = 0; b < search.Count; b++)
        {
            var bin = start + search.Firsts[b] * HeartSoundSearch.BinsInFrame;
            if (bin < until && (_lastBin < 0 || bin >= _lastBin + RefractoryBins))
            {
                _lastBin = bin;
                Add(BeatKind.FirstSound, start + Centre(power, search.Firsts[b]), output);
                if (search.Seconds[b] < HeartSoundSearch.Frames)
                    Add(BeatKind.SecondSound, start + Centre(power, search.Seconds[b]), output);
            }
        }
    }

    private void Add(BeatKind kind, double bin, StageOutput output)
    {
        var sample = (bin / HeartSoundBand.BinsPerSecond - _band.DelaySeconds) * _rateHz;
        if (sample <= _lastSample)
            return;
        _lastSample = sample;
        output.Beats.Add(new Beat(sample, SignalKind.HeartSound, kind));
    }

    /// <summary>Centre of the amplitude about a frame, in bins from the window's first.</summary>
    private static double Centre(ReadOnlySpan<float> power, int frame)
    {
        var centre = (frame + 0.5) * HeartSoundSearch.BinsInFrame;
        for (var round = 0; round < 2; round++)
        {
            var (from, to) = (Math.Max(0, (int)(centre - ReachBins)), Math.Min(power.Length - 1, (int)(centre + ReachBins)));
            double sum = 0, weights = 0;
            for (var b = from; b <= to; b++)
                if (power[b] > 0)
                {
                    sum += power[b] * (b + 0.5);
                    weights += power[b];
                }
            if (weights > 0)
                centre = sum / weights;
        }
        return centre;
    }
}
