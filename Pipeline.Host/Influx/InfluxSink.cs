using System.Threading.Channels;
using Pipeline.Actors;
using Pipeline.Host.Store;

namespace Pipeline.Host.Influx;

/// <summary>
/// Writes the points of all shards to InfluxDB: one bounded queue, from which one or two connections merge batches into requests. A batch
/// is acknowledged when each of its points is stored, or kept as a dead letter because the server refused it by name. Everything else
/// (no connection, 5xx, 429, rejected credentials, a missing bucket) is waited out, with back-off, and shows in <see cref="State"/>.
/// Beats and dead letters of a batch are not its business. Thread-safe.
/// </summary>
internal sealed class InfluxSink : IPatientSink
{
    private readonly InfluxClient _client;
    private readonly InfluxMetrics _metrics;
    private readonly Channel<Portion> _queue;
    private readonly Task _running;
    private readonly CancellationTokenSource _stop = new();

    /// <summary>Starts the connections' loops.</summary>
    /// <param name="client">Sends. Ends with the sink.</param>
    /// <param name="deadLetters">Keeps refused points. Stays the caller's.</param>
    /// <param name="metrics">Counts.</param>
    /// <param name="log">Told changes of state.</param>
    public InfluxSink(InfluxClient client, IPatientSink deadLetters, InfluxMetrics metrics, ILogger<InfluxSink> log)
    {
        (_client, _metrics) = (client, metrics);
        var options = client.Options;
        _queue = Channel.CreateBounded<Portion>(new BoundedChannelOptions(options.QueueLength));
        State = new StoreState(options.Connections, client.Time);
        var refused = new RefusedPoints(deadLetters);
        _running = Task.WhenAll(Enumerable.Range(0, options.Connections)
            .Select(number => new InfluxConnection(number, client, State, metrics, log))
            .Select(connection => new InfluxDelivery(connection, options.MaxLines, refused, metrics, log))
            .Select(delivery => new InfluxLane(options, client.Time, delivery, metrics, log))
            .Select(lane => Task.Run(() => lane.RunAsync(_queue.Reader, _stop.Token))));
    }

    /// <summary>Whether InfluxDB stores at present: readiness.</summary>
    public StoreState State { get; }

    /// <inheritdoc/>
    public async Task WriteAsync(OutputBatch batch, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(batch);
        var count = batch.Points.Count;
        if (count == 0)
            return;
        var acknowledgement = new Acknowledgement(count);
        using var onStop = stop.UnsafeRegister(static (state, token) => ((Acknowledgement)state!).Cancel(token), acknowledgement);
        using var onEnd = _stop.Token.UnsafeRegister(static (state, token) => ((Acknowledgement)state!).Cancel(token), acknowledgement);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, _stop.Token);
        for (var first = 0; first < count; first += _client.Options.MaxLines)
        {
            var part = Math.Min(_client.Options.MaxLines, count - first);
            await _queue.Writer.WriteAsync(new Portion(batch, first, part, acknowledgement), either.Token);
            _metrics.Queued(part);
        }
        await acknowledgement.Task;
    }

    /// <summary>Stops at once: what is not acknowledged by now is cancelled.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        try
        {
            await _running;
        }
        catch (OperationCanceledException)
        {
            // That is how the loops end.
        }
        _client.Dispose();
        _stop.Dispose();
    }
}
