namespace Pipeline.Models.Simulation;

/// <summary>Beat after beat of the fetal heart, along the rate of its labour.</summary>
internal sealed class FetalRhythm
{
    private const double BeatToBeat = 0.0022;   // s, of a fetus with usual variability
    private const double MinInterval = 0.26;
    private const double MaxInterval = 1.5;

    private readonly LabourCourse _course;
    private readonly double _jitter;
    private NoiseSource _noise;

    public FetalRhythm(LabourScenario labour, LabourCourse course, NoiseSource noise)
    {
        (_course, _noise) = (course, noise);
        _jitter = BeatToBeat * Math.Min(labour.FetalVariability / 11, 2);
        // As the mother's, the first beats lie before the start.
        Peaks.Add(-2 + _noise.Uniform(0, 0.4));
    }

    /// <summary>The R peaks.</summary>
    public PeakRing Peaks { get; } = new();

    /// <summary>Adds beats until one lies after <paramref name="seconds"/>; the course has been moved to the second before.</summary>
    public void AdvanceTo(double seconds)
    {
        while (Peaks.Last <= seconds)
            Peaks.Add(Peaks.Last + Math.Clamp(60 / _course.RateAt(Peaks.Last) + _jitter * _noise.Normal(), MinInterval, MaxInterval));
    }
}
