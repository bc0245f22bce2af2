using System.ComponentModel.DataAnnotations;

namespace Pipeline.Host.Telemetry;

/// <summary>Section <c>Telemetry</c>: where measurements are sent beside <c>/metrics</c>.</summary>
internal sealed class TelemetryOptions : IValidatableObject
{
    public const string Section = "Telemetry";

    /// <summary>Collector that takes OTLP over gRPC, for example <c>http://127.0.0.1:4317</c>; none: nothing is sent.</summary>
    public Uri? OtlpEndpoint { get; set; }

    /// <summary>How often measurements are sent.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan OtlpInterval { get; set; } = TimeSpan.FromSeconds(15);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (OtlpEndpoint is { } url && (!url.IsAbsoluteUri || url.Scheme is not ("http" or "https")))
            yield return new("allowed: http://HOST:PORT or https://HOST:PORT", [nameof(OtlpEndpoint)]);
    }
}
