using System.Diagnostics.Metrics;
using Pipeline.Actors.Inference;
using Pipeline.Models.Packages;

namespace Pipeline.Actors.Serving;

/// <summary>From this offset on a shard asks another model.</summary>
/// <param name="Shard">The shard.</param>
/// <param name="Offset">The first record whose windows the model is asked about.</param>
/// <param name="Task">What the model is for.</param>
/// <param name="Model">Name and version.</param>
/// <param name="Before">Name and version of the model before; null at the shard's beginning.</param>
/// <param name="IsGone">Whether the shard's state names the model before, which is not there any more: what comes after the state is asked
/// of another.</param>
public readonly record struct ModelSwitch(int Shard, long Offset, string Task, string Model, string? Before, bool IsGone = false);

/// <summary>
/// The networks of a process, one a task, in all versions that its partitions ask. Networks are added before partitions begin; a version is
/// replaced at any time. Thread-safe otherwise. Dispose it after the partitions.
/// </summary>
public sealed class NetworkRegistry : IAsyncDisposable
{
    private readonly InferenceOptions _options;
    private readonly TimeProvider _time;
    private readonly TaskScheduler? _scheduler;
    private readonly InferenceTelemetry _telemetry = new();
    private readonly Meter _meter = new(Telemetry.MeterName);
    private readonly TaskCompletionSource _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<NetworkVersions> _tasks = [];

    /// <summary>Has no network yet.</summary>
    /// <param name="options">How networks with workers are served.</param>
    /// <param name="time">For the workers.</param>
    /// <param name="scheduler">See <see cref="InferenceWorkers"/>.</param>
    public NetworkRegistry(InferenceOptions options, TimeProvider time, TaskScheduler? scheduler = null)
    {
        (_options, _time, _scheduler) = (options, time, scheduler);
        _meter.CreateObservableGauge(
            "pipeline.model.shards", () => _tasks.SelectMany(task => task.MeasureUsers()), "{shard}", "Shards that ask a model, or wait for its answers");
    }

    /// <summary>Registers the network of a task.</summary>
    /// <param name="first">The version to begin with; becomes this one's own.</param>
    /// <param name="open">Opens sessions for given batch sizes, of a network that workers run and patients' actors ask; null: it runs
    /// within a stage.</param>
    /// <param name="find">A version by name and version, which becomes this one's own; null when it is not there. Without it none
    /// is.</param>
    /// <exception cref="InvalidDataException">The package cannot be opened for the options; <paramref name="first"/> stays the
    /// caller's.</exception>
    /// <exception cref="ArgumentException">There is one of the task already.</exception>
    public void Add(INetwork first, Func<INetwork, IReadOnlyList<int>, IModelSession>? open = null, Func<string, INetwork?>? find = null)
    {
        ArgumentNullException.ThrowIfNull(first);
        if (this[first.Package.Manifest.Task] is { } present)
            throw new ArgumentException($"{present.Identity} is for the task of {first.Identity} already.", nameof(first));
        _tasks.Add(new NetworkVersions(first, network => new ServedNetwork(network, open is null ? null : OpenWorkers(network, open)), find ?? (_ => null), _scheduler ?? TaskScheduler.Default));
    }

    /// <summary>The network of a task that is asked from the next record on; null when there is none.</summary>
    public INetwork? this[string task] => Find(task)?.Current;

    /// <summary>The networks that are asked from the next record on.</summary>
    public IReadOnlyList<INetwork> Current => [.. _tasks.Select(task => task.Current)];

    /// <summary>Fails when a worker does, which no row of data can cause; never completes otherwise.</summary>
    public Task Failure => _failed.Task;

    /// <summary>Told of the network that a shard begins with, and of every change, by the shard's thread before the network is
    /// asked.</summary>
    public event Action<ModelSwitch>? Switched;

    internal IReadOnlyList<NetworkVersions> Tasks => _tasks;

    /// <summary>
    /// Puts <paramref name="next"/>, which becomes this one's own, in the place of its task's present version. When that fails, the present
    /// one stays, and <paramref name="next"/> is the caller's.
    /// </summary>
    /// <exception cref="InvalidDataException">The package cannot be opened for the options.</exception>
    /// <exception cref="ArgumentException">There is no network of the task.</exception>
    public void Replace(INetwork next)
    {
        ArgumentNullException.ThrowIfNull(next);
        var versions = Find(next.Package.Manifest.Task) ?? throw new ArgumentException($"There is no network for the task of {next.Identity}.", nameof(next));
        versions.Replace(next);
    }

    /// <summary>Ends all workers.</summary>
    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_tasks.Select(task => task.DisposeAsync().AsTask()));
        _meter.Dispose();
        _telemetry.Dispose();
    }

    internal void Tell(in ModelSwitch change) => Switched?.Invoke(change);

    private NetworkVersions? Find(string task) => _tasks.Find(versions => versions.For == task);

    private InferenceWorkers OpenWorkers(INetwork network, Func<INetwork, IReadOnlyList<int>, IModelSession> open)
    {
        var workers = new InferenceWorkers(network.Identity, sizes => open(network, sizes), _options, _time, _telemetry, _scheduler);
        _ = workers.Failure.ContinueWith(
            failed => _failed.TrySetException(failed.Exception!.InnerExceptions),   // only runs when it faulted
            CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, _scheduler ?? TaskScheduler.Default);
        return workers;
    }
}
