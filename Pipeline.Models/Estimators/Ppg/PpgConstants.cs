namespace Pipeline.Models.Estimators.Ppg;

/// <summary>
/// The numbers of <see cref="PpgEvidence"/> and <see cref="PpgRateBelief"/> that were fitted to recordings (<c>docs/estimators.md</c>);
/// <c>pipeline bench accuracy-ppg --fit</c> fits them again from round numbers and scores them on subjects that took no part. Exponents
/// weigh the logarithm of a power; floors are in units of the mean power of a bin. Immutable, shared by all streams.
/// </summary>
internal sealed record PpgConstants
{
    /// <summary>Fitted to SPC 2015 and BAMI-1 together: what every stream uses.</summary>
    public static PpgConstants Default { get; } = new();

    /// <summary>Exponent of the mean of the channels' power at the rate, motion damped.</summary>
    public float MeanPower { get; init; } = 0.987f;

    /// <summary>Exponent of the greatest of the channels' power at the rate, motion damped.</summary>
    public float MostPower { get; init; } = 0.687f;

    /// <summary>Exponent of the power at twice the rate, motion damped.</summary>
    public float TwicePower { get; init; } = 0.577f;

    /// <summary>Exponent of the power at the rate after <see cref="PpgMotionFit"/>.</summary>
    public float CleanPower { get; init; } = 1.16f;

    /// <summary>Exponent, taken negative, of the power at half the rate.</summary>
    public float HalfPower { get; init; } = 0.537f;

    /// <summary>Exponent, taken negative, of the power at a third of the rate.</summary>
    public float ThirdPower { get; init; } = 0.198f;

    /// <summary>Floor of mean and greatest power at the rate.</summary>
    public float RateFloor { get; init; } = 2.79f;

    /// <summary>Floor of the power at twice the rate.</summary>
    public float TwiceFloor { get; init; } = 0.014f;

    /// <summary>Floor of the power after the motion was taken out.</summary>
    public float CleanFloor { get; init; } = 0.000134f;

    /// <summary>Floor of the power at half the rate.</summary>
    public float HalfFloor { get; init; } = 5.62f;

    /// <summary>Floor of the power at a third of the rate.</summary>
    public float ThirdFloor { get; init; } = 3;

    /// <summary>How strongly motion at a rate damps the power there.</summary>
    public float MotionAt { get; init; } = 0.0523f;

    /// <summary>How many times a neighbouring bin's motion counts against that of the bin itself; the greater of the two damps.</summary>
    public float Neighbour { get; init; } = 2.23f;

    /// <summary>How strongly motion at twice the rate damps the power at the rate.</summary>
    public float MotionTwice { get; init; } = 0.948f;

    /// <summary>How strongly motion at twice the rate damps the power at twice the rate.</summary>
    public float TwiceMotion { get; init; } = 0.663f;

    /// <summary>Strength of the log-normal curb on rates: low frequencies hold baseline wander, not pulses.</summary>
    public float CurbPower { get; init; } = 0.3f;

    /// <summary>Rate that the curb spares, per minute.</summary>
    public float CurbCentre { get; init; } = 189;

    /// <summary>No window may say more than this against a rate, as a part of all evidence: e^-3.</summary>
    public float OutlierFloor { get; init; } = 0.0498f;

    /// <summary>Scale of the two-sided exponential by which a rate changes in 2 s, in bins.</summary>
    public double ChangeScale { get; init; } = 1.31;

    /// <summary>Power that the belief is raised to when the rate is read between bins.</summary>
    public float BeliefPower { get; init; } = 2.35f;

    /// <summary>Power that the window's own spectrum is raised to when the rate is read between bins.</summary>
    public float SpectrumPower { get; init; } = 3.31f;

    /// <summary>Weight of the spectrum's centre against that of the belief.</summary>
    public double SpectrumWeight { get; init; } = 0.935;
}
