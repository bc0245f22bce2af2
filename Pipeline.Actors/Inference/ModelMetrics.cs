using System.Diagnostics.Metrics;

namespace Pipeline.Actors.Inference;

/// <summary>What is measured of one model. Thread-safe; allocates nothing but for failures.</summary>
internal sealed class ModelMetrics(InferenceTelemetry telemetry, string model, InferenceQueue queue, TimeProvider time)
{
    private static readonly KeyValuePair<string, object?> Answered = new("fate", "answered");
    private static readonly KeyValuePair<string, object?> Failed = new("fate", "failed");
    private static readonly KeyValuePair<string, object?> Cancelled = new("fate", "cancelled");
    private static readonly KeyValuePair<string, object?> Rejected = new("fate", "rejected");
    private static readonly KeyValuePair<string, object?> None = new("reason", "");
    private static readonly KeyValuePair<string, object?> OwnerLeft = new("reason", "owner_left");
    private static readonly KeyValuePair<string, object?> Stopping = new("reason", "stopping");
    private static readonly KeyValuePair<string, object?> Full = new("reason", "full");
    private static readonly KeyValuePair<string, object?> Live = new("priority", "live");
    private static readonly KeyValuePair<string, object?> CatchUp = new("priority", "catch_up");

    private readonly KeyValuePair<string, object?> _model = new("model", model);

    /// <summary>Requests of one batch that were started together and answered at <paramref name="now"/>.</summary>
    public void Record(ReadOnlySpan<InferenceRequest> requests, long now)
    {
        telemetry.BatchRows.Record(requests.Length, _model);
        telemetry.Compute.Record(Seconds(requests[0].StartedAt, now), _model);
        telemetry.Requests.Add(requests.Length, _model, Answered, None);
        if (!telemetry.Queue.Enabled && !telemetry.Total.Enabled)
            return;
        foreach (var request in requests)
        {
            telemetry.Queue.Record(Seconds(request.PostedAt, request.StartedAt), _model);
            telemetry.Total.Record(Seconds(request.PostedAt, now), _model);
        }
    }

    public void CountRetry() => telemetry.Retries.Add(1, _model);

    public void CountFailed(Exception failure) => telemetry.Requests.Add(1, _model, Failed, new KeyValuePair<string, object?>("reason", failure.GetType().Name));

    public void CountCancelled(int count, bool ownerLeft)
    {
        if (count > 0)
            telemetry.Requests.Add(count, _model, Cancelled, ownerLeft ? OwnerLeft : Stopping);
    }

    public void CountRejected() => telemetry.Requests.Add(1, _model, Rejected, Full);

    public IEnumerable<Measurement<int>> MeasureWaiting() =>
    [
        new(queue.CountOf(InferencePriority.Live), _model, Live),
        new(queue.CountOf(InferencePriority.CatchUp), _model, CatchUp),
    ];

    private double Seconds(long from, long to) => (to - from) / (double)time.TimestampFrequency;
}
