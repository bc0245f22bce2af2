using Pipeline.Models.State;

namespace Pipeline.Models.Estimators;

/// <summary>Parts, 0 to 1, of a window's samples.</summary>
/// <param name="Present">Those that are there.</param>
/// <param name="Still">Those that are there and lie in a second in which nothing moves.</param>
/// <param name="Clipped">Those that lie in runs of equal values at the window's highest or lowest value.</param>
internal readonly record struct WatchedParts(double Present, double Still, double Clipped);

/// <summary>Watches a channel in bins of one second: is it there, does it move, does it lie at the converter's limits?</summary>
internal sealed class SignalWatch
{
    private const int BinsKept = 16;
    private const double RunSeconds = 0.015;
    private readonly double _rateHz;
    private readonly double _still;
    private readonly int _leastRun;
    private readonly Bin[] _bins = new Bin[BinsKept];
    private float _previous;
    private int _run;

    /// <param name="rateHz">Samples per second.</param>
    /// <param name="still">Largest swing within a second of a signal that does not move, in its unit.</param>
    public SignalWatch(double rateHz, double still)
    {
        _rateHz = rateHz;
        _still = still;
        _leastRun = Math.Max(3, (int)Math.Round(RunSeconds * rateHz));
        Clear();
    }

    /// <summary>Takes the next samples, from sample <paramref name="index"/>; NaN and infinities are missing.</summary>
    public void Take(long index, ReadOnlySpan<float> samples)
    {
        while (samples.Length > 0)
        {
            var number = (long)(index / _rateHz);
            var count = (int)Math.Clamp((long)Math.Ceiling((number + 1) * _rateHz) - index, 1, samples.Length);
            ref var bin = ref _bins[number % BinsKept];
            if (bin.Number != number)
                bin = Bin.Empty(number);
            Take(ref bin, samples[..count]);
            samples = samples[count..];
            index += count;
        }
    }

    /// <summary>The parts of samples [<paramref name="start"/>, <paramref name="end"/>), at most 15 s and the last ones taken.</summary>
    public WatchedParts Of(long start, long end)
    {
        long total = 0, present = 0, still = 0, clipped = 0;
        float low = float.PositiveInfinity, high = float.NegativeInfinity;
        var first = (long)(start / _rateHz);
        var last = (long)((end - 1) / _rateHz);
        foreach (ref readonly var bin in _bins.AsSpan())
            if (bin.Number >= first && bin.Number <= last)
            {
                low = Math.Min(low, bin.Low);
                high = Math.Max(high, bin.High);
            }
        foreach (ref readonly var bin in _bins.AsSpan())
        {
            if (bin.Number < first || bin.Number > last)
                continue;
            total += bin.Total;
            present += bin.Present;
            if (bin.Present > 0 && bin.High - bin.Low <= _still)
                still += bin.Present;
            else
                clipped += (bin.Low == low ? bin.AtLow : 0) + (bin.High == high ? bin.AtHigh : 0);
        }
        // What no bin holds was never seen: missing.
        double all = Math.Max(total, end - start);
        return new WatchedParts(present / all, still / all, clipped / all);
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        Array.Fill(_bins, Bin.Empty(-1));
        _previous = float.NaN;
        _run = 0;
    }

    /// <summary>Drops what is known of samples before <paramref name="start"/>.</summary>
    public void Forget(long start)
    {
        var first = (long)(start / _rateHz);
        foreach (ref var bin in _bins.AsSpan())
            if (bin.Number < first)
                bin = Bin.Empty(-1);
    }

    /// <summary>All that changes.</summary>
    public void Transfer(StateTransfer state)
    {
        if (state.Version < Stages.WithoutPast)
            state.Values<Bin>(_bins);
        else if (state.IsReading)
            ReadBins(state);
        else
            WriteBins(state);
        state.Value(ref _previous);
        state.Value(ref _run);
    }

    private void WriteBins(StateTransfer state)
    {
        var count = 0;
        foreach (ref readonly var bin in _bins.AsSpan())
            count += bin.Number >= 0 ? 1 : 0;
        state.Value(ref count);
        foreach (ref var bin in _bins.AsSpan())
            if (bin.Number >= 0)
                state.Value(ref bin);
    }

    private void ReadBins(StateTransfer state)
    {
        Array.Fill(_bins, Bin.Empty(-1));
        var count = 0;
        state.Within(ref count, 0, BinsKept);
        for (var i = 0; i < count && state.Fault is null; i++)
        {
            var bin = Bin.Empty(0);
            state.Value(ref bin);
            state.Check(bin.Number >= 0, "a second before the first");
            if (bin.Number >= 0)
                _bins[bin.Number % BinsKept] = bin;
        }
    }

    private void Take(ref Bin kept, ReadOnlySpan<float> samples)
    {
        var bin = kept;
        var (previous, run) = (_previous, _run);
        bin.Total += samples.Length;
        foreach (var value in samples)
        {
            if (!float.IsFinite(value))
                continue;
            bin.Present++;
            run = value == previous ? run + 1 : 1;
            previous = value;
            if (value < bin.Low)
                (bin.Low, bin.AtLow) = (value, 0);
            if (value > bin.High)
                (bin.High, bin.AtHigh) = (value, 0);
            if (run < _leastRun)
                continue;
            var added = run == _leastRun ? _leastRun : 1;
            if (value == bin.Low)
                bin.AtLow += added;
            if (value == bin.High)
                bin.AtHigh += added;
        }
        (_previous, _run) = (previous, run);
        kept = bin;
    }

    private struct Bin      // without padding: it is stored as it lies
    {
        public long Number;
        public int Total, Present, AtLow, AtHigh;
        public float Low, High;

        public static Bin Empty(long number) => new() { Number = number, Low = float.PositiveInfinity, High = float.NegativeInfinity };
    }
}
