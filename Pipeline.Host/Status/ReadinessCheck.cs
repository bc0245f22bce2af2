using System.Text.Json.Serialization;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Pipeline.Host.Status;

/// <summary>One reason why a process is ready, or is not.</summary>
/// <param name="Name">What was checked: <c>kafka</c>, <c>store</c>, <c>lag</c>.</param>
/// <param name="Ready">Whether it is as it should be.</param>
/// <param name="Detail">What was found, for a person.</param>
internal sealed record ReadinessCheck(
    [property: JsonPropertyName("name")] string Name,
    [property: JsonPropertyName("ready")] bool Ready,
    [property: JsonPropertyName("detail")] string Detail)
{
    /// <summary>Every check of a report, in the order in which they were registered.</summary>
    public static IReadOnlyList<ReadinessCheck> Of(HealthReport report) =>
        [.. report.Entries.Select(entry => new ReadinessCheck(entry.Key, entry.Value.Status == HealthStatus.Healthy, entry.Value.Description ?? entry.Value.Exception?.Message ?? ""))];
}
