namespace Pipeline.Actors.Serving;

/// <summary>
/// Which version of a kind of network a shard asks: one at a time. It begins with the one that its state names, and changes to the present one at rest, when every question
/// to the one before is answered; a shard that keeps its state changes when the checkpoint is committed that names the new one, so its next owner asks each
/// version about the very same records. One thread.
/// </summary>
/// <typeparam name="T">A version.</typeparam>
/// <param name="versions">The versions in service.</param>
/// <param name="shard">Number of the shard.</param>
/// <param name="named">The version that the shard's state names; null when it names none.</param>
/// <param name="counts">The shard's.</param>
internal sealed class ShardModel<T>(IServedVersions<T> versions, int shard, string? named, Counts counts)
    where T : class
{
    private T? _next;   // acquired, as Served is

    /// <summary>The version that is asked; null before the first record.</summary>
    public T? Served { get; private set; }

    /// <summary>The version to be asked behind a checkpoint that is made now; null when there was none yet.</summary>
    public string? Name => (_next ?? Served) is { } version ? versions.IdentityOf(version) : named;

    /// <summary>Whether there is a newer version, and the shard has not <see cref="Prepare">prepared</see> to change.</summary>
    public bool IsBehind => _next is null && Served is not null && !versions.IsCurrent(Served);

    /// <summary>Whether the shard is about to change, and handles no record until it has.</summary>
    public bool IsChanging => _next is not null;

    /// <summary>The first record is about to be handled, at <paramref name="offset"/>.</summary>
    public void Begin(long offset)
    {
        if (Served is not null)
            return;
        var known = string.IsNullOrEmpty(named) ? null : versions.Acquire(named);
        var isGone = known is null && !string.IsNullOrEmpty(named);
        Served = known ?? versions.Acquire();
        if (isGone)
            counts.Add(Count.ModelSwitches);
        versions.Tell(new ModelSwitch(shard, offset, versions.IdentityOf(Served), isGone ? named : null, isGone));
    }

    /// <summary>At rest: the version to change to is the present one, where that is a newer one.</summary>
    public void Prepare()
    {
        if (IsBehind)
            _next = versions.Acquire();
    }

    /// <summary>At rest: from record <paramref name="offset"/> on the version is asked that was prepared, if one was.</summary>
    public void Change(long offset)
    {
        if (_next is not { } next || Served is not { } before)
            return;
        (Served, _next) = (next, null);
        versions.Release(before);
        counts.Add(Count.ModelSwitches);
        versions.Tell(new ModelSwitch(shard, offset, versions.IdentityOf(next), versions.IdentityOf(before)));
    }

    /// <summary>Gives back all.</summary>
    public void Clear()
    {
        if (Served is not null)
            versions.Release(Served);
        if (_next is not null)
            versions.Release(_next);
        (Served, _next) = (null, null);
    }
}
