using System.Diagnostics.Metrics;
using Pipeline.Actors.Inference;
using Pipeline.Models.Packages;

namespace Pipeline.Actors.Serving;

/// <summary>From this offset on a shard asks another model.</summary>
/// <param name="Shard">The shard.</param>
/// <param name="Offset">The first record whose windows the model is asked about.</param>
/// <param name="Model">Name and version.</param>
/// <param name="Before">Name and version of the model before; null at the shard's beginning.</param>
/// <param name="IsGone">Whether the shard's state names the model before, which is not there any more: what comes after the state is asked of another.</param>
public readonly record struct ModelSwitch(int Shard, long Offset, string Model, string? Before, bool IsGone = false);

/// <summary>
/// The networks in service: the present one, and others for as long as a shard asks them: one that was replaced, until the shard has
/// changed, or one that the state of a shard names, which is looked for. Thread-safe. Dispose it after the shards.
/// </summary>
public sealed class ServedModels : IServedVersions<ServedModel>, IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly InferenceOptions _options;
    private readonly TimeProvider _time;
    private readonly TaskScheduler? _scheduler;
    private readonly Func<RateModel, IReadOnlyList<int>, IModelSession> _open;
    private readonly Func<string, RateModel?> _find;
    private readonly Lock _finding = new();     // one at a time; taken before _lock
    private readonly InferenceTelemetry _telemetry = new();
    private readonly Meter _meter = new(Telemetry.MeterName);
    private readonly TaskCompletionSource _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<Task> _ending = [];
    private readonly List<ServedModel> _served = [];    // the last is the present one
    private volatile ServedModel _current;

    /// <summary>Opens the workers of the first model, which becomes this one's own.</summary>
    /// <param name="first">The model to begin with.</param>
    /// <param name="options">How models are served.</param>
    /// <param name="time">For the workers.</param>
    /// <param name="open">Opens sessions in another way than the package does.</param>
    /// <param name="scheduler">See <see cref="InferenceWorkers"/>.</param>
    /// <param name="find">A model by name and version, which becomes this one's own; null when it is not there. Without it none is.</param>
    /// <exception cref="InvalidDataException">The package cannot be opened for these options.</exception>
    public ServedModels(RateModel first, InferenceOptions options, TimeProvider time, Func<RateModel, IReadOnlyList<int>, IModelSession>? open = null, TaskScheduler? scheduler = null,
        Func<string, RateModel?>? find = null)
    {
        ArgumentNullException.ThrowIfNull(first);
        (_options, _time, _open, _scheduler) = (options, time, open ?? ((model, sizes) => model.Package.Open(sizes)), scheduler);
        _find = find ?? (_ => null);
        _current = Open(first);
        _served.Add(_current);
        _meter.CreateObservableGauge("pipeline.model.shards", MeasureUsers, "{shard}", "Shards that ask a model, or wait for its answers");
    }

    /// <summary>The model that is asked from the next record on.</summary>
    public RateModel Current => _current.Model;

    /// <summary>Fails when a worker does, which no row of data can cause; never completes otherwise.</summary>
    public Task Failure => _failed.Task;

    /// <summary>Told of the model that a shard begins with, and of every change, by the shard's thread before the model is asked.</summary>
    public event Action<ModelSwitch>? Switched;

    /// <summary>
    /// Opens the workers of <paramref name="next"/>, which becomes this one's own, and makes it the present model. When that fails, the present one
    /// stays, and <paramref name="next"/> is the caller's.
    /// </summary>
    /// <exception cref="InvalidDataException">The package cannot be opened for the options.</exception>
    public void Replace(RateModel next)
    {
        ArgumentNullException.ThrowIfNull(next);
        var served = Open(next);    // outside of the lock: it warms up
        lock (_lock)
        {
            var before = _current;
            _current = served;
            _served.Add(served);
            EndIfUnused_NeedsLock(before);
        }
    }

    /// <summary>Ends all workers.</summary>
    public async ValueTask DisposeAsync()
    {
        Task[] ending;
        lock (_lock)
        {
            foreach (var served in _served)
                _ending.Add(served.DisposeAsync().AsTask());
            _served.Clear();
            ending = [.. _ending];
        }
        await Task.WhenAll(ending);
        _meter.Dispose();
        _telemetry.Dispose();
    }

    string IServedVersions<ServedModel>.IdentityOf(ServedModel version) => version.Model.Identity;

    bool IServedVersions<ServedModel>.IsCurrent(ServedModel version) => _current == version;

    ServedModel IServedVersions<ServedModel>.Acquire()
    {
        lock (_lock)
        {
            _current.UserCount++;
            return _current;
        }
    }

    ServedModel? IServedVersions<ServedModel>.Acquire(string identity)
    {
        lock (_finding)
        {
            if (TryAcquire(identity) is { } served)
                return served;
            if (_find(identity) is not { } found)
                return null;
            try
            {
                served = Open(found);
            }
            catch (InvalidDataException)
            {
                found.Dispose();    // it cannot be opened for these options
                return null;
            }
            lock (_lock)
            {
                served.UserCount++;
                _served.Insert(0, served);
            }
            return served;
        }
    }

    void IServedVersions<ServedModel>.Release(ServedModel version)
    {
        lock (_lock)
        {
            version.UserCount--;
            EndIfUnused_NeedsLock(version);
        }
    }

    void IServedVersions<ServedModel>.Tell(in ModelSwitch change) => Switched?.Invoke(change);

    private ServedModel? TryAcquire(string identity)
    {
        lock (_lock)
        {
            var served = _served.FindLast(model => model.Model.Identity == identity);
            if (served is not null)
                served.UserCount++;
            return served;
        }
    }

    private Measurement<int>[] MeasureUsers()
    {
        lock (_lock)
            return [.. _served.Select(served => new Measurement<int>(served.UserCount, new KeyValuePair<string, object?>("model", served.Model.Identity)))];
    }

    private void EndIfUnused_NeedsLock(ServedModel model)
    {
        if (model.UserCount > 0 || model == _current || !_served.Remove(model))
            return;
        _ending.RemoveAll(task => task.IsCompletedSuccessfully);
        _ending.Add(Task.Factory.StartNew(() => model.DisposeAsync().AsTask(), CancellationToken.None, TaskCreationOptions.DenyChildAttach, _scheduler ?? TaskScheduler.Default).Unwrap());
    }

    private ServedModel Open(RateModel model)
    {
        var workers = new InferenceWorkers(model.Identity, sizes => _open(model, sizes), _options, _time, _telemetry, _scheduler);
        _ = workers.Failure.ContinueWith(
            failed => _failed.TrySetException(failed.Exception!.InnerExceptions),   // only runs when it faulted
            CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, _scheduler ?? TaskScheduler.Default);
        return new ServedModel(model, workers);
    }
}
