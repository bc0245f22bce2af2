namespace Pipeline.Host.Interchange;

/// <summary>A code of a system.</summary>
/// <param name="System">URI of the system.</param>
/// <param name="Code">Code.</param>
/// <param name="Display">What it means, as the system says.</param>
internal sealed record SystemCode(string System, string Code, string Display);

/// <summary>What metrics and signals are called in LOINC and in ISO/IEEE 11073-10101 (MDC). What neither names has a code of ours.</summary>
internal static class ObservationCodes
{
    public const string Loinc = "http://loinc.org", Mdc = "urn:iso:std:iso:11073:10101", Own = "urn:pipeline:metric";

    /// <summary>The codes of a metric of a signal, the most general first; the last is ours.</summary>
    public static IEnumerable<SystemCode> Of(string metric, string signal)
    {
        if (LoincOf(metric) is { } loinc)
            yield return loinc;
        if (MdcOf(metric, signal) is { } mdc)
            yield return mdc;
        yield return new SystemCode(Own, metric, metric.Replace('_', ' '));
    }

    /// <summary>The codes of a signal's samples.</summary>
    public static IEnumerable<SystemCode> OfSamples(string kind)
    {
        if (kind switch
        {
            "ecg" or "fecg" => new SystemCode(Mdc, "131328", "MDC_ECG_ELEC_POTL"),
            "ppg" => new SystemCode(Mdc, "150452", "MDC_PULS_OXIM_PLETH"),
            "abp" => new SystemCode(Mdc, "150032", "MDC_PRESS_BLD_ART"),
            _ => null,
        } is { } mdc)
            yield return mdc;
        yield return new SystemCode(Own, $"samples_{kind}", $"samples of {kind}");
    }

    /// <summary>HL7's vital-signs profile of a metric; null where there is none.</summary>
    public static string? ProfileOf(string metric) => metric switch
    {
        "heart_rate" => "http://hl7.org/fhir/StructureDefinition/heartrate",
        "respiratory_rate" => "http://hl7.org/fhir/StructureDefinition/resprate",
        _ => null,
    };

    /// <summary>MDC's unit of a UCUM unit; null where it is not known here.</summary>
    public static SystemCode? MdcUnitOf(string ucum) => ucum switch
    {
        "/min" => new SystemCode("MDC", "264864", "MDC_DIM_BEAT_PER_MIN"),
        "ms" => new SystemCode("MDC", "264338", "MDC_DIM_MILLI_SEC"),
        "mm[Hg]" => new SystemCode("MDC", "266016", "MDC_DIM_MMHG"),
        "%" => new SystemCode("MDC", "262688", "MDC_DIM_PERCENT"),
        _ => null,
    };

    private static SystemCode? LoincOf(string metric) => metric switch
    {
        "heart_rate" => new SystemCode(Loinc, "8867-4", "Heart rate"),
        "fetal_heart_rate" => new SystemCode(Loinc, "55283-6", "Fetal Heart rate"),
        "respiratory_rate" => new SystemCode(Loinc, "9279-1", "Respiratory rate"),
        "systolic" => new SystemCode(Loinc, "8480-6", "Systolic blood pressure"),
        "diastolic" => new SystemCode(Loinc, "8462-4", "Diastolic blood pressure"),
        "mean_pressure" => new SystemCode(Loinc, "8478-0", "Mean blood pressure"),
        "sdnn" => new SystemCode(Loinc, "80404-7", "R-R interval.standard deviation (Heart rate variability)"),
        _ => null,
    };

    private static SystemCode? MdcOf(string metric, string signal) => (metric, signal) switch
    {
        ("heart_rate", "ecg") => new SystemCode(Mdc, "147842", "MDC_ECG_HEART_RATE"),
        ("heart_rate", "ppg") => new SystemCode(Mdc, "149530", "MDC_PULS_OXIM_PULS_RATE"),
        ("systolic", "abp") => new SystemCode(Mdc, "150033", "MDC_PRESS_BLD_ART_SYS"),
        ("diastolic", "abp") => new SystemCode(Mdc, "150034", "MDC_PRESS_BLD_ART_DIA"),
        ("mean_pressure", "abp") => new SystemCode(Mdc, "150035", "MDC_PRESS_BLD_ART_MEAN"),
        ("respiratory_rate", _) => new SystemCode(Mdc, "151562", "MDC_RESP_RATE"),
        _ => null,
    };
}

/// <summary>A value as it leaves the pipeline, whether it is the newest or was stored.</summary>
/// <param name="Patient">Pseudonym.</param>
/// <param name="Device">Device.</param>
/// <param name="Signal">Kind of signal, as in the store's tags.</param>
/// <param name="Metric">Metric, likewise.</param>
/// <param name="Unit">UCUM unit.</param>
/// <param name="Time">Event time.</param>
/// <param name="Value">The value; null where there is none that counts.</param>
/// <param name="Sigma">Its standard deviation; null where it is not known.</param>
/// <param name="Quality">Signal quality, 0 to 1; null where it is not known.</param>
/// <param name="Status"><c>ok</c>, or why there is no value.</param>
/// <param name="Model">What made it; empty where it is not known.</param>
internal sealed record Measured(
    string Patient, string Device, string Signal, string Metric, string Unit, DateTimeOffset Time, double? Value, double? Sigma, double? Quality, string Status, string Model);
