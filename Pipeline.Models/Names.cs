using Pipeline.Models.Signals;

namespace Pipeline.Models;

/// <summary>The names that the outside sees: tags, CSV columns, JSON. One place for all of them.</summary>
public static partial class Names
{
    /// <summary>Tag and column value of a signal kind.</summary>
    public static string Of(SignalKind kind) => kind switch
    {
        SignalKind.Ppg => "ppg",
        SignalKind.Acc => "acc",
        SignalKind.Gyr => "gyr",
        SignalKind.Ecg => "ecg",
        SignalKind.Abp => "abp",
        SignalKind.Resp => "resp",
        SignalKind.FetalEcg => "fecg",
        SignalKind.HeartSound => "pcg",
        SignalKind.Camera => "camera",
        SignalKind.Cvp => "cvp",
        SignalKind.FetalHeartRate => "fhr",
        SignalKind.UterineActivity => "uc",
        SignalKind.SecondFetalHeartRate => "fhr2",
        _ => "unknown",
    };

    /// <summary>Tag and column value of a metric.</summary>
    public static string Of(Metric metric) => metric switch
    {
        Metric.HeartRate => "heart_rate",
        Metric.FetalHeartRate => "fetal_heart_rate",
        Metric.Systolic => "systolic",
        Metric.Diastolic => "diastolic",
        Metric.MeanPressure => "mean_pressure",
        Metric.PulsePressure => "pulse_pressure",
        Metric.FetalBaseline => "fetal_baseline",
        Metric.FetalVariability => "fetal_variability",
        Metric.FetalShortTermVariation => "fetal_stv",
        Metric.SignalLoss => "signal_loss",
        Metric.FetalCategory => "fetal_category",
        Metric.ContractionRate => "contraction_rate",
        Metric.UterineActivity => "uterine_activity",
        Metric.Acceleration => "acceleration",
        Metric.Deceleration => "deceleration",
        Metric.Contraction => "contraction",
        Metric.TraceEpisode => "trace_episode",
        Metric.CategoryEpisode => "category_episode",
        Metric.DecelerationOngoing => "deceleration_ongoing",
        Metric.TraceOngoing => "trace_ongoing",
        Metric.CategoryOngoing => "category_ongoing",
        Metric.Sdnn => "sdnn",
        Metric.Rmssd => "rmssd",
        Metric.Pnn50 => "pnn50",
        Metric.LowFrequencyPower => "lf",
        Metric.HighFrequencyPower => "hf",
        Metric.LowToHighRatio => "lf_hf",
        Metric.Sd1 => "sd1",
        Metric.Sd2 => "sd2",
        Metric.RespiratoryRate => "respiratory_rate",
        Metric.RhythmEpisode => "rhythm_episode",
        Metric.RhythmOngoing => "rhythm_ongoing",
        Metric.Anomaly => "anomaly",
        Metric.Alarm => "alarm",
        Metric.Presence => "presence",
        _ => throw new ArgumentOutOfRangeException(nameof(metric), metric, null),
    };

    /// <summary>Field and column value of a status.</summary>
    public static string Of(EstimateStatus status) => status switch
    {
        EstimateStatus.Ok => "ok",
        EstimateStatus.LowQuality => "low_quality",
        EstimateStatus.Gap => "gap",
        EstimateStatus.Flat => "flat",
        EstimateStatus.Saturated => "saturated",
        EstimateStatus.WarmingUp => "warming_up",
        EstimateStatus.Asystole => "asystole",
        EstimateStatus.VentricularFibrillation => "ventricular_fibrillation",
        EstimateStatus.Coincidence => "coincidence",
        EstimateStatus.Overdamped => "overdamped",
        EstimateStatus.Underdamped => "underdamped",
        EstimateStatus.Flushed => "flushed",
        EstimateStatus.Zeroed => "zeroed",
        EstimateStatus.Calibrating => "calibrating",
        EstimateStatus.Clotted => "clotted",
        EstimateStatus.NoUnit => "no_unit",
        EstimateStatus.NoPulse => "no_pulse",
        EstimateStatus.Silent => "silent",
        _ => throw new ArgumentOutOfRangeException(nameof(status), status, null),
    };

    /// <summary>Column value of a kind of beat.</summary>
    public static string Of(BeatKind kind) => kind switch
    {
        BeatKind.Qrs => "qrs",
        BeatKind.Pulse => "pulse",
        BeatKind.FetalQrs => "fetal_qrs",
        BeatKind.FirstSound => "s1",
        BeatKind.SecondSound => "s2",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };

    /// <summary>Column value of a beat's label; empty where there is none.</summary>
    public static string Of(BeatLabel label) => label switch
    {
        BeatLabel.None => "",
        BeatLabel.Normal => "N",
        BeatLabel.Supraventricular => "S",
        BeatLabel.Ventricular => "V",
        BeatLabel.Fusion => "F",
        BeatLabel.Unclassifiable => "Q",
        _ => throw new ArgumentOutOfRangeException(nameof(label), label, null),
    };

    /// <summary>UCUM unit of a metric's value.</summary>
    public static string UnitOf(Metric metric) => metric switch
    {
        Metric.HeartRate or Metric.FetalHeartRate or Metric.FetalBaseline or Metric.FetalVariability
            or Metric.RespiratoryRate => "/min",
        Metric.FetalShortTermVariation or Metric.Sdnn or Metric.Rmssd or Metric.Sd1 or Metric.Sd2 => "ms",
        >= Metric.Systolic and <= Metric.PulsePressure => "mm[Hg]",
        Metric.LowFrequencyPower or Metric.HighFrequencyPower => "ms2",
        Metric.Pnn50 => "%",
        Metric.ContractionRate => "/(10.min)",
        Metric.SignalLoss or Metric.FetalCategory or Metric.UterineActivity or Metric.Alarm or Metric.Presence or Metric.LowToHighRatio or Metric.Anomaly => "1",
        Metric.Acceleration or Metric.Deceleration or Metric.Contraction or Metric.TraceEpisode or Metric.CategoryEpisode
            or Metric.DecelerationOngoing or Metric.TraceOngoing or Metric.CategoryOngoing
            or Metric.RhythmEpisode or Metric.RhythmOngoing => "s",
        _ => throw new ArgumentOutOfRangeException(nameof(metric), metric, null),
    };

    /// <summary>
    /// The store's measurement of a metric: <c>vitals</c> holds what any patient has, <c>hrv</c> heart rate variability, <c>rhythm</c> episodes of the rhythm, <c>fetal</c> the features,
    /// category and events of a fetal heart rate trace, <c>alarm</c> what became of alarms.
    /// </summary>
    public static string MeasurementOf(Metric metric) => metric switch
    {
        Metric.HeartRate or Metric.FetalHeartRate or (>= Metric.Systolic and <= Metric.PulsePressure) => "vitals",
        Metric.Alarm => "alarm",
        Metric.Anomaly => "anomaly",
        Metric.Presence => "presence",
        >= Metric.Sdnn and <= Metric.RespiratoryRate => "hrv",
        Metric.RhythmEpisode or Metric.RhythmOngoing => "rhythm",
        _ => "fetal",
    };

    /// <summary>
    /// Seconds before a point's time of which its value speaks; null where they are those of the window. Nobody sits before a camera for five
    /// minutes: RMSSD and SDNN of a minute stand for those of five (Munoz et al. 2015, https://doi.org/10.1371/journal.pone.0138921).
    /// </summary>
    public static int? SpanSecondsOf(SignalKind signal, Metric metric) =>
        metric is < Metric.Sdnn or > Metric.RespiratoryRate ? null : signal == SignalKind.Camera ? 60 : 300;
}
