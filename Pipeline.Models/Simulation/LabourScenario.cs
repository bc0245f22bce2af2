namespace Pipeline.Models.Simulation;

/// <summary>Parts of the contractions that are followed by a deceleration of a kind, 0 to 1 together; the rest have none.</summary>
/// <param name="Early">Gradual, a mirror of the contraction.</param>
/// <param name="Late">Gradual, from more than 20 s after the contraction's beginning.</param>
/// <param name="Variable">From beginning to nadir in less than 30 s.</param>
/// <param name="Prolonged">More than 3 minutes.</param>
public readonly record struct DecelerationShares(double Early = 0, double Late = 0, double Variable = 0, double Prolonged = 0);

/// <summary>
/// What a bed of a labour ward has beside the mother's heart: a fetus, contractions, abdominal leads (device <c>fecg</c>) and a
/// cardiotocograph (device <c>ctg</c>). Amplitudes and patterns are those of textbooks (FIGO 2015,
/// https://doi.org/10.1016/j.ijgo.2015.06.020), not of a patient.
/// </summary>
public sealed record LabourScenario
{
    /// <summary>Whether there is a fetus; without one the leads hold the mother alone and the cardiotocograph no signal.</summary>
    public bool HasFetus { get; init; } = true;

    /// <summary>
    /// Whether there are twins: the cardiotocograph has the second's rate, too (<c>fhr2</c>). The abdominal leads hold the first alone.
    /// </summary>
    public bool HasTwin { get; init; }

    /// <summary>Baseline of the fetal heart rate at the start, 70 to 220 per minute; NaN: drawn from 118 to 152.</summary>
    public double FetalRate { get; init; } = double.NaN;

    /// <summary>Bandwidth of the baseline variability, peak to peak within a minute, per minute; 5 to 25 is normal, 0 a
    /// metronome.</summary>
    public double FetalVariability { get; init; } = 11;

    /// <summary>Whether the rate is a sine of 10 per minute, 4 cycles a minute, in the place of variability and accelerations.</summary>
    public bool IsSinusoidal { get; init; }

    /// <summary>Accelerations per hour, of 18 to 30 per minute and 25 to 85 s.</summary>
    public double AccelerationsPerHour { get; init; } = 12;

    /// <summary>How often the baseline moves to another one, at most 12 per minute off the first, within 5 to 10 minutes.</summary>
    public double BaselineChangesPerHour { get; init; } = 0.5;

    /// <summary>Contractions in ten minutes, 0 to 6, of 72 to 95 s.</summary>
    public double ContractionsPerTenMinutes { get; init; } = 3;

    /// <summary>Decelerations that follow the contractions.</summary>
    public DecelerationShares Decelerations { get; init; }

    /// <summary>Episodes, of 90 to 240 s, in which the fetus's own heart beats at the mother's rate.</summary>
    public double CoincidencesPerHour { get; init; }

    /// <summary>Episodes, of 60 to 180 s, in which the fetal signal is lost and the cardiotocograph prints the mother's rate.</summary>
    public double PickUpsPerHour { get; init; }

    /// <summary>Movements of the fetus, of 4 to 15 s, that turn its heart's axis by up to 70 degrees.</summary>
    public double MovementsPerHour { get; init; } = 12;

    /// <summary>Episodes, of 2 to 6 minutes, in which vernix lets 0.3 to 0.6 of the fetal ECG through.</summary>
    public double VernixPerHour { get; init; }

    /// <summary>Abdominal leads of the device <c>fecg</c>: 0 (no such device) to 4.</summary>
    public int LeadCount { get; init; } = 4;

    /// <summary>Samples per second and abdominal lead: 250 to 1000.</summary>
    public int RateHz { get; init; } = 500;

    /// <summary>Height of the fetal R wave in a usual lead, µV; NaN: drawn from 16 to 36. The mother's is 80 to 350.</summary>
    public double FetalSize { get; init; } = double.NaN;

    /// <summary>Standard deviation of mains hum over that of the lead's ECG and noise; 0: no hum.</summary>
    public double HumRatio { get; init; }

    /// <summary>Frequency of the hum.</summary>
    public double HumHz { get; init; } = 50.1;

    /// <summary>
    /// Drop-outs of each single lead, of 5 to 60 s: said by the device and 0, missing samples, or still at one value; at most half of the
    /// leads at a time.
    /// </summary>
    public double LeadDropoutsPerHour { get; init; }

    /// <summary>Whether there is a device <c>ctg</c>: fetal heart rate and uterine activity, 4 Hz.</summary>
    public bool HasCtg { get; init; } = true;

    /// <summary>Part of the cardiotocograph's samples that hold no fetal heart rate, 0 to 0.6.</summary>
    public double SignalLoss { get; init; } = 0.04;

    /// <summary>Times, of 0.5 to 3 s, in which the cardiotocograph prints half or double the rate.</summary>
    public double ArtefactsPerHour { get; init; } = 10;
}
