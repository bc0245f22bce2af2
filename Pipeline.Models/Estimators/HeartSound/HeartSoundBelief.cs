using Pipeline.Models.State;

namespace Pipeline.Models.Estimators.HeartSound;

/// <summary>
/// Where the heart rate is believed to be: a probability of each of <see cref="HeartSoundRates"/>, moved on by how hearts change and
/// multiplied by what each window says. Windows overlap, so what one says counts only in part.
/// </summary>
internal sealed class HeartSoundBelief
{
    private const double Evidence = 0.06;       // of a score's unit, which is the log-odds of a frame
    private const double ChangeScale = 1.2;     // bins in a hop
    private const double AnyProbability = 1e-4;

    private static readonly double[] Change = [.. Enumerable.Range(0, HeartSoundRates.Count).Select(bins => Math.Exp(-bins / ChangeScale))];
    private static readonly double[] Priors = Normal([.. Enumerable.Range(0, HeartSoundRates.Count).Select(rate => HeartSoundRates.At(rate).Prior)]);

    private readonly float[] _belief = new float[HeartSoundRates.Count];

    public HeartSoundBelief() => Reset();

    /// <summary>The rate's number that is the most likely.</summary>
    public int Best
    {
        get
        {
            var best = 0;
            for (var k = 1; k < _belief.Length; k++)
                if (_belief[k] > _belief[best])
                    best = k;
            return best;
        }
    }

    /// <summary>Nothing is known but how frequent rates are.</summary>
    public void Reset()
    {
        for (var k = 0; k < _belief.Length; k++)
            _belief[k] = (float)Priors[k];
    }

    /// <summary>Moves on by a hop and weighs by a window's <paramref name="scores"/>, one a rate.</summary>
    public void Take(ReadOnlySpan<float> scores)
    {
        Span<double> moved = stackalloc double[HeartSoundRates.Count];
        var most = float.NegativeInfinity;
        foreach (var score in scores)
            most = Math.Max(most, score);
        var all = 0.0;
        for (var k = 0; k < moved.Length; k++)
        {
            double sum = 0, weights = 0;
            for (var j = 0; j < moved.Length; j++)
            {
                sum += Change[Math.Abs(k - j)] * _belief[j];
                weights += Change[Math.Abs(k - j)];
            }
            moved[k] = ((1 - AnyProbability) * sum / weights + AnyProbability * Priors[k]) * Math.Exp(Evidence * (scores[k] - most));
            all += moved[k];
        }
        if (!(all > 0) || !double.IsFinite(all))
            Reset();
        else
            for (var k = 0; k < moved.Length; k++)
                _belief[k] = (float)(moved[k] / all);
    }

    /// <summary>Part of the belief within <paramref name="reach"/> bins of <paramref name="rate"/>.</summary>
    public double MassAbout(int rate, int reach)
    {
        var mass = 0f;
        for (var k = Math.Max(0, rate - reach); k <= Math.Min(_belief.Length - 1, rate + reach); k++)
            mass += _belief[k];
        return Math.Min(1, mass);
    }

    /// <summary>All that changes.</summary>
    public void Transfer(StateTransfer state) => state.Values<float>(_belief);

    private static double[] Normal(double[] weights)
    {
        var sum = weights.Sum();
        return Array.ConvertAll(weights, weight => weight / sum);
    }
}
