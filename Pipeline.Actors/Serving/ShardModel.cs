namespace Pipeline.Actors.Serving;

/// <summary>
/// Which model a shard asks: one at a time. It begins with the one that its state names, and changes to the present one at rest, when every question
/// to the one before is answered; a shard that keeps its state changes when the checkpoint is committed that names the new one, so its next owner asks each
/// model about the very same records. One thread.
/// </summary>
/// <param name="models">The models in service.</param>
/// <param name="shard">Number of the shard.</param>
/// <param name="named">The model that the shard's state names; null when it names none.</param>
/// <param name="counts">The shard's.</param>
internal sealed class ShardModel(ServedModels models, int shard, string? named, Counts counts)
{
    private ServedModel? _served;   // acquired, as _next is
    private ServedModel? _next;

    /// <summary>The model that is asked; null before the first record.</summary>
    public ServedModel? Served => _served;

    /// <summary>The model to be asked behind a checkpoint that is made now; null when there was none yet.</summary>
    public string? Name => (_next ?? _served)?.Model.Identity ?? named;

    /// <summary>Whether there is a newer model, and the shard has not <see cref="Prepare">prepared</see> to change.</summary>
    public bool IsBehind => _next is null && _served is not null && !models.IsCurrent(_served);

    /// <summary>Whether the shard is about to change, and handles no record until it has.</summary>
    public bool IsChanging => _next is not null;

    /// <summary>The first record is about to be handled, at <paramref name="offset"/>.</summary>
    public void Begin(long offset)
    {
        if (_served is not null)
            return;
        var known = string.IsNullOrEmpty(named) ? null : models.Acquire(named);
        var isGone = known is null && !string.IsNullOrEmpty(named);
        _served = known ?? models.Acquire();
        if (isGone)
            counts.Add(Count.ModelSwitches);
        models.Tell(new ModelSwitch(shard, offset, _served.Model.Identity, isGone ? named : null, isGone));
    }

    /// <summary>At rest: the model to change to is the present one.</summary>
    public void Prepare() => _next = models.Acquire();

    /// <summary>At rest: from record <paramref name="offset"/> on the model is asked that was prepared.</summary>
    public void Change(long offset)
    {
        if (_next is not { } next || _served is not { } before)
            return;
        (_served, _next) = (next, null);
        models.Release(before);
        counts.Add(Count.ModelSwitches);
        models.Tell(new ModelSwitch(shard, offset, next.Model.Identity, before.Model.Identity));
    }

    /// <summary>Gives back all.</summary>
    public void Clear()
    {
        if (_served is not null)
            models.Release(_served);
        if (_next is not null)
            models.Release(_next);
        (_served, _next) = (null, null);
    }
}
