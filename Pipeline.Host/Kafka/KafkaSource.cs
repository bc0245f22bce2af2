using System.Globalization;
using Pipeline.Actors;
using Pipeline.Host.Wire;

namespace Pipeline.Host.Kafka;

/// <summary>
/// The input topic as a source: one shard a partition, of those that the consumer group gives to this process. Offsets are committed when
/// the shard says that all output up to them is acknowledged. A broker that is down is waited for without end.
/// </summary>
public sealed class KafkaSource : ISampleSource
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(500), LongestRetry = TimeSpan.FromSeconds(15);

    private readonly KafkaOptions _options;
    private readonly KafkaMetrics _metrics;
    private readonly ILogger<KafkaSource> _log;
    private readonly TimeProvider _time;
    private readonly Func<RecordDecoder> _decoder;
    private readonly CancellationTokenSource _ended = new();
    private volatile ConsumerLoop? _loop;

    /// <summary>Connects when it runs. <paramref name="decoder"/>: for records of another form, for a benchmark.</summary>
    internal KafkaSource(KafkaOptions options, KafkaMetrics metrics, ILogger<KafkaSource> log, TimeProvider time, Func<RecordDecoder>? decoder = null)
    {
        _decoder = decoder ?? (() => Decoder(options, metrics));
        _options = options;
        _metrics = metrics;
        _log = log;
        _time = time;
        Health = new ClientHealth("source", options, log, time);
    }

    /// <summary>Name in the group of a process that has none of its own; unlike one of its own it ends with the process.</summary>
    private readonly string _passingName = string.Create(CultureInfo.InvariantCulture, $"{Environment.MachineName}-{Environment.ProcessId}-{Guid.NewGuid().GetHashCode():x8}");

    /// <summary>How it stands with the brokers.</summary>
    public ClientHealth Health { get; }

    /// <summary>Where dead letters about the patients' state go; the caller's. Null: nowhere.</summary>
    public DeadLetterSink? DeadLetters { get; init; }

    internal Func<int, byte[]>? Allocate { get; init; }

    /// <summary>What is wrong and what may mend it, of the input topic or else of the patients' state; null when nothing is known to be.</summary>
    public string? Fault => Health.Fault ?? (_loop?.StateFault is { } fault ? $"state ({_options.LocalCheckpoints?.Folder ?? _options.StateTopic}): {fault}" : null);

    /// <summary>How far behind the owned partitions are; renewed every second.</summary>
    public IReadOnlyList<PartitionLag> Lags => _loop?.Lags ?? [];

    /// <summary>Records read since the start.</summary>
    public long ReadCount { get; private set; }

    /// <summary>
    /// Whether it is stopped to run again at once: it keeps its place in the group then. A member that leaves while the group waits for a dead one would be
    /// heard when that one's session has ended.
    /// </summary>
    public bool IsToReturn { get; set; }

    /// <inheritdoc/>
    public Task RunAsync(Partitions shards, CancellationToken stop) =>
        // The client's calls block: they get a thread of their own.
        Task.Factory.StartNew(() => Run(shards, stop), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        _ended.Dispose();
    }

    /// <summary>A decoder for one partition, which counts what it refuses.</summary>
    internal static RecordDecoder Decoder(KafkaOptions options, KafkaMetrics? metrics = null)
    {
        var decoder = new SampleDecoder(options.MaxPayloadBytes, new PseudonymForm(options.PatientPattern));
        return (ReadOnlySpan<byte> key, ReadOnlyMemory<byte> payload, out string? refused) =>
        {
            var chunk = decoder.Decode(key, payload, out refused);
            if (chunk is null)
                metrics?.Refused.Add(1);
            return chunk;
        };
    }

    /// <summary>The committing thread does not wait for it: a letter that a crash takes is written again, as its snapshot is refused again.</summary>
    private void Send(DeadLetter letter) =>
        DeadLetters?.WriteAsync([letter], _ended.Token).ContinueWith(
            written => written.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

    private void Run(Partitions shards, CancellationToken stop)
    {
        var delay = FirstRetry;
        while (!stop.IsCancellationRequested)
        {
            using var loop = new ConsumerLoop(new SourceParts(_options, _metrics, _log, _time, DeadLetters is null ? null : Send) { Allocate = Allocate }, _passingName, shards, Health, _decoder);
            _loop = loop;
            // Ends by stop, or because the client has failed for good (fenced, for example): then a new one takes over.
            var fatal = loop.Run(() => IsToReturn, stop);
            ReadCount += loop.ReadCount;
            _loop = null;
            if (fatal is null)
                return;
            _log.ClientRestarts("source", fatal.Reason);
            delay = loop.ReadCount > 0 ? FirstRetry : delay * 2 < LongestRetry ? delay * 2 : LongestRetry;
            stop.WaitHandle.WaitOne(delay);
        }
    }
}
