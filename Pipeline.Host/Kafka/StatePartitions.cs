using Confluent.Kafka;

namespace Pipeline.Host.Kafka;

/// <summary>
/// The state's topic has as many partitions as the samples': where somebody has added some there, with Kafka's own tools, it is given as many. Thread-safe.
/// </summary>
internal sealed class StatePartitions(KafkaOptions options, ILogger log, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(2), Repeat = TimeSpan.FromMinutes(1);

    private readonly SemaphoreSlim _one = new(1);
    private volatile int _known;        // partitions that the state's topic is known to have
    private volatile string? _fault;
    private long? _toldAt;

    /// <summary>Why it has too few, with the command that mends it; null when that is not known.</summary>
    public string? Fault => _fault;

    /// <summary>Completes when the state's topic has partition <paramref name="partition"/>; <paramref name="wanted"/>: partitions of the samples' topic.</summary>
    public async Task EnsureAsync(int partition, Task<(Guid Id, int Partitions)> wanted, CancellationToken stop)
    {
        if (partition < _known)
            return;
        await _one.WaitAsync(stop).ConfigureAwait(false);
        try
        {
            while (partition >= _known && !await TryGrowAsync(partition, Math.Max(partition + 1, (await wanted.WaitAsync(stop).ConfigureAwait(false)).Partitions)).ConfigureAwait(false))
                await Task.Delay(Retry, time, stop).ConfigureAwait(false);
        }
        finally
        {
            _one.Release();
        }
    }

    public void Dispose() => _one.Dispose();

    /// <summary>Looks, and adds what is missing. True when there is nothing more to do here: a topic that is missing altogether is told by whoever reads it.</summary>
    private async Task<bool> TryGrowAsync(int partition, int wanted)
    {
        var there = 0;
        try
        {
            using var admin = new KafkaAdmin(options, time);
            if (await admin.TopicAsync(options.StateTopic).ConfigureAwait(false) is not { } topic)
                return false;
            there = topic.Partitions;
            if (partition >= there)
            {
                await admin.GrowAsync(options.StateTopic, wanted).ConfigureAwait(false);
                log.StateTopicGrown(options.StateTopic, there, wanted, options.SamplesTopic);
                there = wanted;
            }
            (_known, _fault) = (there, null);
            return true;
        }
        catch (KafkaException fault)
        {
            // The brokers are away, as the consumer says; or another process was quicker, which the next look shows.
            if (there == 0 || fault.Error.Code == ErrorCode.InvalidPartitions)
                return false;
            _fault = $"{options.StateTopic} has {there} partitions and {options.SamplesTopic} has {wanted}: the patients of the others wait. {fault.Error.Reason} "
                + $"Or give it more yourself: kafka-topics --bootstrap-server {options.BootstrapServers} --alter --topic {options.StateTopic} --partitions {wanted}";
            if (_toldAt is { } last && time.GetElapsedTime(last) < Repeat)
                return false;
            _toldAt = time.GetTimestamp();
            log.StateTopicTooSmall(_fault);
            return false;
        }
    }
}
