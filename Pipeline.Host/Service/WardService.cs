using Pipeline.Actors;
using Pipeline.Host.Configuration;

namespace Pipeline.Host.Service;

/// <summary>
/// The pipeline as a hosted service. It begins when the web server listens, and has finished what was read (within
/// <c>Kafka:DrainTimeout</c>) before the web server stops: health and metrics can be watched while it drains.
/// </summary>
internal sealed class WardService(
    PipelineSettings settings, WardCluster cluster, ListeningAddress address, ILoggerFactory loggers, TimeProvider time, IHostApplicationLifetime lifetime) : IHostedLifecycleService, IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly ILogger _log = loggers.CreateLogger("Pipeline");
    private volatile WardPipeline? _pipeline;

    /// <summary>The pipeline; null until it has been created.</summary>
    public WardPipeline? Pipeline => _pipeline;

    /// <summary>Ends when the pipeline has; faulted with the reason when it could not start or go on.</summary>
    public Task Completion { get; private set; } = Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartedAsync(CancellationToken cancellationToken)
    {
        // Networks are loaded before the first await: not on the host's thread.
        Completion = Task.Run(RunAsync, CancellationToken.None);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        if (!Completion.IsCompleted)
            _log.Stopping();
        await _stop.CancelAsync();
        await Completion.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <inheritdoc/>
    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public void Dispose() => _stop.Dispose();

    private async Task RunAsync()
    {
        try
        {
            await cluster.StartAsync(settings.Kafka, () => _pipeline?.Shards ?? [], _stop.Token);
            await using var pipeline = _pipeline = new WardPipeline(settings, loggers, time, cluster: cluster);
            _log.Started(settings.Kafka.BootstrapServers, settings.Kafka.SamplesTopic, pipeline.StoreName, string.Join(", ", address.Urls));
            var counts = await pipeline.RunAsync(_stop.Token);
            _log.Stopped(counts[Count.Records], counts[Count.Windows], counts[Count.Estimates]);
        }
        finally
        {
            await cluster.DisposeAsync();
            // A pipeline that cannot go on ends the process, which says why.
            lifetime.StopApplication();
        }
    }
}
