using Pipeline.Models.State;

namespace Pipeline.Models.Estimators.Ppg;

/// <summary>
/// Where the heart rate is believed to be: a probability over <see cref="BinCount"/> rates, moved on by how hearts change and multiplied by
/// what each window says (forward algorithm of a hidden Markov model). It keeps every hypothesis alive, so a lost track is found again as
/// soon as the evidence says so. Reset = uniform.
/// </summary>
internal sealed class PpgRateBelief
{
    /// <summary>Rates: 30, 32.5 … 240 per minute.</summary>
    public const int BinCount = 85;

    /// <summary>Lowest rate, per minute.</summary>
    public const double FirstPerMinute = 30;

    /// <summary>Distance of neighbours, per minute.</summary>
    public const double StepPerMinute = 2.5;

    // Change in 2 s: two-sided exponential; with small probability a wide one (scale in bins), or anything.
    private const double WideScale = 6;
    private const double WideProbability = 1e-4;
    private const double AnyProbability = 1e-4;

    // Reading: the centre of gravity of the belief's power and, less heavily, of the window's own spectrum about the most likely bin.
    private const int ReadBins = 3;
    private const double SpectrumReach = 1.5;

    private readonly PpgConstants _constants;
    private readonly float[] _belief = new float[BinCount];
    private readonly float[] _wide = new float[BinCount];

    /// <summary>Nothing is known yet.</summary>
    public PpgRateBelief(PpgConstants constants)
    {
        _constants = constants;
        Reset();
    }

    /// <summary>The belief, sum 1.</summary>
    public ReadOnlySpan<float> Probabilities => _belief;

    /// <summary>Nothing is known.</summary>
    public void Reset() => Array.Fill(_belief, 1f / BinCount);

    /// <summary>All that changes.</summary>
    public void Transfer(StateTransfer state) => state.Values<float>(_belief);

    /// <summary>Moves on by one hop (2 s).</summary>
    public void Advance()
    {
        _belief.CopyTo(_wide, 0);
        Spread(_wide, WideScale);
        Spread(_belief, _constants.ChangeScale);
        for (var k = 0; k < BinCount; k++)
            _belief[k] = (float)(
                (1 - WideProbability - AnyProbability) * _belief[k] + WideProbability * _wide[k] + AnyProbability / BinCount);
    }

    /// <summary>Multiplies by a window's likelihood, per rate, any scale, positive.</summary>
    public void Weigh(ReadOnlySpan<float> likelihood)
    {
        var sum = 0f;
        for (var k = 0; k < BinCount; k++)
            sum += _belief[k] *= likelihood[k];
        if (!(sum > 0) || !float.IsFinite(sum))
        {
            Reset();
            return;
        }
        for (var k = 0; k < BinCount; k++)
            _belief[k] /= sum;
    }

    /// <summary>
    /// The rate, finer than a bin: about the most likely one, with help of the window's own <paramref name="spectrum"/> (per rate, any
    /// scale); the standard deviation of the belief about it; and the part of the belief within <paramref name="reachPerMinute"/> of it.
    /// </summary>
    public (double Rate, double Sigma, double Mass) Read(ReadOnlySpan<float> spectrum, double reachPerMinute)
    {
        var rate = Centre(spectrum);
        double variance = 0, mass = 0;
        for (var k = 0; k < BinCount; k++)
        {
            var distance = RateOf(k) - rate;
            variance += _belief[k] * distance * distance;
            if (Math.Abs(distance) <= reachPerMinute)
                mass += _belief[k];
        }
        return (rate, Math.Sqrt(variance), Math.Min(mass, 1));
    }

    private double Centre(ReadOnlySpan<float> spectrum)
    {
        var best = 0;
        for (var k = 1; k < BinCount; k++)
            if (_belief[k] > _belief[best])
                best = k;
        var (first, last) = (Math.Max(0, best - ReadBins), Math.Min(BinCount - 1, best + ReadBins));
        var most = 0f;
        for (var k = first; k <= last; k++)
            most = Math.Max(most, spectrum[k]);
        var (beliefPower, spectrumPower) = (_constants.BeliefPower, _constants.SpectrumPower);
        double believed = 0, believedWeight = 0, seen = 0, seenWeight = 0;
        for (var k = first; k <= last; k++)
        {
            double weight = MathF.Pow(_belief[k] / _belief[best], beliefPower);
            believed += weight * k;
            believedWeight += weight;
            if (!(most > 0))
                continue;
            var distance = (k - best) / SpectrumReach;
            weight = MathF.Pow(spectrum[k] / most, spectrumPower) * Math.Exp(-0.5 * distance * distance);
            seen += weight * k;
            seenWeight += weight;
        }
        var bin = believed / believedWeight;
        if (seenWeight > 0)
            bin = (bin + _constants.SpectrumWeight * seen / seenWeight) / (1 + _constants.SpectrumWeight);
        return FirstPerMinute + StepPerMinute * bin;
    }

    /// <summary>Rate of a bin, per minute.</summary>
    public static double RateOf(int bin) => FirstPerMinute + StepPerMinute * bin;

    /// <summary>Convolution with a·exp(−|j|/scale) in place, by one recursion from each side; what would leave the ends is lost.</summary>
    private static void Spread(Span<float> x, double scale)
    {
        var decay = (float)Math.Exp(-1 / scale);
        var gain = (1 - decay) / (1 + decay);
        Span<float> back = stackalloc float[BinCount];
        var state = 0f;
        for (var k = BinCount - 1; k >= 0; k--)
        {
            back[k] = state;              // sum over j > k
            state = (state + x[k]) * decay;
        }
        state = 0;
        for (var k = 0; k < BinCount; k++)
        {
            state = state * decay + x[k]; // sum over j <= k
            x[k] = gain * (state + back[k]);
        }
    }
}
