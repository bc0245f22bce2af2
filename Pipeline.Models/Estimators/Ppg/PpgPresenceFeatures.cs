using System.Numerics.Tensors;
using Pipeline.Models.State;

namespace Pipeline.Models.Estimators.Ppg;

/// <summary>
/// What tells a pulse from noise, breathing and movement, a number each: of the window by itself, of the mean of the last windows (an
/// interval that changes lowers the peaks of the mean autocorrelation, and a skewness that changes its sign goes to zero), and of the
/// tracker, whose interval the window has to show without having been searched for it. Of the PPG as it came and less its motion. State:
/// about 0.9 KiB.
/// </summary>
internal sealed class PpgPresenceFeatures
{
    /// <summary>Numbers of a window.</summary>
    public const int Count = 29;

    /// <summary>Place of the one that says whether pulses are alike: 1, else 0.</summary>
    public const int Alike = 27;

    private const int Short = 4, Long = 10;         // windows, of means; the first ones count alike
    private const int Apart = 4;                    // windows between two that share no sample

    private const double MostSure = 0.98;           // part of the belief within 10 per minute of the rate
    private const double AtRate = 0.06, AtOldRate = 0.08;       // part by which an interval may differ
    private const double UsualRate = 75;
    private const double MostFall = 4, MostRise = 1;            // of the level's logarithm

    private readonly float[] _values = new float[Count];
    private readonly float[] _raw = new float[PpgPeriodicity.Lags], _own = new float[PpgPeriodicity.Lags];   // mean autocorrelations
    private readonly double[] _means = new double[9];           // over the last windows, see Average
    private readonly double[] _rates = new double[Apart + 1];   // of the tracker, the newest first
    private double _surety, _level;                             // means over more windows
    private int _windows;                                       // so far, at most Long

    /// <summary>Those of the last window.</summary>
    public ReadOnlySpan<float> Values => _values;

    /// <summary>Nothing was before.</summary>
    public void Reset()
    {
        (_windows, _surety, _level) = (0, 0, 0);
        Array.Clear(_raw);
        Array.Clear(_own);
        Array.Clear(_means);
        Array.Clear(_rates);
    }

    /// <summary>All that changes but the last window's values.</summary>
    public void Transfer(StateTransfer state)
    {
        state.Within(ref _windows, 0, Long);
        state.Values<float>(_raw);
        state.Values<float>(_own);
        state.Values<double>(_means);
        state.Values<double>(_rates);
        state.Value(ref _surety);
        state.Value(ref _level);
    }

    /// <summary>Takes a window that was looked at, with the tracker's rate per minute, how sure it is, and whether its pulses are
    /// alike.</summary>
    public void Take(
        PpgSpectrumPlan plan, PpgScratch scratch, in PpgTaken taken, double rate, double mass, bool isAlike, PulseSource? source)
    {
        var (look, hz) = (taken.Look, plan.RateHz);
        _windows = Math.Min(_windows + 1, Long);
        Array.Copy(_rates, 0, _rates, 1, Apart);
        _rates[0] = rate;
        var part = 1.0 / Math.Min(_windows, Short);
        Average(_raw, scratch.Autocorrelation, part);
        Average(_own, scratch.OwnAutocorrelation, part);
        // A tracker at the end of its rates is sure of breathing.
        var sure = rate < PpgPeriodicity.SlowestPerMinute ? 0 : -Math.Log(1 - Math.Min(mass, MostSure));
        var known = Math.Max(rate, PpgPeriodicity.SlowestPerMinute);
        var at = PpgPeriodicity.At(scratch.Autocorrelation, hz, 60 / known, AtRate);
        var ownAt = PpgPeriodicity.At(scratch.OwnAutocorrelation, hz, 60 / known, AtRate);
        Average(
            _means,
            [
                look.Raw.SlopeSkewness, look.Raw.WaveSkewness, look.Own.SlopeSkewness, look.Own.WaveSkewness, look.Raw.Steadiness,
                look.Own.Steadiness, at, ownAt, sure,
            ],
            part);
        _surety += (sure - _surety) / _windows;
        var fall = _windows == 1 ? 0 : Math.Clamp(taken.Level - _level, -MostFall, MostRise);      // below the mean before
        _level += (taken.Level - _level) / _windows;
        var old = _windows > Apart ? Math.Max(_rates[Apart], PpgPeriodicity.SlowestPerMinute) : 0;
        Span<double> beside = stackalloc double[PulseSource.Described];
        if (source?.TryDescribe(known, beside) != true)
        {
            var (motion, motionBeside) = MotionAt(scratch, taken.Axes, rate);
            (beside[0], beside[1], beside[2], beside[3]) = (look.Explained, taken.Axes > 0 ? 1 : 0, motion, motionBeside);
            beside[4] = Cleaned(plan, scratch, taken);
        }
        ReadOnlySpan<double> values =
        [
            PpgPeriodicity.Of(_raw, hz).Strength, PpgPeriodicity.Of(_own, hz).Strength,
            look.Raw.Periodicity.Strength, look.Own.Periodicity.Strength, at, ownAt, _means[6], _means[7],
            old > 0 ? PpgPeriodicity.At(scratch.Autocorrelation, hz, 60 / old, AtOldRate) : 0,
            old > 0 ? PpgPeriodicity.At(scratch.OwnAutocorrelation, hz, 60 / old, AtOldRate) : 0,
            Math.Min(1, double.Hypot(_means[0], _means[1])), Math.Min(1, double.Hypot(_means[2], _means[3])), look.Raw.Skewness,
            _means[4], _means[5], look.Raw.Steadiness, look.Own.Steadiness, _means[8], _surety, sure, Drift(), beside[0],
            beside[1], beside[2], beside[3], Math.Max(0, Math.Log(known / UsualRate)), beside[4],
            isAlike ? 1 : 0, fall,
        ];
        for (var i = 0; i < Count; i++)
            _values[i] = (float)values[i];
    }

    /// <summary>Mean change of the tracker's rate from window to window, as a part.</summary>
    private double Drift()
    {
        const double unknown = 0.1;
        var changes = Math.Min(_windows - 1, Apart);
        double sum = 0;
        for (var i = 0; i < changes; i++)
            sum += Math.Abs(Math.Log(_rates[i] / _rates[i + 1]));
        return changes == 0 ? unknown : sum / changes;
    }

    /// <summary>Part of the accelerometer's power about the rate, and the larger one of those about its half and about twice of
    /// it.</summary>
    private static (double AtRate, double Beside) MotionAt(PpgScratch scratch, int axes, double rate)
    {
        double all = 0, at = 0, half = 0, twice = 0;
        for (var axis = 0; axis < axes; axis++)
        {
            var power = scratch.MotionPower.AsSpan(axis * PpgSpectrumPlan.BinCount + PpgEvidence.AtRate, PpgRateBelief.BinCount);
            all += TensorPrimitives.Sum<float>(power);
            at += About(power, rate);
            half += About(power, rate / 2);
            twice += About(power, 2 * rate);
        }
        return all > 0 ? (at / all, Math.Max(half, twice) / all) : (0, 0);
    }

    private static double About(ReadOnlySpan<float> power, double rate)
    {
        var bin = (int)Math.Round((rate - PpgRateBelief.FirstPerMinute) / PpgRateBelief.StepPerMinute);
        return bin < 0 || bin >= power.Length
            ? 0
            : TensorPrimitives.Sum(power[Math.Max(0, bin - 1)..Math.Min(power.Length, bin + 2)]);
    }

    /// <summary>Part of the channels' energy that the motion took with it.</summary>
    private static double Cleaned(PpgSpectrumPlan plan, PpgScratch scratch, in PpgTaken taken)
    {
        if (taken.Axes == 0)
            return 0;
        double left = 0;
        for (var c = 0; c < taken.Used; c++)
        {
            var energy = TensorPrimitives.SumOfSquares<float>(scratch.Pulse(plan).Slice(c * plan.SampleCount, plan.SampleCount));
            left += energy > 0
                ? TensorPrimitives.SumOfSquares<float>(scratch.Clean(plan).Slice(c * plan.SampleCount, plan.SampleCount)) / energy
                : 1;
        }
        return 1 - left / taken.Used;
    }

    private static void Average(Span<float> means, ReadOnlySpan<float> values, double part)
    {
        for (var i = 0; i < means.Length; i++)
            means[i] += (float)part * (values[i] - means[i]);
    }

    private static void Average(Span<double> means, ReadOnlySpan<double> values, double part)
    {
        for (var i = 0; i < values.Length; i++)
            means[i] += part * (values[i] - means[i]);
    }
}
