using Pipeline.Models.Signals;

namespace Pipeline.Models.Estimators;

/// <summary>Quality of a window's ECG.</summary>
/// <param name="Value">0 (nothing to be had) to 1.</param>
/// <param name="Coverage">Part of the samples, of all used leads, that were there.</param>
/// <param name="Fault">What is plainly wrong with every lead, or <c>Ok</c>.</param>
internal readonly record struct EcgVerdict(double Value, double Coverage, EstimateStatus Fault);

/// <summary>
/// Signal quality index of an ECG window, 0 to 1: how surely the detector told beats from other peaks, how well its beats agree with their
/// templates, how well it agrees with a plain threshold, times the part of the window in which the best lead is neither missing, flat nor
/// clipped. Each lead is watched in bins of one second.
/// </summary>
internal sealed class EcgQuality
{
    /// <summary>Quality under which no rate is given.</summary>
    public const double Least = 0.1;

    private const int BinsKept = 16;
    private const double FlatMillivolt = 0.02;
    private const double RunSeconds = 0.015;
    private readonly double _rateHz;
    private readonly double[] _flat;
    private readonly Bin[] _bins;           // [leads x BinsKept]
    private readonly float[] _previous;
    private readonly int[] _run;
    private readonly int _leastRun;

    /// <param name="rateHz">Samples per second.</param>
    /// <param name="millivolts">One millivolt in the unit of each lead; 0 where it is not known.</param>
    public EcgQuality(double rateHz, float[] millivolts)
    {
        _rateHz = rateHz;
        _flat = Array.ConvertAll(millivolts, m => m * FlatMillivolt);
        _bins = new Bin[millivolts.Length * BinsKept];
        _previous = new float[millivolts.Length];
        _run = new int[millivolts.Length];
        _leastRun = Math.Max(3, (int)Math.Round(RunSeconds * rateHz));
        Clear();
    }

    /// <summary>Takes the next samples of a lead, from sample <paramref name="index"/>; NaN is missing.</summary>
    public void Take(int lead, long index, ReadOnlySpan<float> samples)
    {
        var previous = _previous[lead];
        var run = _run[lead];
        var number = -1L;
        ref var bin = ref _bins[lead * BinsKept];
        var next = index;
        foreach (var value in samples)
        {
            if (index >= next)
            {
                number = (long)(index / _rateHz);
                next = (long)Math.Ceiling((number + 1) * _rateHz);
                bin = ref _bins[lead * BinsKept + (int)(number % BinsKept)];
                if (bin.Number != number)
                    bin = Bin.Empty(number);
            }
            index++;
            bin.Total++;
            if (!float.IsFinite(value))
                continue;
            bin.Present++;
            run = value == previous ? run + 1 : 1;
            previous = value;
            bin.Add(value, run, _leastRun);
        }
        _previous[lead] = previous;
        _run[lead] = run;
    }

    /// <summary>The verdict on <paramref name="window"/>; the detector's sample 0 is at <paramref name="origin"/>, each stands for <paramref name="group"/> samples.</summary>
    public EcgVerdict Of(in Window window, QrsDetector detector, long origin, int group)
    {
        double coverage = 0, best = 0, flat = 1, clipped = 1, missing = 1;
        var leads = _previous.Length;
        for (var l = 0; l < leads; l++)
        {
            var (present, still, clip) = Watch(l, window.StartIndex, window.EndIndex);
            coverage += present / leads;
            best = Math.Max(best, Math.Clamp(present - still, 0, 1) * (1 - Math.Min(1, 2 * clip)));
            flat = Math.Min(flat, still);
            clipped = Math.Min(clipped, clip);
            missing = Math.Min(missing, 1 - present);
        }
        var fault = missing > 0.5 ? EstimateStatus.Gap
            : flat + missing > 0.6 ? EstimateStatus.Flat
            : clipped > 0.25 ? EstimateStatus.Saturated : EstimateStatus.Ok;
        var beats = origin < 0 ? 0 : detector.Certainty((window.StartIndex - origin) / group, (window.EndIndex - origin) / group);
        return new EcgVerdict(best * beats, coverage, fault);
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        Array.Fill(_bins, Bin.Empty(-1));
        Array.Fill(_previous, float.NaN);
        Array.Clear(_run);
    }

    /// <summary>Parts of the window's samples that are present, that lie in flat bins, and that lie at a limit.</summary>
    private (double Present, double Still, double Clipped) Watch(int lead, long start, long end)
    {
        long total = 0, present = 0, still = 0, clipped = 0;
        float low = float.PositiveInfinity, high = float.NegativeInfinity;
        var first = (long)(start / _rateHz);
        var last = (long)((end - 1) / _rateHz);
        for (var n = Math.Max(first, last - BinsKept + 1); n <= last; n++)
        {
            ref readonly var bin = ref _bins[lead * BinsKept + (int)(n % BinsKept)];
            if (bin.Number != n || bin.Present == 0)
                continue;
            low = Math.Min(low, bin.Low);
            high = Math.Max(high, bin.High);
        }
        for (var n = Math.Max(first, last - BinsKept + 1); n <= last; n++)
        {
            ref readonly var bin = ref _bins[lead * BinsKept + (int)(n % BinsKept)];
            if (bin.Number != n)
                continue;
            total += bin.Total;
            present += bin.Present;
            if (bin.Present > 0 && bin.High - bin.Low <= _flat[lead])
                still += bin.Present;
            else
                clipped += (bin.Low == low ? bin.AtLow : 0) + (bin.High == high ? bin.AtHigh : 0);
        }
        // What the bins do not hold was never seen: missing.
        double all = Math.Max(total, end - start);
        return (present / all, still / all, clipped / all);
    }

    /// <summary>What one second of a lead looked like.</summary>
    private struct Bin
    {
        public long Number;
        public int Total, Present, AtLow, AtHigh;
        public float Low, High;

        public static Bin Empty(long number) => new() { Number = number, Low = float.PositiveInfinity, High = float.NegativeInfinity };

        public void Add(float value, int run, int leastRun)
        {
            if (value < Low)
            {
                Low = value;
                AtLow = 0;
            }
            if (value > High)
            {
                High = value;
                AtHigh = 0;
            }
            if (run < leastRun)
                return;
            var added = run == leastRun ? leastRun : 1;
            if (value == Low)
                AtLow += added;
            if (value == High)
                AtHigh += added;
        }
    }
}
