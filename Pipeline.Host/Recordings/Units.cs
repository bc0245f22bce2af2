using Pipeline.Models.Signals;

namespace Pipeline.Host.Recordings;

/// <summary>
/// Brings the units that files write to the one that each kind of signal carries on the wire, by its gain: samples stay as stored.
/// </summary>
internal static class Units
{
    /// <summary>Whether a unit as files spell it is one of electric potential.</summary>
    public static bool IsVoltage(string unit) => unit.ToUpperInvariant() is "MV" or "UV" or "µV" or "ΜV" or "NV" or "V";

    /// <summary>Whether a unit as files spell it is one of acceleration.</summary>
    public static bool IsAcceleration(string unit) =>
        unit.ToUpperInvariant() is "G" or "MG" or "M/S2" or "M/S^2" or "MPS2" or "MS2" or "M/S²";

    /// <summary>Unit (UCUM) of the wire, and how many of it one of <paramref name="unit"/> is.</summary>
    public static (string Unit, double PerOne) Of(SignalKind kind, string unit) => (kind, unit.ToUpperInvariant()) switch
    {
        (SignalKind.Ecg or SignalKind.FetalEcg, "UV" or "µV" or "ΜV") => ("mV", 1e-3),
        (SignalKind.Ecg or SignalKind.FetalEcg, "NV") => ("mV", 1e-6),
        (SignalKind.Ecg or SignalKind.FetalEcg, "V") => ("mV", 1e3),
        (SignalKind.Ecg or SignalKind.FetalEcg, "MV") => ("mV", 1),
        (SignalKind.Acc, "MG") => ("g", 1e-3),
        (SignalKind.Acc, "G") => ("g", 1),
        // Standard gravity, 9.80665 m/s² (3rd CGPM, 1901).
        (SignalKind.Acc, "M/S2" or "M/S^2" or "MPS2" or "MS2" or "M/S²") => ("g", 1 / 9.80665),
        (SignalKind.Abp or SignalKind.Cvp, "KPA") => ("mm[Hg]", 7.50061682704),
        (SignalKind.Abp or SignalKind.Cvp, "CMH2O") => ("mm[Hg]", 0.735559),
        (_, "MMHG") => ("mm[Hg]", 1),
        (_, "BPM") => ("/min", 1),
        (_, "" or "NU" or "ND" or "ADU" or "AU" or "LEVEL") => ("1", 1),
        _ => (unit, 1),
    };
}
