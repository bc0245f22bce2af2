namespace Pipeline.Models.Estimators.Fetal;

/// <summary>Rate and lengths that the fetal estimator works with, whatever the rate of its leads.</summary>
internal static class FetalTiming
{
    /// <summary>Samples per second inside; leads are resampled to it.</summary>
    public const int RateHz = 250;

    /// <summary>Samples that are looked at together: 12 s.</summary>
    public const int WindowSamples = 12 * RateHz;

    /// <summary>Fewest samples in which beats are looked for: 4 s.</summary>
    public const int LeastSamples = 4 * RateHz;

    /// <summary>Most leads that are used.</summary>
    public const int MostLeads = 4;

    /// <summary>Samples of the local level by which signals are divided before beats are tracked: 2.5 s.</summary>
    public const int LevelSamples = 625;

    /// <summary>A beat this near to one of the other heart lies in it: 40 ms.</summary>
    public const int SameBeatSamples = 10;

    /// <summary>Most beats in a window, and room for those that a track may hold.</summary>
    public const int MostBeats = WindowSamples / 16 + 2;
}
