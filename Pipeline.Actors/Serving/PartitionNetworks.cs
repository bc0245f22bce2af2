using Pipeline.Actors.Inference;
using Pipeline.Models.Packages;

namespace Pipeline.Actors.Serving;

/// <summary>
/// The networks that a partition asks, of each task one version. It begins with those that its state names, and changes to the present ones
/// at rest, when every question to the ones before is answered, all at the same place; a partition that keeps its state changes when the
/// checkpoint is committed that names the new ones, so its next owner asks each version about the very same records. One thread.
/// </summary>
/// <param name="registry">The networks in service; null: there are none.</param>
/// <param name="partition">Number of the partition.</param>
/// <param name="named">The versions that the partition's state names.</param>
/// <param name="counts">The partition's.</param>
internal sealed class PartitionNetworks(NetworkRegistry? registry, int partition, NetworkNames named, Counts counts)
{
    private readonly Taken[] _tasks = [.. (registry?.Tasks ?? []).Select(versions => new Taken(versions, named[versions.For]))];

    /// <summary>What is asked; nothing before the first record. Another list whenever one changes.</summary>
    public IReadOnlyList<INetwork> Asked { get; private set; } = [];

    /// <summary>The networks to be asked behind a checkpoint that is made now.</summary>
    public NetworkNames Names => new(_tasks.Select(task => (task.Versions.For, task.Name)));

    /// <summary>The workers of what is asked.</summary>
    public IReadOnlyList<InferenceWorkers> Workers => [.. _tasks.Select(task => task.Served?.Workers).OfType<InferenceWorkers>()];

    /// <summary>Whether there is a newer version of one, and the partition has not <see cref="Prepare">prepared</see> to change.</summary>
    public bool IsBehind => Array.Exists(_tasks, static task => task.IsBehind);

    /// <summary>Whether the partition is about to change, and handles no record until it has.</summary>
    public bool IsChanging => Array.Exists(_tasks, static task => task.Next is not null);

    /// <summary>The workers that run <paramref name="asked"/>; null when it is not asked here in batches.</summary>
    public InferenceWorkers? WorkersOf(INetwork asked)
    {
        foreach (var task in _tasks)
            if (task.Served?.Network == asked)
                return task.Served.Workers;
        return null;
    }

    /// <summary>The next record is about to be handled, at <paramref name="offset"/>.</summary>
    public void Begin(long offset)
    {
        foreach (var task in _tasks)
            if (task.Served is null)
                Begin(task, offset);
    }

    /// <summary>At rest: what is to be asked from the next record on is what is present now.</summary>
    public void Prepare()
    {
        foreach (var task in _tasks)
            if (task.IsBehind)
                task.Next = task.Versions.Acquire();
    }

    /// <summary>At rest: from record <paramref name="offset"/> on that is asked which was prepared.</summary>
    public void Change(long offset)
    {
        foreach (var task in _tasks)
            if (task is { Next: { } next, Served: { } before })
            {
                (task.Served, task.Next) = (next, null);
                task.Versions.Release(before);
                counts.Add(Count.ModelSwitches);
                Ask(new ModelSwitch(partition, offset, task.Versions.For, next.Network.Identity, before.Network.Identity));
            }
    }

    /// <summary>Gives back all.</summary>
    public void Clear()
    {
        foreach (var task in _tasks)
        {
            if (task.Served is { } served)
                task.Versions.Release(served);
            if (task.Next is { } next)
                task.Versions.Release(next);
            (task.Served, task.Next) = (null, null);
        }
    }

    private void Begin(Taken task, long offset)
    {
        var known = task.Named is { } name ? task.Versions.Acquire(name) : null;
        var gone = known is null ? task.Named : null;
        task.Served = known ?? task.Versions.Acquire();
        if (gone is not null)
            counts.Add(Count.ModelSwitches);
        Ask(new ModelSwitch(partition, offset, task.Versions.For, task.Served.Network.Identity, gone, gone is not null));
    }

    private void Ask(in ModelSwitch change)
    {
        Asked = [.. _tasks.Select(task => task.Served?.Network).OfType<INetwork>()];
        registry!.Tell(change);     // a task is of a registry
    }

    /// <summary>The versions of a task that the partition has acquired.</summary>
    private sealed class Taken(NetworkVersions versions, string? named)
    {
        public NetworkVersions Versions => versions;

        public string? Named => named;

        /// <summary>The version that is asked; null before the first record.</summary>
        public ServedNetwork? Served { get; set; }

        /// <summary>The version to change to.</summary>
        public ServedNetwork? Next { get; set; }

        public string? Name => (Next ?? Served)?.Network.Identity ?? named;

        public bool IsBehind => Next is null && Served is not null && !versions.IsCurrent(Served);
    }
}
