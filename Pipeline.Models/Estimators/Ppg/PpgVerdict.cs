namespace Pipeline.Models.Estimators.Ppg;

/// <summary>
/// What a window's samples allow to be said of its rate: the one place where a value becomes <see cref="EstimateStatus.Ok"/> or not, for the classical
/// estimator and for networks.
/// </summary>
/// <param name="HasPulse">Whether there is a pulse at all.</param>
/// <param name="CountedRate">60 over the mean interval, per minute, where the rhythm is irregular: spectra do not show it. NaN where it is regular.</param>
internal readonly record struct PpgVerdict(bool HasPulse, double CountedRate)
{
    private const double MostDifference = 5;        // per minute

    /// <summary>
    /// Whether <paramref name="rate"/> may be given. Of an irregular rhythm only a rate that the pulses confirm, and then it becomes theirs.
    /// </summary>
    public bool TryCorrect(ref double rate)
    {
        if (!HasPulse)
            return false;
        if (double.IsNaN(CountedRate))
            return true;
        var agrees = Math.Abs(rate - CountedRate) <= MostDifference;
        rate = CountedRate;
        return agrees;
    }
}
