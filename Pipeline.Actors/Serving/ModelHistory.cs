namespace Pipeline.Actors.Serving;

/// <summary>
/// Which model a shard asks about the windows of which records: a list of switches, each at an offset. So a record that is handled late (its
/// patient waited for another attempt) asks the model of its place, not of the moment. One thread.
/// </summary>
internal sealed class ModelHistory(ServedModels models, int shard)
{
    private readonly List<(long From, ServedModel Served)> _switches = [];      // ascending; each is acquired

    /// <summary>The switches that still matter, ascending by offset.</summary>
    public IEnumerable<(long From, string Model)> Switches => _switches.Select(change => (change.From, change.Served.Model.Identity));

    /// <summary>Looks whether there is a new model; if so it is asked from record <paramref name="offset"/>, the next one, on. Returns whether it took another's place.</summary>
    public bool Advance(long offset)
    {
        if (_switches.Count > 0 && models.IsCurrent(_switches[^1].Served))
            return false;
        string? before = _switches.Count > 0 ? _switches[^1].Served.Model.Identity : null;
        var served = models.Acquire();
        _switches.Add((offset, served));
        models.Tell(new ModelSwitch(shard, offset, served.Model.Identity, before));
        return before is not null;
    }

    /// <summary>The model for the windows that record <paramref name="offset"/> completes.</summary>
    public ServedModel At(long offset)
    {
        var i = _switches.Count - 1;
        while (i > 0 && _switches[i].From > offset)
            i--;
        return _switches[i].Served;
    }

    /// <summary>Gives back the models that no record from <paramref name="lowest"/> on asks.</summary>
    public void Forget(long lowest)
    {
        while (_switches.Count > 1 && _switches[1].From <= lowest)
        {
            models.Release(_switches[0].Served);
            _switches.RemoveAt(0);
        }
    }

    /// <summary>Gives back all.</summary>
    public void Clear()
    {
        foreach (var (_, served) in _switches)
            models.Release(served);
        _switches.Clear();
    }

    /// <summary>Whether <see cref="Forget"/> may have something to do.</summary>
    public bool HasEarlier => _switches.Count > 1;

    /// <summary>The workers that were asked, for cancelling.</summary>
    public IEnumerable<ServedModel> Served => _switches.Select(change => change.Served);
}
