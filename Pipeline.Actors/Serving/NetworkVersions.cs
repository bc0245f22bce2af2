using System.Diagnostics.Metrics;
using Pipeline.Models.Packages;

namespace Pipeline.Actors.Serving;

/// <summary>
/// The versions of one task's network in service: the present one, and others for as long as a partition asks them: one that was replaced,
/// until the partition has changed, or one that the state of a partition names, which is looked for. Those without workers, some tens of
/// kilobytes each, stay. Thread-safe.
/// </summary>
internal sealed class NetworkVersions : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly Lock _finding = new();     // one at a time; taken before _lock
    private readonly Func<INetwork, ServedNetwork> _open;
    private readonly Func<string, INetwork?> _find;
    private readonly TaskScheduler _scheduler;
    private readonly List<Task> _ending = [];
    private readonly List<ServedNetwork> _served = [];
    private volatile ServedNetwork _current;

    /// <summary>Puts the first version in service.</summary>
    /// <param name="first">Becomes this one's own.</param>
    /// <param name="open">Puts a version in service; throws <see cref="InvalidDataException"/> when it cannot be.</param>
    /// <param name="find">A version by its identity, which becomes this one's own; null when it is not there.</param>
    /// <param name="scheduler">Ends the versions that are not asked any more.</param>
    /// <exception cref="InvalidDataException">It cannot be opened; it stays the caller's.</exception>
    public NetworkVersions(INetwork first, Func<INetwork, ServedNetwork> open, Func<string, INetwork?> find, TaskScheduler scheduler)
    {
        (_open, _find, _scheduler, For) = (open, find, scheduler, first.Package.Manifest.Task);
        _served.Add(_current = open(first));
    }

    /// <summary>The task.</summary>
    public string For { get; }

    /// <summary>The present version.</summary>
    public INetwork Current => _current.Network;

    /// <summary>Whether <paramref name="version"/> is still the present one; costs nothing.</summary>
    public bool IsCurrent(ServedNetwork version) => _current == version;

    /// <summary>Makes <paramref name="next"/> the present version. When it cannot be opened, the one before stays, and it is the
    /// caller's.</summary>
    /// <exception cref="InvalidDataException">It cannot be opened.</exception>
    public void Replace(INetwork next)
    {
        var served = _open(next);   // outside of the lock: it warms up
        lock (_lock)
        {
            var before = _current;
            _current = served;
            _served.Add(served);
            EndIfUnused_NeedsLock(before);
        }
    }

    /// <summary>The present version, for a partition that gives it back by <see cref="Release"/>.</summary>
    public ServedNetwork Acquire()
    {
        lock (_lock)
        {
            _current.UserCount++;
            return _current;
        }
    }

    /// <summary>
    /// The version of that name, for a partition that gives it back by <see cref="Release"/>; null when it is not to be had. May open it,
    /// which takes time.
    /// </summary>
    public ServedNetwork? Acquire(string identity)
    {
        lock (_finding)
        {
            if (TryAcquire(identity) is { } served)
                return served;
            if (_find(identity) is not { } found)
                return null;
            try
            {
                served = _open(found);
            }
            catch (InvalidDataException)
            {
                (found as IDisposable)?.Dispose();      // it cannot be opened for these options
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

    /// <summary>A partition asks it no more.</summary>
    public void Release(ServedNetwork version)
    {
        lock (_lock)
        {
            version.UserCount--;
            EndIfUnused_NeedsLock(version);
        }
    }

    /// <summary>How many partitions ask each version that has workers, or wait for its answers.</summary>
    public IReadOnlyList<Measurement<int>> MeasureUsers()
    {
        lock (_lock)
            return [.. _served.Where(served => served.Workers is not null).Select(served => new Measurement<int>(served.UserCount, new KeyValuePair<string, object?>("model", served.Network.Identity)))];
    }

    /// <summary>Ends all versions.</summary>
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
    }

    private ServedNetwork? TryAcquire(string identity)
    {
        lock (_lock)
        {
            var served = _served.FindLast(version => version.Network.Identity == identity);
            if (served is not null)
                served.UserCount++;
            return served;
        }
    }

    private void EndIfUnused_NeedsLock(ServedNetwork version)
    {
        if (version.Workers is null || version.UserCount > 0 || version == _current || !_served.Remove(version))
            return;
        _ending.RemoveAll(task => task.IsCompletedSuccessfully);
        _ending.Add(Task.Factory.StartNew(() => version.DisposeAsync().AsTask(), CancellationToken.None, TaskCreationOptions.DenyChildAttach, _scheduler).Unwrap());
    }
}
