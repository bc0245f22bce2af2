using System.Numerics.Tensors;

namespace Pipeline.Models.Estimators.Ppg;

/// <summary>
/// What a window's spectra say of each rate of <see cref="PpgRateBelief"/>: power of the PPG at the rate and at twice the rate, damped
/// where the accelerometer has power too (at the rate and at twice of it), little power at half and a third of the rate, and power of the
/// PPG after <see cref="PpgMotionFit"/>. A product of powers of these over an outlier floor; only ratios enter, so unit, gain and sign of
/// the sensors do not matter. Owns its scratch: one thread at a time.
/// </summary>
internal sealed class PpgEvidence
{
    /// <summary>Bin of <see cref="PpgSpectrumPlan"/> at 30 per minute, the lowest rate.</summary>
    public const int AtRate = 6;

    private const int Rates = PpgRateBelief.BinCount;
    private const int AtTwice = 18;    // at 60, two bins a rate

    private const int AtThird = 6;     // rate whose third is at 15; below it a third is no rate

    private const float CurbWidth = 0.4f;              // of the logarithm of the rate
    private const float FirstOutlierFloor = 0.005f;    // the first window has no track to protect

    private const float Tiny = 1e-12f;

    private readonly float[] _mean = new float[Rates];
    private readonly float[] _most = new float[Rates];
    private readonly float[] _twice = new float[Rates];
    private readonly float[] _half = new float[Rates];
    private readonly float[] _third = new float[Rates];
    private readonly float[] _clean = new float[Rates];
    private readonly float[] _motion = new float[PpgSpectrumPlan.BinCount];
    private readonly float[] _damping = new float[Rates];
    private readonly float[] _term = new float[Rates];
    private readonly float[] _curb = new float[Rates];
    private PpgConstants? _curbOf;     // whose curb it is: the same for all streams, unless constants are being fitted

    /// <summary>
    /// Power at each rate after <see cref="Judge"/>: mean of the channels, damped by the motion; 1 is the mean over the rates.
    /// </summary>
    public ReadOnlySpan<float> Spectrum => _mean;

    /// <summary>
    /// Writes the likelihood of each rate, up to a factor, as far as one window may go (<see cref="PpgConstants.OutlierFloor"/>);
    /// <paramref name="isFirst"/>: nothing is known yet. The rest as <see cref="Weigh"/>.
    /// </summary>
    public void Judge(
        ReadOnlySpan<float> pulse, ReadOnlySpan<float> cleaned, int channels, ReadOnlySpan<float> motion, int axes, bool isFirst,
        PpgConstants constants, Span<float> likelihood)
    {
        Weigh(pulse, cleaned, channels, motion, axes, constants, likelihood);
        TensorPrimitives.Add(likelihood, isFirst ? FirstOutlierFloor : constants.OutlierFloor, likelihood);
    }

    /// <summary>
    /// Writes the likelihood of each rate, sum 1. <paramref name="pulse"/>: [channels x <see cref="PpgSpectrumPlan.BinCount"/>];
    /// <paramref name="cleaned"/>: the same after the motion was taken out; <paramref name="motion"/>: [axes x bins], none when axes = 0.
    /// </summary>
    public void Weigh(
        ReadOnlySpan<float> pulse, ReadOnlySpan<float> cleaned, int channels, ReadOnlySpan<float> motion, int axes, PpgConstants constants,
        Span<float> likelihood)
    {
        Gather(pulse, cleaned, channels);
        if (axes > 0)
            Damp(motion, axes, constants);
        if (!ReferenceEquals(_curbOf, constants))
            MakeCurb(constants);
        _curb.CopyTo(likelihood);
        Add(likelihood, _mean, constants.RateFloor, constants.MeanPower);
        Add(likelihood, _most, constants.RateFloor, constants.MostPower);
        Add(likelihood, _twice, constants.TwiceFloor, constants.TwicePower);
        Add(likelihood, _clean, constants.CleanFloor, constants.CleanPower);
        Add(likelihood, _half, constants.HalfFloor, -constants.HalfPower);
        Add(likelihood, _third, constants.ThirdFloor, -constants.ThirdPower);

        TensorPrimitives.Subtract(likelihood, TensorPrimitives.Max<float>(likelihood), likelihood);
        TensorPrimitives.Exp<float>(likelihood, likelihood);
        TensorPrimitives.Multiply(likelihood, 1 / TensorPrimitives.Sum<float>(likelihood), likelihood);
    }

    /// <summary>Powers of the channels, each in units of its own mean over the rates.</summary>
    private void Gather(ReadOnlySpan<float> pulse, ReadOnlySpan<float> cleaned, int channels)
    {
        Array.Clear(_mean);
        Array.Clear(_most);
        Array.Clear(_twice);
        Array.Clear(_half);
        Array.Clear(_third);
        Array.Clear(_clean);
        for (var c = 0; c < channels; c++)
        {
            var power = pulse.Slice(c * PpgSpectrumPlan.BinCount, PpgSpectrumPlan.BinCount);
            var here = power.Slice(AtRate, Rates);
            var scale = Rates / (TensorPrimitives.Sum(here) + Tiny);
            var share = scale / channels;
            TensorPrimitives.MultiplyAdd(here, share, _mean, _mean);
            TensorPrimitives.MultiplyAdd(cleaned.Slice(c * PpgSpectrumPlan.BinCount + AtRate, Rates), share, _clean, _clean);
            TensorPrimitives.Multiply(here, scale, _term);
            TensorPrimitives.Max(_most, _term, _most);
            for (var k = 0; k < Rates; k++)
            {
                _twice[k] += share * power[AtTwice + 2 * k];
                _half[k] += 0.5f * share * (power[k / 2] + power[(k + 1) / 2]);
            }
            for (var k = AtThird; k < Rates; k++)
            {
                var (bin, rest) = Math.DivRem(k - AtThird, 3);
                _third[k] += share * (power[bin] + rest / 3f * (power[bin + 1] - power[bin]));
            }
        }
    }

    private void Damp(ReadOnlySpan<float> motion, int axes, PpgConstants constants)
    {
        var (at, neighbour, atTwice, ofTwice) = (constants.MotionAt, constants.Neighbour, constants.MotionTwice, constants.TwiceMotion);
        var sum = _motion.AsSpan();
        motion[..PpgSpectrumPlan.BinCount].CopyTo(sum);
        for (var a = 1; a < axes; a++)
            TensorPrimitives.Add(sum, motion.Slice(a * PpgSpectrumPlan.BinCount, PpgSpectrumPlan.BinCount), sum);
        TensorPrimitives.Multiply(sum, Rates / (TensorPrimitives.Sum<float>(sum.Slice(AtRate, Rates)) + Tiny), sum);
        var here = sum.Slice(AtRate, Rates);
        for (var k = 0; k < Rates; k++)
        {
            var beside = Math.Max(k > 0 ? here[k - 1] : 0, k < Rates - 1 ? here[k + 1] : 0);
            var twice = sum[AtTwice + 2 * k];
            _damping[k] = 1 + at * Math.Max(here[k], neighbour * beside) + atTwice * twice;
            _twice[k] /= 1 + ofTwice * twice;
        }
        TensorPrimitives.Divide(_mean, _damping, _mean);
        TensorPrimitives.Divide(_most, _damping, _most);
    }

    /// <summary>log-likelihood += exponent · log(floor + power)</summary>
    private void Add(Span<float> logLikelihood, ReadOnlySpan<float> power, float floor, float exponent)
    {
        TensorPrimitives.Add(power, floor, _term);
        TensorPrimitives.Log<float>(_term, _term);
        TensorPrimitives.MultiplyAdd(_term, exponent, logLikelihood, logLikelihood);
    }

    private void MakeCurb(PpgConstants constants)
    {
        for (var k = 0; k < Rates; k++)
        {
            var distance = MathF.Log((float)PpgRateBelief.RateOf(k) / constants.CurbCentre) / CurbWidth;
            _curb[k] = -constants.CurbPower * distance * distance;
        }
        _curbOf = constants;
    }
}
