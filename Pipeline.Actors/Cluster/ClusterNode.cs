using System.Net.Sockets;
using Akka.Actor;
using Akka.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Pipeline.Models.Signals;
using AkkaCluster = Akka.Cluster.Cluster;

namespace Pipeline.Actors.Cluster;

/// <summary>What a node is made of.</summary>
/// <param name="Options">Checked; section <c>Cluster</c>.</param>
/// <param name="Group">The consumer group, which a watch writes; null: this process is alone (embedded broker), and a cluster of
/// one.</param>
/// <param name="Loggers">For Akka and the node.</param>
/// <param name="Time">The clock.</param>
public sealed record ClusterNodeSettings(ClusterOptions Options, ClusterGroup? Group, ILoggerFactory Loggers, TimeProvider Time)
{
    /// <summary>Props of a patient's actor.</summary>
    public Func<PatientId, Props> Patient { get; init; } = _ => PatientActor.Props;

    /// <summary>What this process can tell readers; null: nothing.</summary>
    public LocalReadings? Readings { get; init; }

    /// <summary>Where this process's patients are, to be compared with those of the others; null: they are not.</summary>
    public PatientPlaces? Places { get; init; }

    /// <summary>How often they are compared.</summary>
    public TimeSpan PlacesRound { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a process that ends waits until it has left the cluster; zero: it does not leave. The others remove it when the
    /// group has lost it.</summary>
    public TimeSpan LeavePatience { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>More of Akka's settings, for what runs in the same actor system.</summary>
    public Action<AkkaConfigurationBuilder>? Configure { get; init; }
}

/// <summary>One actor system of a node, from its start to its end.</summary>
public sealed class ClusterIncarnation
{
    private readonly ServiceProvider _services;
    private readonly TaskCompletionSource<RestartReason> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _up = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ClusterIncarnation(ServiceProvider services, ActorSystem system, ClusterPatientRegion patients) =>
        (_services, System, Patients, Cluster) = (services, system, patients, AkkaCluster.Get(system));

    /// <summary>The actor system.</summary>
    public ActorSystem System { get; }

    /// <summary>Its shard region.</summary>
    public IPatientRegion Patients { get; }

    /// <summary>The cluster that it is or will be a member of.</summary>
    public AkkaCluster Cluster { get; }

    /// <summary>Completes when this actor system cannot be used any more, with the reason: all its actors and graphs are gone or about to
    /// go.</summary>
    public Task<RestartReason> Ended => _ended.Task;

    /// <summary>Completes when it is a member of the cluster.</summary>
    public Task Up => _up.Task;

    /// <summary>Starts an actor system that listens, and is in no cluster yet.</summary>
    internal static async Task<ClusterIncarnation> StartAsync(ClusterNodeSettings settings, int port, CancellationToken stop)
    {
        var services = new ServiceCollection()
            .AddSingleton(settings.Loggers).AddLogging()
            .AddSingleton<IHostApplicationLifetime, SystemLifetime>()
            .AddAkka(ClusterConfiguration.SystemName, (builder, _) =>
            {
                ClusterConfiguration.Apply(builder, settings.Options, port, settings.Group is { } group ? new ClusterGroupSetup(group, settings.Time) : null, settings.Loggers);
                settings.Configure?.Invoke(builder);
            })
            .BuildServiceProvider();
        try
        {
            var system = services.GetRequiredService<ActorSystem>();
            foreach (var hosted in services.GetServices<IHostedService>())
                await hosted.StartAsync(stop);
            var incarnation = new ClusterIncarnation(services, system, await ClusterPatientRegion.StartAsync(system, settings.Patient, settings.Time));
            // Akka ends a system that has called a process whose certificate it does not take. One process with a wrong certificate must not end all others.
            var shutdown = CoordinatedShutdown.Get(system);
            shutdown.AddTask(CoordinatedShutdown.PhaseBeforeServiceUnbind, "only-the-node", () => shutdown.ShutdownReason is NodeEnds
                ? Task.FromResult(Akka.Done.Instance)
                : throw new InvalidOperationException($"The actor system goes on in spite of: {shutdown.ShutdownReason}"));
            incarnation.Cluster.RegisterOnMemberUp(() => incarnation._up.TrySetResult());
            incarnation.Cluster.RegisterOnMemberRemoved(() => incarnation._ended.TrySetResult(RestartReason.Downed));
            _ = system.WhenTerminated.ContinueWith(_ => incarnation._ended.TrySetResult(RestartReason.Ended), TaskScheduler.Default);
            if (settings.Readings is { } readings)
                system.ActorOf(Props.Create(() => new ReaderActor(readings)), ReaderActor.Name);
            if (settings.Places is { } places)
                system.ActorOf(Props.Create(() => new PlacesActor(places, settings.PlacesRound)), PlacesActor.Name);
            return incarnation;
        }
        catch (Exception fault)
        {
            await services.DisposeAsync();
            if (fault.GetBaseException() is var cause && (cause as SocketException ?? cause.InnerException as SocketException) is { } socket)
                throw new IOException(FormattableString.Invariant($"Cluster:Host is '{settings.Options.Host}', Cluster:Port is '{port}': it cannot listen there: {socket.Message}"), fault);
            throw;
        }
    }

    /// <summary>Begins to look for the group's cluster.</summary>
    internal void Form(ClusterNodeSettings settings) => System.ActorOf(
        Props.Create(() => new FormationActor(settings.Group, settings.Time, reason => _ended.TrySetResult(reason))), FormationActor.Name);

    /// <summary>Ends the actor system: it hands over its shards and leaves the cluster, unless it was removed; after
    /// <paramref name="patience"/> it ends anyhow.</summary>
    internal async Task EndAsync(bool leave, TimeSpan patience, TimeProvider time)
    {
        try
        {
            if (leave && patience > TimeSpan.Zero)
                await LeaveAsync(patience, time);
        }
        catch (Exception fault) when (fault is TimeoutException or OperationCanceledException)
        {
            // The others remove it when the group has lost it.
        }
        await System.Terminate();
        _ended.TrySetResult(RestartReason.Ended);
        await _services.DisposeAsync();
    }

    private async Task LeaveAsync(TimeSpan patience, TimeProvider time)
    {
        var shutdown = CoordinatedShutdown.Get(System);
        if (shutdown.ShutdownReason is null)
        {
            await shutdown.Run(NodeEnds.Instance).WaitAsync(patience, time);
            return;
        }
        using var waited = new CancellationTokenSource(patience, time);     // it runs once: see above
        await Cluster.LeaveAsync(waited.Token);
    }

    /// <summary>The one reason for which an actor system ends in order.</summary>
    private sealed class NodeEnds : CoordinatedShutdown.Reason
    {
        public static readonly NodeEnds Instance = new();

        public override int ExitCode => 0;
    }

    /// <summary>Akka.Hosting ends its host with the actor system; here only the system ends, and the node decides what follows.</summary>
    private sealed class SystemLifetime : IHostApplicationLifetime
    {
        public CancellationToken ApplicationStarted => CancellationToken.None;

        public CancellationToken ApplicationStopping => CancellationToken.None;

        public CancellationToken ApplicationStopped => CancellationToken.None;

        public void StopApplication()
        {
            // See above.
        }
    }
}

/// <summary>
/// This process's place in the cluster: an actor system with the patients' shard region. When the others have removed it, or it has to join
/// another cluster, it is replaced by a new one at the same address, by itself. Thread-safe.
/// </summary>
public sealed class ClusterNode : IAsyncDisposable
{
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _stop = new();
    private readonly ClusterNodeSettings _settings;
    private readonly ILogger _log;
    private Task _watching = Task.CompletedTask;
    private volatile ClusterIncarnation _current;

    private ClusterNode(ClusterNodeSettings settings, ClusterIncarnation first)
    {
        (_settings, _current) = (settings, first);
        _log = settings.Loggers.CreateLogger<ClusterNode>();
        Address = first.Cluster.SelfAddress;
    }

    /// <summary>Where other processes reach this one; the same for all its actor systems.</summary>
    public Address Address { get; }

    /// <summary>The actor system at present.</summary>
    public ClusterIncarnation Current => _current;

    /// <summary>
    /// Raised when <see cref="Current"/> has been replaced by a new one, which listens and looks for its cluster. Whoever ran actors or
    /// graphs in the one before starts them anew in this, from the last checkpoint. Handlers must not block.
    /// </summary>
    public event Action<ClusterIncarnation>? Replaced;

    /// <summary>Starts an actor system that listens and looks for its cluster.</summary>
    /// <exception cref="System.Security.Cryptography.CryptographicException">A certificate or key cannot be used.</exception>
    /// <exception cref="IOException">It cannot listen at <c>Cluster:Host</c> and <c>Cluster:Port</c>.</exception>
    public static async Task<ClusterNode> StartAsync(ClusterNodeSettings settings, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(settings);
        var first = await ClusterIncarnation.StartAsync(settings, settings.Options.Port, stop);
        var node = new ClusterNode(settings, first);
        first.Form(settings);
        node.SayWhenUp(first);
        node._watching = node.WatchAsync();
        return node;
    }

    /// <summary>Completes with the actor system that has replaced <paramref name="ended"/>.</summary>
    public async Task<ClusterIncarnation> AfterAsync(ClusterIncarnation ended, CancellationToken stop)
    {
        var replaced = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        void Note(ClusterIncarnation _) => replaced.TrySetResult();
        Replaced += Note;
        try
        {
            if (ReferenceEquals(Current, ended))
                await replaced.Task.WaitAsync(stop);
            return Current;
        }
        finally
        {
            Replaced -= Note;
        }
    }

    /// <summary>Leaves the cluster and ends the actor system.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _watching;
        await _current.EndAsync(leave: true, _settings.LeavePatience, _settings.Time);
        _stop.Dispose();
    }

    private void SayWhenUp(ClusterIncarnation incarnation) =>
        incarnation.Cluster.RegisterOnMemberUp(() => _log.IsUp(Address.ToString()));

    private async Task WatchAsync()
    {
        try
        {
            while (true)
            {
                var reason = await _current.Ended.WaitAsync(_stop.Token);
                _log.SystemEnds(reason);
                await _current.EndAsync(leave: reason is RestartReason.Merge, _settings.LeavePatience, _settings.Time);
                _current = await StartAgainAsync();
                _current.Form(_settings);
                SayWhenUp(_current);
                Replaced?.Invoke(_current);
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Disposed of.
        }
    }

    private async Task<ClusterIncarnation> StartAgainAsync()
    {
        while (true)
        {
            try
            {
                // The same port: it is in the consumer's id, by which the others know this process.
                return await ClusterIncarnation.StartAsync(_settings, _settings.Options is { PublicPort: not null } mapped ? mapped.Port : Address.Port ?? 0, _stop.Token);
            }
            catch (Exception fault) when (fault is IOException or AkkaException && !_stop.IsCancellationRequested)
            {
                _log.DoesNotStart(fault);
                await Task.Delay(Retry, _settings.Time, _stop.Token);
            }
        }
    }
}

/// <summary>What the node says about itself.</summary>
internal static partial class ClusterLog
{
    [LoggerMessage(1, LogLevel.Warning, "This process's actor system ends ({Reason}): a new one takes its place")]
    public static partial void SystemEnds(this ILogger log, RestartReason reason);

    [LoggerMessage(3, LogLevel.Information, "{Address} is a member of the cluster")]
    public static partial void IsUp(this ILogger log, string address);

    [LoggerMessage(2, LogLevel.Warning, "The new actor system does not start; tried again")]
    public static partial void DoesNotStart(this ILogger log, Exception fault);
}
