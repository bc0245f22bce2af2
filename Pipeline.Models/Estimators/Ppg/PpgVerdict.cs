namespace Pipeline.Models.Estimators.Ppg;

/// <summary>
/// What a window's samples allow to be said of its rate: the one place where a value becomes <see cref="EstimateStatus.Ok"/> or not, for
/// the classical estimator and for networks.
/// </summary>
/// <param name="HasPulse">Whether there is a pulse whose rate can be told.</param>
/// <param name="CountedRate">60 over the mean interval, per minute, where the rhythm is irregular: spectra do not show it. NaN where it
/// is regular.</param>
internal readonly record struct PpgVerdict(bool HasPulse, double CountedRate)
{
    private const double MostDifference = 3;        // per minute

    /// <summary>
    /// Greatest rate that the interval after which the window repeats itself allows, per minute: a rate above it is a harmonic. Infinite
    /// where nothing is known of it.
    /// </summary>
    public double MostRate { get; init; } = double.PositiveInfinity;

    /// <summary>Whether samples are missing and nothing else is known to disturb: where a network differs, it took the holes for a
    /// rhythm.</summary>
    public bool HasHoles { get; init; }

    /// <summary>Whether the sensor is on and the pulse stands still.</summary>
    public bool StandsStill { get; init; }

    /// <summary>Whether <paramref name="rate"/> of a network gives way to <paramref name="classical"/>, per minute each.</summary>
    public bool Prefers(double classical, double rate) => rate > MostRate || HasHoles && Math.Abs(rate - classical) > MostDifference;

    /// <summary>
    /// Whether <paramref name="rate"/> may be given. Of an irregular rhythm only a rate that the pulses confirm, and then it becomes
    /// theirs.
    /// </summary>
    public bool TryCorrect(ref double rate)
    {
        if (!HasPulse || rate > MostRate)
            return false;
        if (double.IsNaN(CountedRate))
            return true;
        var agrees = Math.Abs(rate - CountedRate) <= MostDifference;
        rate = CountedRate;
        return agrees;
    }
}
