using System.Diagnostics.Metrics;
using System.Globalization;
using Pipeline.Actors.Inference;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Inference;

public sealed class InferenceTelemetryTests
{
    private const string Model = "measured@1";

    [Fact]
    public void Times_batch_sizes_fates_and_what_waits_are_measured_by_model()
    {
        var time = new ManualTimeProvider();
        var options = new InferenceOptions { MaxBatch = 16, QueueCapacity = 16 };
        using var telemetry = new InferenceTelemetry();
        using var queue = new InferenceQueue(options, time);
        var metrics = new ModelMetrics(telemetry, Model, queue, time);
        telemetry.Add(metrics);
        var worker = new InferenceWorker(queue, new GatedSession(options.BatchSizes) { Running = _ => time.Advance(TimeSpan.FromMilliseconds(20)) }, time, metrics);
        var seen = new List<string>();
        using var listener = Listen(seen);
        var owner = new InferenceOwner();

        queue.TryPost(Request(owner, 1));
        time.Advance(TimeSpan.FromMilliseconds(5));
        queue.TryPost(Request(owner, 2));
        listener.RecordObservableInstruments();
        worker.TryStep();
        queue.TryPost(Request(owner, GatedSession.Poison));
        worker.TryStep();

        Assert.Equal(
            [
                "pipeline.inference.waiting 2 live", "pipeline.inference.waiting 0 catch_up",
                "pipeline.inference.batch.rows 2", "pipeline.inference.compute 0.02", "pipeline.inference.requests 2 answered",
                "pipeline.inference.queue 0.005", "pipeline.inference.total 0.025", "pipeline.inference.queue 0", "pipeline.inference.total 0.02",
                "pipeline.inference.retries 1", "pipeline.inference.requests 1 failed InvalidOperationException",
            ],
            seen);
    }

    [Fact]
    public async Task Refused_and_cancelled_requests_are_counted_by_reason()
    {
        using var telemetry = new InferenceTelemetry();
        using var gate = new SemaphoreSlim(0);
        using var started = new SemaphoreSlim(0);
        var workers = new InferenceWorkers(
            Model,
            sizes => new GatedSession(sizes)
            {
                Running = _ =>
                {
                    started.Release();
                    gate.Wait();
                },
            },
            new InferenceOptions { MaxBatch = 16, QueueCapacity = 16 }, TimeProvider.System, telemetry);
        var seen = new List<string>();
        using var listener = Listen(seen);
        var (owner, other) = (new InferenceOwner(), new InferenceOwner());
        workers.TryPost(Request(other, 0));
        await started.WaitAsync();
        for (var i = 0; i < 16; i++)
            workers.TryPost(Request(owner, i));

        Assert.False(workers.TryPost(Request(owner, 17)));
        await workers.CancelAsync(owner);
        gate.Release(16);
        await workers.DisposeAsync();
        workers.TryPost(Request(other, 18));

        Assert.Equal(
            ["1 rejected full", "16 cancelled owner_left", "1 cancelled stopping"],
            seen.Where(s => s.StartsWith("pipeline.inference.requests", StringComparison.Ordinal) && !s.EndsWith("answered", StringComparison.Ordinal)).Select(s => s["pipeline.inference.requests ".Length..]));
    }

    private static InferenceRequest Request(InferenceOwner owner, float input)
    {
        var request = new InferenceRequest(owner, 1, 1, 2, _ => { });
        request.Input[0] = input;
        return request;
    }

    /// <summary>Measurements of this model; other tests measure theirs at the same time.</summary>
    private static MeterListener Listen(List<string> seen)
    {
        var listener = new MeterListener
        {
            InstrumentPublished = (instrument, l) =>
            {
                if (instrument.Name.StartsWith("pipeline.inference.", StringComparison.Ordinal))
                    l.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<double>((i, value, tags, _) => See(i, value.ToString("0.####", CultureInfo.InvariantCulture), tags));
        listener.SetMeasurementEventCallback<int>((i, value, tags, _) => See(i, value.ToString(CultureInfo.InvariantCulture), tags));
        listener.SetMeasurementEventCallback<long>((i, value, tags, _) => See(i, value.ToString(CultureInfo.InvariantCulture), tags));
        listener.Start();
        return listener;

        void See(Instrument instrument, string value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            if (tags.IsEmpty || tags[0].Value is not Model)
                return;
            var text = $"{instrument.Name} {value}";
            foreach (var tag in tags[1..])
                text += tag.Value is "" ? "" : $" {tag.Value}";
            lock (seen)
                seen.Add(text);
        }
    }
}
