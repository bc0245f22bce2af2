using Microsoft.Extensions.Diagnostics.HealthChecks;
using Pipeline.Actors.Cluster;

namespace Pipeline.Host.Status;

/// <summary>The health checks of this process as it reports them.</summary>
internal static class ReadinessChecks
{
    /// <summary>Every check of a report, in the order in which they were registered.</summary>
    public static IReadOnlyList<ReadinessCheck> Of(HealthReport report) =>
        [.. report.Entries.Select(entry => new ReadinessCheck(entry.Key, entry.Value.Status == HealthStatus.Healthy, entry.Value.Description ?? entry.Value.Exception?.Message ?? ""))];
}
