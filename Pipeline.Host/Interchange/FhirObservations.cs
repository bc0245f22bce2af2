using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Hl7.Fhir.Model;
using Hl7.Fhir.Serialization;

namespace Pipeline.Host.Interchange;

/// <summary>
/// Values and strips as FHIR R4 observations (https://hl7.org/fhir/R4/observation.html): LOINC, MDC and our own codes, UCUM units, the device, standard deviation and quality as components. The patient is a
/// pseudonym in <c>subject.identifier</c>. A value that is none has a reason (<c>dataAbsentReason</c>).
/// </summary>
internal static class FhirObservations
{
    public const string PatientSystem = "urn:pipeline:pseudonym", DeviceSystem = "urn:pipeline:device", ObservationSystem = "urn:pipeline:observation";
    private const string Ucum = "http://unitsofmeasure.org", Terminology = "http://terminology.hl7.org/CodeSystem/";
    private const double LowestCode = -32_000, HighestCode = 32_000;

    private static readonly JsonSerializerOptions Json = new JsonSerializerOptions().ForFhir(ModelInfo.ModelInspector);

    /// <summary>The written form of a resource.</summary>
    public static string ToJson(Resource resource) => JsonSerializer.Serialize(resource, Json);

    /// <summary>A value. The same value has the same id, wherever it comes from.</summary>
    public static Observation Of(Measured one)
    {
        var observation = Begin(one.Patient, one.Device, one.Time, $"{one.Signal}|{one.Metric}", ObservationCodes.Of(one.Metric, one.Signal));
        if (ObservationCodes.ProfileOf(one.Metric) is { } profile)
        {
            observation.Meta = new Meta { Profile = [profile] };
            observation.Category = [new CodeableConcept($"{Terminology}observation-category", "vital-signs", "Vital Signs", null)];
        }
        if (one.Value is { } value)
            observation.Value = QuantityOf(value, one.Unit);
        else
            observation.DataAbsentReason = new CodeableConcept { Coding = [new Coding($"{Terminology}data-absent-reason", AbsenceOf(one.Status))], Text = one.Status };
        if (one.Model.Length > 0)
            observation.Method = new CodeableConcept { Text = one.Model };
        if (one.Value is not null && one.Sigma is { } sigma)
            observation.Component.Add(ComponentOf(new SystemCode($"{Terminology}observation-statistics", "std-dev", "Standard Deviation"), QuantityOf(sigma, one.Unit)));
        if (one.Quality is { } quality)
            observation.Component.Add(ComponentOf(new SystemCode(ObservationCodes.Own, "quality", "signal quality"), QuantityOf(100 * quality, "%")));
        return observation;
    }

    /// <summary>A strip: the samples of one channel as <c>SampledData</c>, missing ones as <c>E</c>.</summary>
    /// <param name="patient">Pseudonym.</param>
    /// <param name="device">Device.</param>
    /// <param name="label">The device's own name of the channel.</param>
    /// <param name="kind">What it measures, as in the store's tags.</param>
    /// <param name="unit">Unit.</param>
    /// <param name="from">Event time of the first sample.</param>
    /// <param name="rateHz">Samples a second.</param>
    /// <param name="values">The samples; NaN: missing.</param>
    public static Observation OfSamples(string patient, string device, string label, string kind, string unit, DateTimeOffset from, double rateHz, IReadOnlyList<float> values)
    {
        var observation = Begin(patient, device, from, $"{kind}|{label}|{values.Count}", ObservationCodes.OfSamples(kind));
        observation.Effective = new Period(new FhirDateTime(from), new FhirDateTime(from.AddSeconds(values.Count / rateHz)));
        var there = values.Where(float.IsFinite).DefaultIfEmpty().ToArray();
        var (least, most) = ((double)there.Min(), (double)there.Max());
        var (origin, factor) = ((least + most) / 2, Math.Max((most - least) / (HighestCode - LowestCode), 1e-9));
        var written = Rounded(factor);
        observation.Value = new SampledData
        {
            Origin = new Quantity { Value = Rounded(origin), Unit = unit, System = unit.Length > 0 ? Ucum : null, Code = unit.Length > 0 ? unit : null },
            Period = Rounded(1_000 / rateHz),
            Factor = written,
            LowerLimit = null,
            Dimensions = 1,
            Data = string.Join(' ', values.Select(value => float.IsFinite(value)
                ? Math.Round((value - (double)Rounded(origin)) / (double)written).ToString(CultureInfo.InvariantCulture) : "E")),
        };
        observation.Code.Text = label;
        return observation;
    }

    /// <summary>The answer to a search.</summary>
    public static Bundle Searchset(IReadOnlyList<Observation> found, string self) => new()
    {
        Type = Bundle.BundleType.Searchset,
        Total = found.Count,
        Link = [new Bundle.LinkComponent { Relation = "self", Url = self }],
        Entry = [.. found.Select(one => new Bundle.EntryComponent { FullUrl = UrlOf(one), Resource = one, Search = new Bundle.SearchComponent { Mode = Bundle.SearchEntryMode.Match } })],
    };

    /// <summary>What is pushed: each observation is created unless the server has one with its identifier.</summary>
    public static Bundle Batch(IEnumerable<Observation> observations) => new()
    {
        Type = Bundle.BundleType.Batch,
        Entry =
        [
            .. observations.Select(one => new Bundle.EntryComponent
            {
                FullUrl = UrlOf(one),
                Resource = one,
                Request = new Bundle.RequestComponent { Method = Bundle.HTTPVerb.POST, Url = "Observation", IfNoneExist = $"identifier={ObservationSystem}|{one.Id}" },
            }),
        ],
    };

    /// <summary>Why something cannot be answered.</summary>
    public static OperationOutcome Fault(string text) => new()
    {
        Issue = [new OperationOutcome.IssueComponent { Severity = OperationOutcome.IssueSeverity.Error, Code = OperationOutcome.IssueType.Invalid, Diagnostics = text }],
    };

    private static Observation Begin(string patient, string device, DateTimeOffset time, string what, IEnumerable<SystemCode> codes)
    {
        var id = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{patient}|{device}|{what}|{time.ToUnixTimeMilliseconds()}")))[..32];
        return new Observation
        {
            Id = id,
            Identifier = [new Identifier(ObservationSystem, id)],
            Status = ObservationStatus.Preliminary,     // advisory: nobody has looked at it
            Code = new CodeableConcept { Coding = [.. codes.Select(CodingOf)] },
            Subject = new ResourceReference { Type = "Patient", Identifier = new Identifier(PatientSystem, patient) },
            Effective = new FhirDateTime(time),
            Device = new ResourceReference { Type = "Device", Identifier = new Identifier(DeviceSystem, device), Display = device },
        };
    }

    private static string UrlOf(Observation one) => $"urn:uuid:{Guid.ParseExact(one.Id ?? "", "N")}";

    private static string AbsenceOf(string status) => status switch
    {
        "silent" or "gap" or "warming_up" => "temp-unknown",
        "model_failed" => "error",
        _ => "not-performed",
    };

    private static Observation.ComponentComponent ComponentOf(SystemCode code, Quantity value) => new() { Code = new CodeableConcept { Coding = [CodingOf(code)] }, Value = value };

    private static Coding CodingOf(SystemCode code) => new(code.System, code.Code, code.Display);

    private static Quantity QuantityOf(double value, string unit) => new() { Value = Rounded(value), Unit = unit, System = Ucum, Code = unit };

    // Six digits: more than any estimate has.
    private static decimal Rounded(double value) => decimal.Parse(value.ToString("G6", CultureInfo.InvariantCulture), NumberStyles.Float, CultureInfo.InvariantCulture);
}
