using Pipeline.Models.Signals;

namespace Pipeline.Models;

/// <summary>What is estimated. Wire numbers: never renumber, only add.</summary>
public enum Metric
{
    /// <summary>Heart (or pulse) rate, beats per minute (UCUM <c>/min</c>); LOINC 8867-4.</summary>
    HeartRate = 1,

    /// <summary>Fetal heart rate, beats per minute (UCUM <c>/min</c>); LOINC 55283-6.</summary>
    FetalHeartRate = 2,

    /// <summary>Systolic blood pressure, mmHg (UCUM <c>mm[Hg]</c>); LOINC 8480-6.</summary>
    Systolic = 10,

    /// <summary>Diastolic blood pressure, mmHg; LOINC 8462-4.</summary>
    Diastolic = 11,

    /// <summary>Mean blood pressure, mmHg; LOINC 8478-0.</summary>
    MeanPressure = 12,

    /// <summary>Pulse pressure, systolic less diastolic, mmHg.</summary>
    PulsePressure = 13,

    /// <summary>Baseline of the fetal heart rate, beats per minute.</summary>
    FetalBaseline = 20,

    /// <summary>
    /// Bandwidth of the fetal heart rate about its baseline, mean of one-minute segments over the last ten, beats per minute.
    /// </summary>
    FetalVariability = 21,

    /// <summary>Short-term variation of the fetal pulse interval over epochs of 1/16 min, mean over the last hour, ms.</summary>
    FetalShortTermVariation = 22,

    /// <summary>Part of the last ten minutes of a trace without a usable rate, 0 to 1.</summary>
    SignalLoss = 23,

    /// <summary>FIGO 2015 category of a trace: 1 normal, 2 suspicious, 3 pathological.</summary>
    FetalCategory = 24,

    /// <summary>Contractions per ten minutes, over the last half hour.</summary>
    ContractionRate = 25,

    /// <summary>Uterine activity as a tocodynamometer gives it, in the device's unit.</summary>
    UterineActivity = 26,

    /// <summary>An acceleration of the fetal heart rate: an event, its length in seconds.</summary>
    Acceleration = 40,

    /// <summary>A deceleration of the fetal heart rate: an event, its length in seconds.</summary>
    Deceleration = 41,

    /// <summary>A contraction: an event, its length in seconds.</summary>
    Contraction = 42,

    /// <summary>A fetal baseline outside of the normal range, or a sinusoidal pattern: an event, its length in seconds.</summary>
    TraceEpisode = 43,

    /// <summary>A time of one category of a trace, for one reason: an event, its length in seconds.</summary>
    CategoryEpisode = 45,

    /// <summary>A deceleration that is prolonged already and lasts: an event, its length so far in seconds.</summary>
    DecelerationOngoing = 51,

    /// <summary>Such a baseline or pattern that lasts: an event, its length so far in seconds.</summary>
    TraceOngoing = 53,

    /// <summary>A category that begins, with its reasons: an event.</summary>
    CategoryOngoing = 55,

    /// <summary>Standard deviation of the normal-to-normal intervals, over 300 s, ms; LOINC 80404-7.</summary>
    Sdnn = 60,

    /// <summary>Root mean square of their successive differences, ms.</summary>
    Rmssd = 61,

    /// <summary>Part of their successive differences above 50 ms, percent.</summary>
    Pnn50 = 62,

    /// <summary>Power of their variation at 0.04 to 0.15 Hz, ms².</summary>
    LowFrequencyPower = 63,

    /// <summary>Power of their variation at 0.15 to 0.4 Hz, ms².</summary>
    HighFrequencyPower = 64,

    /// <summary>Low-frequency over high-frequency power.</summary>
    LowToHighRatio = 65,

    /// <summary>Standard deviation across the line of identity of their Poincaré plot, ms.</summary>
    Sd1 = 66,

    /// <summary>Standard deviation along that line, ms.</summary>
    Sd2 = 67,

    /// <summary>Respiratory rate, from the variation of the intervals with breathing, breaths per minute; LOINC 9279-1.</summary>
    RespiratoryRate = 68,

    /// <summary>An episode of the heart's rhythm: an event, its length in seconds.</summary>
    RhythmEpisode = 80,

    /// <summary>Such an episode that lasts: an event, its length so far in seconds.</summary>
    RhythmOngoing = 81,

    /// <summary>How abnormal the most abnormal beat of a window is, by the patient's own usual error of an autoencoder's reconstruction: a logarithm, about −1 to 4.</summary>
    Anomaly = 85,

    /// <summary>A change of a patient's alarms (<see cref="Alarms.AlarmChange"/>): how many are open then.</summary>
    Alarm = 90,

    /// <summary>Whether a device sends: wall clock, not a function of its records, and so outside of all series (measurement <c>presence</c>).</summary>
    Presence = 100,
}

/// <summary>Why a window has a value, or none. Wire numbers: never renumber, only add.</summary>
public enum EstimateStatus
{
    /// <summary>There is a value, and it can be used.</summary>
    Ok = 0,

    /// <summary>The signal holds no rate that can be trusted.</summary>
    LowQuality = 1,

    /// <summary>Too many samples are missing.</summary>
    Gap = 2,

    /// <summary>The signal does not move: sensor off, lead off, cable out.</summary>
    Flat = 3,

    /// <summary>The signal lies at the converter's limits.</summary>
    Saturated = 4,

    /// <summary>Too few samples since the start, or since a long gap.</summary>
    WarmingUp = 5,

    /// <summary>An ECG without a QRS complex and without other activity for a window: no beats, while the electrodes are on.</summary>
    Asystole = 6,

    /// <summary>An ECG of irregular or regular waves of 2 to 10 Hz without a break: ventricular fibrillation or flutter.</summary>
    VentricularFibrillation = 7,

    /// <summary>
    /// The beats taken for the fetus's cannot be told from the mother's: they keep the same phase to her QRS complexes, at her rate, its half or
    /// its double. Of <see cref="Metric.FetalHeartRate"/> alone; a technical event, no rate.
    /// </summary>
    Coincidence = 8,

    /// <summary>An arterial line that damps the wave: a bubble, a kink, a clot. Systolic and diastolic pressure are none, the mean is.</summary>
    Overdamped = 10,

    /// <summary>An arterial line that rings: the systolic pressure looks too high, the diastolic too low; the mean is right.</summary>
    Underdamped = 11,

    /// <summary>The arterial line is flushed.</summary>
    Flushed = 12,

    /// <summary>The pressure transducer is open to air, or zeroed.</summary>
    Zeroed = 13,

    /// <summary>The pressure transducer is given a known pressure.</summary>
    Calibrating = 14,

    /// <summary>The arterial line is clotted or closed: about the mean pressure, and no pulse.</summary>
    Clotted = 15,

    /// <summary>The channel's unit is none that the metric can be told from.</summary>
    NoUnit = 16,

    /// <summary>
    /// An arterial pressure whose pulse stands still for 4 s while its line is open: no heart beat, or a cuff on the same arm. A PPG that
    /// stands still is <see cref="LowQuality"/>, as one with any other reason for no value.
    /// </summary>
    NoPulse = 17,

    /// <summary>Nothing came of the device for so long by the wall clock that its last value is none any more. Of <see cref="Metric.Presence"/> alone.</summary>
    Silent = 100,
}

/// <summary>One estimate of one metric from one window of one signal kind.</summary>
/// <param name="Signal">The kind of signal it was made from.</param>
/// <param name="Metric">What was estimated.</param>
/// <param name="Value">The value in <see cref="Names.UnitOf"/>; NaN exactly when <paramref name="Status"/> is not <c>Ok</c>.</param>
/// <param name="Sigma">Standard deviation of the error that is expected, same unit; NaN without a value.</param>
/// <param name="Quality">Signal quality 0 (none) to 1 (perfect); never NaN.</param>
/// <param name="Coverage">Part of the window's samples that were there, 0 to 1; never NaN.</param>
/// <param name="Status">Why there is a value, or none.</param>
/// <param name="Model">Name of what made it: <c>classical</c>, or a network's name and version.</param>
public readonly record struct Estimate(
    SignalKind Signal, Metric Metric, double Value, double Sigma, double Quality, double Coverage, EstimateStatus Status, string Model)
{
    /// <summary>Whether the sensor is on and its pulse stands still for 4 s: what alarms take from a PPG without a value. Not written to any sink.</summary>
    public bool StandsStill { get; init; }
}
