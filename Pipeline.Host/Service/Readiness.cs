using System.Globalization;
using Pipeline.Host.Web;

namespace Pipeline.Host.Service;

/// <summary>Whether the service does its work at present, and why not.</summary>
internal static class Readiness
{
    /// <summary>Kafka, store and lag, in this order; <paramref name="pipeline"/> is null while it starts.</summary>
    public static IEnumerable<HealthCheck> Of(WardPipeline? pipeline, WebOptions options)
    {
        if (pipeline is null)
        {
            yield return new HealthCheck("kafka", false, "starting");
            yield break;
        }
        var lags = pipeline.Source.Lags;
        yield return pipeline.Source.Fault is { } fault
            ? new HealthCheck("kafka", false, fault)
            : new HealthCheck("kafka", lags.Count > 0, lags.Count > 0 ? Text($"{lags.Count} partitions assigned") : "no partition is assigned yet");
        yield return pipeline.StoreState.Outage is { } outage
            ? new HealthCheck("store", false, Text($"{outage.Reason} since {outage.Since:yyyy-MM-dd HH:mm:ss}Z: {outage.Detail}"))
            : new HealthCheck("store", true, pipeline.StoreName);
        // Int64 arithmetic cannot overflow here: a partition holds at most 2^63 records.
        var most = lags.Count > 0 ? lags.Max(lag => lag.Records) : 0;
        yield return new HealthCheck("lag", most <= options.ReadyLag, Text($"{most} records wait in the fullest partition; ready up to {options.ReadyLag}"));
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
