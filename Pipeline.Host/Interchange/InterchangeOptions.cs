using System.ComponentModel.DataAnnotations;

namespace Pipeline.Host.Interchange;

/// <summary>Section <c>Interchange</c>: where the newest values are sent, in the forms of other systems.</summary>
internal sealed class InterchangeOptions : IValidatableObject
{
    public const string Section = "Interchange";

    /// <summary>FHIR R4 server that bundles (type batch) are posted to; not set: none.</summary>
    public string? FhirUrl { get; set; }

    /// <summary>File with the token for it (<c>Authorization: Bearer …</c>). Read at each attempt.</summary>
    public string? FhirTokenFile { get; set; }

    /// <summary>Where HL7 v2 messages (ORU^R01) go: <c>mllp://HOST:PORT</c>, or a file that they are appended to; not set: nowhere.</summary>
    public string? Hl7Target { get; set; }

    /// <summary>Name of the sending facility in HL7 v2 messages.</summary>
    [Required]
    public string Hl7Facility { get; set; } = "WARD";

    /// <summary>How often; of each series the newest value is sent.</summary>
    [Range(typeof(TimeSpan), "00:00:02", "01:00:00")]
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Host and port of <see cref="Hl7Target"/>; null when it is a file, or not set.</summary>
    internal Uri? Mllp => Hl7Target is { } target && target.StartsWith("mllp:", StringComparison.OrdinalIgnoreCase) && Uri.TryCreate(target, UriKind.Absolute, out var uri) ? uri : null;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (FhirUrl is not null && !(Uri.TryCreate(FhirUrl, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"))
            yield return new ValidationResult("allowed: http://HOST/PATH or https://HOST/PATH", [nameof(FhirUrl)]);
        if (FhirTokenFile is { } file && !File.Exists(file))
            yield return new ValidationResult("there is no such file", [nameof(FhirTokenFile)]);
        if (Hl7Target is { } target && (target.StartsWith("mllp:", StringComparison.OrdinalIgnoreCase)
                ? Mllp is not { Port: > 0, Host.Length: > 0 }
                : Directory.Exists(target) || !Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(target)))))
            yield return new ValidationResult("allowed: mllp://HOST:PORT, or a file in a folder that is there", [nameof(Hl7Target)]);
    }
}
