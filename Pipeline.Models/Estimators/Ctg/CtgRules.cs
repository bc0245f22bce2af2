using System.ComponentModel.DataAnnotations;

namespace Pipeline.Models.Estimators.Ctg;

/// <summary>
/// The limits by which a cardiotocogram is read; section <c>Ctg</c> of the configuration. Defaults: FIGO consensus guidelines on
/// intrapartum fetal monitoring 2015 (Ayres-de-Campos et al., doi:10.1016/j.ijgo.2015.06.020). Advisory: the category is no diagnosis.
/// Rates in beats per minute. Read only.
/// </summary>
public sealed class CtgRules : IValidatableObject
{
    /// <summary>Least normal baseline, 80 to 130; default 110.</summary>
    [Range(80.0, 130.0)]
    public double BaselineLow { get; set; } = 110;

    /// <summary>Highest normal baseline, 140 to 200; default 160.</summary>
    [Range(140.0, 200.0)]
    public double BaselineHigh { get; set; } = 160;

    /// <summary>Baseline below which a trace is pathological, 60 to 130; default 100.</summary>
    [Range(60.0, 130.0)]
    public double BaselineVeryLow { get; set; } = 100;

    /// <summary>Minutes outside of the limits that make tachycardia or bradycardia, 3 to 30; default 10.</summary>
    [Range(3, 30)]
    public int BaselineMinutes { get; set; } = 10;

    /// <summary>Least normal bandwidth, 1 to 10; default 5.</summary>
    [Range(1.0, 10.0)]
    public double VariabilityLow { get; set; } = 5;

    /// <summary>Highest normal bandwidth, 15 to 50; default 25.</summary>
    [Range(15.0, 50.0)]
    public double VariabilityHigh { get; set; } = 25;

    /// <summary>Minutes of reduced variability that are pathological, 10 to 55; default 50.</summary>
    [Range(10, 55)]
    public int ReducedMinutes { get; set; } = 50;

    /// <summary>Minutes of increased variability that are pathological, 10 to 55; default 30.</summary>
    [Range(10, 55)]
    public int IncreasedMinutes { get; set; } = 30;

    /// <summary>Minutes of a sinusoidal pattern that are pathological, 5 to 55; default 30.</summary>
    [Range(5, 55)]
    public int SinusoidalMinutes { get; set; } = 30;

    /// <summary>Least rise of an acceleration, 5 to 30; default 15.</summary>
    [Range(5.0, 30.0)]
    public double AccelerationRise { get; set; } = 15;

    /// <summary>Least length of an acceleration in seconds, 5 to 60; default 15.</summary>
    [Range(5, 60)]
    public int AccelerationSeconds { get; set; } = 15;

    /// <summary>Least drop of a deceleration, 5 to 30; default 15.</summary>
    [Range(5.0, 30.0)]
    public double DecelerationDrop { get; set; } = 15;

    /// <summary>Least length of a deceleration in seconds, 5 to 60; default 15.</summary>
    [Range(5, 60)]
    public int DecelerationSeconds { get; set; } = 15;

    /// <summary>Length in seconds beyond which a deceleration is prolonged, 60 to 600; default 180.</summary>
    [Range(60, 600)]
    public int ProlongedSeconds { get; set; } = 180;

    /// <summary>Minutes beyond which one deceleration makes a trace pathological, 2 to 10; default 5.</summary>
    [Range(2, 10)]
    public int LongDecelerationMinutes { get; set; } = 5;

    /// <summary>Seconds from onset to nadir and from there to the end, mean of both, below which a deceleration is variable, 10 to 60;
    /// default 30.</summary>
    [Range(10, 60)]
    public int VariableFallSeconds { get; set; } = 30;

    /// <summary>Seconds from a contraction's onset after which a deceleration that begins is late, 5 to 60; default 20.</summary>
    [Range(5, 60)]
    public int LateSeconds { get; set; } = 20;

    /// <summary>Part of the contractions beyond which the decelerations with them are repetitive, 0.1 to 0.95; default 0.5.</summary>
    [Range(0.1, 0.95)]
    public double RepetitiveShare { get; set; } = 0.5;

    /// <summary>Minutes of repetitive late or prolonged decelerations that are pathological, 10 to 50; default 30.</summary>
    [Range(10, 50)]
    public int RepetitiveMinutes { get; set; } = 30;

    /// <summary>The same while variability is reduced, 10 to 50; default 20.</summary>
    [Range(10, 50)]
    public int RepetitiveMinutesWhenReduced { get; set; } = 20;

    /// <summary>Part of the last ten minutes without a usable rate beyond which there is no category, 0.1 to 0.9; default 0.5.</summary>
    [Range(0.1, 0.9)]
    public double MaxSignalLoss { get; set; } = 0.5;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (BaselineVeryLow > BaselineLow)
            yield return new ValidationResult($"at most {nameof(BaselineLow)} ({BaselineLow}) is possible.", [nameof(BaselineVeryLow)]);
        if (RepetitiveMinutesWhenReduced > RepetitiveMinutes)
            yield return new ValidationResult(
                $"at most {nameof(RepetitiveMinutes)} ({RepetitiveMinutes}) is possible.", [nameof(RepetitiveMinutesWhenReduced)]);
        if (ProlongedSeconds > 60 * LongDecelerationMinutes)
            yield return new ValidationResult(
                $"at most {nameof(LongDecelerationMinutes)} ({LongDecelerationMinutes}) is possible.", [nameof(ProlongedSeconds)]);
    }
}
