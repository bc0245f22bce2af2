using Pipeline.Models.Features;

namespace Pipeline.Training.Explanation;

/// <summary>Where a part of the heart-rate network's input comes from.</summary>
/// <param name="Name">Its name outside.</param>
/// <param name="Rows">Its rows of <see cref="RateFeatures"/>.</param>
public sealed record RateSource(string Name, IReadOnlyList<int> Rows)
{
    /// <summary>
    /// PPG (as it is, and less its motion); accelerometer; the classical estimator's likelihood, which is made of both. The motion's level and the position on the axis belong to no band, and are left as they are.
    /// </summary>
    public static IReadOnlyList<RateSource> All { get; } =
    [
        new("ppg", [0, 1, 2, 3, RateFeatures.CleanRow, RateFeatures.CleanRow + 1, RateFeatures.HalfRow]),
        new("acc", [RateFeatures.MotionRow, RateFeatures.MotionRow + 1, RateFeatures.MotionRow + 2, RateFeatures.MotionRow + 3]),
        new("likelihood", [RateFeatures.LikelihoodRow]),
    ];
}

/// <summary>
/// What carried a heart-rate network's answer to one window, in nats of log-odds: logarithm of the probability of the answer (its greatest rate ± 3 on the grid) against that of
/// all other rates. Positive: it speaks for the answer. <see cref="RateExplainer"/> says how each is made.
/// </summary>
/// <param name="Rate">The network's own rate, per minute.</param>
/// <param name="LogOdds">Of the answer.</param>
/// <param name="Occlusion">[sources][85]: what is lost without the source's structure within ± 2 rates of each.</param>
/// <param name="Bands">[85]: the same, of all sources at once.</param>
/// <param name="Sources">[sources]: what is lost without a source's structure at all rates.</param>
/// <param name="Before">What is lost without the recurrent state: what the windows before carried.</param>
public sealed record RateExplanation(float Rate, double LogOdds, double[][] Occlusion, double[] Bands, double[] Sources, double Before)
{
    /// <summary>[sources][85]: integrated gradients, whose sum is <see cref="LogOdds"/> less the log-odds without any structure; empty where they were not asked for.</summary>
    public double[][] Gradients { get; init; } = [];

    /// <summary>[85]: Grad-CAM of the encoder's features, 0 or more; empty where it was not asked for, or the network has no convolutions.</summary>
    public double[] Activation { get; init; } = [];

    /// <summary>Log-odds of the answer without any structure in the window: what is left is of the windows before alone.</summary>
    public double LogOddsOfNothing { get; init; }

    /// <summary>The rate of the band that carried most, per minute.</summary>
    public double MostCarrying => RateFeatures.FirstPerMinute + RateFeatures.StepPerMinute * Array.IndexOf(Bands, Bands.Max());
}
