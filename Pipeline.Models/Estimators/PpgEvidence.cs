using System.Numerics.Tensors;

namespace Pipeline.Models.Estimators;

/// <summary>
/// What a window's spectra say of each rate of <see cref="PpgRateBelief"/>: power of the PPG at the rate and at twice the rate, damped where
/// the accelerometer has power too (at the rate, at twice and at half of it), and power of the PPG after <see cref="PpgMotionFit"/>. A product
/// of powers of these with an outlier floor; only ratios enter, so unit, gain and sign of the sensors do not matter.
/// The constants were fitted as <c>docs/estimators.md</c> says. Owns its scratch: one thread at a time.
/// </summary>
internal sealed class PpgEvidence
{
    private const int Rates = PpgRateBelief.BinCount;
    /// <summary>Bin of <see cref="PpgSpectrumPlan"/> at 30 per minute.</summary>
    public const int AtRate = 6;

    private const int AtTwice = 18;    // at 60, two bins a rate

    // Exponents.
    private const float MeanPower = 1.04f, LeastPower = 0.339f, MostPower = 0.75f, TwicePower = 1.13f, CleanPower = 1.5f, HalfPower = 0.159f;

    // Floors, in units of the mean power of a bin.
    private const float RateFloor = 1f, TwiceFloor = 0.21f, CleanFloor = 0.000134f, HalfFloor = 0.717f;

    // How strongly motion at the rate (neighbours included), at half and at twice of it damps; and at twice for the second harmonic.
    private const float MotionAt = 0.105f, MotionHalf = 0.00153f, MotionTwice = 1.33f, TwiceMotion = 0.5f, Neighbour = 1.15f;

    // Log-normal curb on rates: low frequencies hold baseline wander, not pulses.
    private const float CurbPower = 0.5f, CurbCentre = 157, CurbWidth = 0.4f;

    // No window may say more than this against a rate, as a part of all evidence.
    private const float OutlierFloor = 0.0498f;

    private static readonly float[] Curb = MakeCurb();

    private readonly float[] _mean = new float[Rates];
    private readonly float[] _least = new float[Rates];
    private readonly float[] _most = new float[Rates];
    private readonly float[] _twice = new float[Rates];
    private readonly float[] _half = new float[Rates];
    private readonly float[] _clean = new float[Rates];
    private readonly float[] _damping = new float[Rates];
    private readonly float[] _term = new float[Rates];

    /// <summary>
    /// Writes the likelihood of each rate, sum about 1. <paramref name="pulse"/>: [channels x <see cref="PpgSpectrumPlan.BinCount"/>];
    /// <paramref name="cleaned"/>: the same after the motion was taken out; <paramref name="motion"/>: [axes x bins], changed, none when axes = 0.
    /// </summary>
    public void Judge(ReadOnlySpan<float> pulse, ReadOnlySpan<float> cleaned, int channels, Span<float> motion, int axes, Span<float> likelihood)
    {
        Gather(pulse, cleaned, channels);
        Curb.CopyTo(likelihood);
        if (axes > 0)
            GatherMotion(motion, axes);
        else
            Array.Fill(_damping, 1f);
        Add(likelihood, _mean, _damping, RateFloor, MeanPower);
        Add(likelihood, _least, _damping, RateFloor, LeastPower);
        Add(likelihood, _most, _damping, RateFloor, MostPower);
        Array.Fill(_damping, 1f);
        Add(likelihood, _clean, _damping, CleanFloor, CleanPower);
        Add(likelihood, _half, _damping, HalfFloor, -HalfPower);
        if (axes > 0)
            for (var k = 0; k < Rates; k++)
                _damping[k] = 1 + TwiceMotion * motion[AtTwice + 2 * k];
        Add(likelihood, _twice, _damping, TwiceFloor, TwicePower);

        TensorPrimitives.Subtract(likelihood, TensorPrimitives.Max<float>(likelihood), likelihood);
        TensorPrimitives.Exp<float>(likelihood, likelihood);
        TensorPrimitives.Multiply(likelihood, 1 / TensorPrimitives.Sum<float>(likelihood), likelihood);
        TensorPrimitives.Add(likelihood, OutlierFloor, likelihood);
    }

    /// <summary>Powers of the channels, each in units of its own mean over the rates: mean, least, most, at twice and half the rate, cleaned.</summary>
    private void Gather(ReadOnlySpan<float> pulse, ReadOnlySpan<float> cleaned, int channels)
    {
        Array.Clear(_mean);
        Array.Clear(_most);
        Array.Fill(_least, float.MaxValue);
        Array.Clear(_twice);
        Array.Clear(_half);
        Array.Clear(_clean);
        for (var c = 0; c < channels; c++)
        {
            var power = pulse.Slice(c * PpgSpectrumPlan.BinCount, PpgSpectrumPlan.BinCount);
            var clean = cleaned.Slice(c * PpgSpectrumPlan.BinCount, PpgSpectrumPlan.BinCount);
            var scale = Rates / (TensorPrimitives.Sum(power.Slice(AtRate, Rates)) + 1e-12f);
            var share = 1f / channels;
            for (var k = 0; k < Rates; k++)
            {
                var here = scale * power[AtRate + k];
                _mean[k] += share * here;
                _least[k] = Math.Min(_least[k], here);
                _most[k] = Math.Max(_most[k], here);
                _twice[k] += share * scale * power[AtTwice + 2 * k];
                _half[k] += share * scale * 0.5f * (power[k / 2] + power[(k + 1) / 2]);
                _clean[k] += share * scale * clean[AtRate + k];
            }
        }
    }

    private void GatherMotion(Span<float> motion, int axes)
    {
        var sum = motion[..PpgSpectrumPlan.BinCount];
        for (var a = 1; a < axes; a++)
            TensorPrimitives.Add(sum, motion.Slice(a * PpgSpectrumPlan.BinCount, PpgSpectrumPlan.BinCount), sum);
        TensorPrimitives.Multiply(sum, Rates / (TensorPrimitives.Sum<float>(sum.Slice(AtRate, Rates)) + 1e-12f), sum);
        for (var k = 0; k < Rates; k++)
        {
            var before = k > 0 ? sum[AtRate + k - 1] : 0;
            var after = k < Rates - 1 ? sum[AtRate + k + 1] : 0;
            var here = Math.Max(sum[AtRate + k], Neighbour * Math.Max(before, after));
            _damping[k] = 1 + MotionAt * here + MotionHalf * 0.5f * (sum[k / 2] + sum[(k + 1) / 2]) + MotionTwice * sum[AtTwice + 2 * k];
        }
    }

    /// <summary>log-likelihood += exponent · log(floor + power / damping)</summary>
    private void Add(Span<float> logLikelihood, ReadOnlySpan<float> power, ReadOnlySpan<float> damping, float floor, float exponent)
    {
        TensorPrimitives.Divide(power, damping, _term);
        TensorPrimitives.Add(_term, floor, _term);
        TensorPrimitives.Log<float>(_term, _term);
        TensorPrimitives.MultiplyAdd(_term, exponent, logLikelihood, logLikelihood);
    }

    private static float[] MakeCurb()
    {
        var curb = new float[Rates];
        for (var k = 0; k < Rates; k++)
        {
            var distance = MathF.Log((float)PpgRateBelief.RateOf(k) / CurbCentre) / CurbWidth;
            curb[k] = -CurbPower * distance * distance;
        }
        return curb;
    }
}
