using Pipeline.Models.Estimators.Beats;
using Pipeline.Models.Filters;

namespace Pipeline.Training.Autoencoder;

/// <summary>A lead, or noise, out of which beats are cut anywhere as <see cref="BeatCut"/> does.</summary>
internal sealed class BeatLead
{
    /// <summary>Below this frequency, Hz, a lead is baseline: what is denoised has none.</summary>
    public const double BaselineHz = 0.5;

    private readonly double[] _integral, _highIntegral;
    private readonly double _rateHz;

    /// <param name="samples">A missing sample (NaN) is as the one before.</param>
    /// <param name="rateHz">Samples per second.</param>
    public BeatLead(float[] samples, double rateHz)
    {
        _rateHz = rateHz;
        var whole = new float[samples.Length];
        var last = 0f;
        for (var i = 0; i < samples.Length; i++)
            whole[i] = last = float.IsFinite(samples[i]) ? samples[i] : last;
        (_integral, _highIntegral) = (Integral(whole), Integral(WithoutBaseline(whole, rateHz)));
    }

    /// <summary>Samples.</summary>
    public int Count => _integral.Length - 1;

    /// <summary>A lead without its baseline: a Butterworth high-pass of order 2, forwards and backwards.</summary>
    public static float[] WithoutBaseline(float[] samples, double rateHz)
    {
        var filter = Biquad.HighPass(BaselineHz, rateHz);
        var filtered = (float[])samples.Clone();
        for (var pass = 0; pass < 2; pass++)
        {
            var delays = new BiquadDelays { X1 = filtered[0], X2 = filtered[0] };
            for (var i = 0; i < filtered.Length; i++)
                filtered[i] = (float)filter.Next(filtered[i], ref delays);
            Array.Reverse(filtered);
        }
        return filtered;
    }

    /// <summary>The points of a beat at a sample, as the stage cuts it but for the mean; whether all of it lies within the lead.</summary>
    public bool TryCut(double peak, Span<float> points) => TryCut(_integral, peak, Math.Max(0.5, _rateHz / BeatCut.RateHz / 2), points);

    /// <summary>The same points of the lead without its baseline, each of one sample alone: what a denoised wave is to be.</summary>
    public bool TryCutClean(double peak, Span<float> points) => TryCut(_highIntegral, peak, 0.5, points);

    private bool TryCut(double[] integral, double peak, double half, Span<float> points)
    {
        var ratio = _rateHz / BeatCut.RateHz;
        if (peak - BeatCut.Before * ratio - half < 1 || peak + (points.Length - BeatCut.Before) * ratio + half > Count - 2)
            return false;
        for (var p = 0; p < points.Length; p++)
        {
            var at = peak + (p - BeatCut.Before) * ratio + 0.5;
            points[p] = (float)((At(integral, at + half) - At(integral, at - half)) / (2 * half));
        }
        return true;
    }

    private static double At(double[] integral, double position)
    {
        var i = (int)position;
        return integral[i] + (position - i) * (integral[i + 1] - integral[i]);
    }

    private static double[] Integral(float[] samples)
    {
        var integral = new double[samples.Length + 1];
        for (var i = 0; i < samples.Length; i++)
            integral[i + 1] = integral[i] + samples[i];
        return integral;
    }
}
