namespace Pipeline.Models.Features;

/// <summary>Reads a belief over the 85 rates of <see cref="RateFeatures"/>.</summary>
public static class RateReadout
{
    private const int Reach = 3;

    /// <summary>
    /// The rate (centre of gravity of the belief within 3 rates of its greatest) and the standard deviation of the belief sharpened to the power
    /// of 2.5 (the network's labels are 3 bpm wide, which the belief keeps), both per minute. NaN when the belief holds NaN.
    /// </summary>
    public static (float Rate, float Sigma) Read(ReadOnlySpan<float> belief)
    {
        var best = 0;
        for (var k = 0; k < belief.Length; k++)
        {
            if (float.IsNaN(belief[k]))
                return (float.NaN, float.NaN);
            if (belief[k] > belief[best])
                best = k;
        }
        double mass = 0, moment = 0;
        for (var k = Math.Max(0, best - Reach); k <= Math.Min(belief.Length - 1, best + Reach); k++)
        {
            mass += belief[k];
            moment += belief[k] * k;
        }
        var rate = RateFeatures.FirstPerMinute + RateFeatures.StepPerMinute * moment / mass;
        double sharp = 0, square = 0;
        for (var k = 0; k < belief.Length; k++)
        {
            var weight = (double)belief[k] * belief[k] * Math.Sqrt(belief[k]);
            var distance = RateFeatures.FirstPerMinute + RateFeatures.StepPerMinute * k - rate;
            sharp += weight;
            square += weight * distance * distance;
        }
        return ((float)rate, (float)Math.Sqrt(square / sharp));
    }
}
