using System.Globalization;
using Pipeline.Host.Errors;
using Pipeline.Host.Kafka;

namespace Pipeline.Host.Publishing;

/// <summary>Publishes chunks to Kafka when they are due, as the devices would, until they end or it is stopped; says what became of them.</summary>
internal sealed class PublishRun(KafkaOptions options, ILoggerFactory loggers, TimeProvider time)
{
    /// <summary>Longest wait, when it is stopped, for what was handed over to be delivered.</summary>
    private static readonly TimeSpan DrainTimeout = TimeSpan.FromSeconds(20);

    /// <summary>Runs; exit code 1 when a chunk did not reach the brokers.</summary>
    /// <exception cref="CommandException">The topic is missing.</exception>
    /// <exception cref="Confluent.Kafka.KafkaException">The brokers cannot be reached, or refuse.</exception>
    public async Task<int> RunAsync(Publication publication, TextWriter output, CancellationToken stop)
    {
        using (var admin = new KafkaAdmin(options, time))
            if (!(await admin.MetadataAsync(stop)).Topics.Exists(topic => topic.Topic == options.SamplesTopic && topic.Partitions.Count > 0))
                throw new CommandException($"Topic {options.SamplesTopic} is missing at {options.BootstrapServers}: ./pipeline topics creates it.");
        await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
            $"Publishing {publication.Description} to {options.SamplesTopic} at {options.BootstrapServers}, speed {publication.Speed}; Ctrl-C ends."));

        await using var publisher = new KafkaPublisher(options, loggers.CreateLogger<KafkaPublisher>(), time);
        using var abort = new CancellationTokenSource();
        // Stopped: the streams' ends are still published, but a broker that is away is not waited for without end.
        await using var stopped = stop.Register(() => abort.CancelAfter(DrainTimeout));
        var feed = new WardFeed(publication.Patients, publication.Start, publication.Speed, publisher.PublishAsync, new ProductionClock(time), time);
        var isDelivered = false;
        try
        {
            await feed.RunAsync(stop, abort.Token);
            await publisher.FlushAsync(abort.Token);
            isDelivered = true;
        }
        catch (OperationCanceledException) when (abort.IsCancellationRequested)
        {
            // Told below, with how many it was.
        }
        var lost = publisher.SentCount - publisher.DeliveredCount;
        await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
            $"Published {feed.ChunkCount:N0} chunks, {feed.SampleCount:N0} samples, of {publication.Patients.Count} patients in {feed.Elapsed.TotalSeconds:0.0} s; "
            + $"{publisher.DeliveredCount:N0} reached the brokers, {lost:N0} did not."));
        if (lost > 0 && publisher.Health.Fault is { } fault)
            await output.WriteLineAsync(fault);
        return isDelivered && lost == 0 ? ExitCode.Ok : ExitCode.Failed;
    }
}
