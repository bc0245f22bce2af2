using System.Text.Json.Serialization;

namespace Pipeline.Host.Web;

/// <summary>One reason why the service is ready, or is not.</summary>
/// <param name="Name">What was looked at: <c>kafka</c>, <c>store</c>, <c>lag</c>.</param>
/// <param name="Ready">Whether it is well.</param>
/// <param name="Detail">What was found, for a person.</param>
internal sealed record HealthCheck(
    [property: JsonPropertyName("name")] string Name,
    [property: JsonPropertyName("ready")] bool Ready,
    [property: JsonPropertyName("detail")] string Detail);

/// <summary>What <c>/health/ready</c> answers.</summary>
/// <param name="Status"><c>ready</c> or <c>not_ready</c>.</param>
/// <param name="Checks">Every reason, the good ones too.</param>
internal sealed record HealthReport(
    [property: JsonPropertyName("status")] string Status,
    [property: JsonPropertyName("checks")] IReadOnlyList<HealthCheck> Checks)
{
    public static HealthReport From(IEnumerable<HealthCheck> checks)
    {
        var all = checks.ToArray();
        return new HealthReport(all.All(check => check.Ready) ? "ready" : "not_ready", all);
    }

    [JsonIgnore]
    public bool IsReady => Status == "ready";
}
