namespace Pipeline.Models.Estimators.HeartSound;

/// <summary>
/// How probable it is that a window's rate is right and its sounds a heart's: a logistic regression on <see cref="HeartSoundEvidence"/>.
/// Fitted on half of the records of PhysioNet/CinC 2016 and on simulated sounds by the benchmark <c>accuracy-heart-sounds --fit</c>.
/// </summary>
internal static class HeartSoundQuality
{
    /// <summary>Numbers of a window.</summary>
    public const int Count = 10;

    private const double UsualBrightness = 0.9, MostBrightness = 1.5;

    private static readonly float[] Weights = [-10.124f, 2.133f, 0.596f, 3.007f, 1.267f, 2.565f, -0.596f, -4.738f, -6.223f, 4.666f];

    /// <summary>The probability, 0 to 1.</summary>
    public static double Of(in HeartSoundEvidence evidence)
    {
        Span<float> features = stackalloc float[Count];
        Write(evidence, features);
        var odds = 0f;
        for (var k = 0; k < Count; k++)
            odds += Weights[k] * features[k];
        return 1 / (1 + Math.Exp(-odds));
    }

    /// <summary>
    /// 1 where most of the power lies where heart sounds have theirs, 0 where that of speech, breath or hiss is several times as much
    /// (<see cref="HeartSoundBand.Brightness"/>): what swings evenly has a row of sounds as a heart has. Of the records of CinC 2016 that
    /// chose, good ones have 0 to 0.8; white noise has 2.3.
    /// </summary>
    public static double DarknessOf(double brightness) => Math.Clamp((MostBrightness - brightness) / (MostBrightness - UsualBrightness), 0, 1);

    /// <summary>Writes the numbers, of which the first is 1.</summary>
    public static void Write(in HeartSoundEvidence evidence, Span<float> features)
    {
        features[0] = 1;
        features[1] = (float)evidence.Strength;
        features[2] = (float)evidence.Contrast;
        features[3] = (float)evidence.Likeness;
        features[4] = (float)Math.Clamp(evidence.Margin, -3, 3);
        features[5] = (float)evidence.Mass;
        features[6] = (float)Math.Clamp(evidence.Range, 0, 4);
        features[7] = (float)evidence.IntervalSpread;
        features[8] = (float)(10 * evidence.SystoleSpread);
        features[9] = (float)evidence.Sharpness;
    }
}
