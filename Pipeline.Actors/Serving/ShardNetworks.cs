using Pipeline.Models.Packages;

namespace Pipeline.Actors.Serving;

/// <summary>The networks that a record's windows are asked of. Compared by reference: a shard has one at a time.</summary>
/// <param name="Rate">Estimates heart rate from PPG; null: the classical estimator does.</param>
/// <param name="Qrs">Decides on the beats of an ECG; null: what the stage was made with does.</param>
internal sealed record AskedNetworks(RateModel? Rate, QrsModel? Qrs);

/// <summary>
/// The networks that a shard asks, of each kind one version, all of which change at the same place: see <see cref="ShardModel{T}"/>. One thread.
/// </summary>
internal sealed class ShardNetworks
{
    private readonly ShardModel<ServedModel>? _rate;
    private readonly ShardModel<QrsModel>? _qrs;

    public ShardNetworks(ServedModels? rate, ServedQrs? qrs, int shard, NetworkNames named, Counts counts)
    {
        _rate = rate is null ? null : new ShardModel<ServedModel>(rate, shard, named.Rate, counts);
        _qrs = qrs is null ? null : new ShardModel<QrsModel>(qrs, shard, named.Qrs, counts);
    }

    /// <summary>What is asked; nothing before the first record.</summary>
    public AskedNetworks Asked { get; private set; } = new(null, null);

    /// <summary>The heart-rate network with its workers; null before the first record, and without one.</summary>
    public ServedModel? Rate => _rate?.Served;

    /// <summary>The networks to be asked behind a checkpoint that is made now.</summary>
    public NetworkNames Names => new(_rate?.Name, _qrs?.Name);

    /// <summary>Whether there is a newer version of one.</summary>
    public bool IsBehind => _rate is { IsBehind: true } || _qrs is { IsBehind: true };

    /// <summary>Whether the shard is about to change, and handles no record until it has.</summary>
    public bool IsChanging => _rate is { IsChanging: true } || _qrs is { IsChanging: true };

    /// <summary>The next record is about to be handled, at <paramref name="offset"/>.</summary>
    public void Begin(long offset)
    {
        _rate?.Begin(offset);
        _qrs?.Begin(offset);
        Ask();
    }

    /// <summary>At rest: what is to be asked from the next record on is what is present now.</summary>
    public void Prepare()
    {
        _rate?.Prepare();
        _qrs?.Prepare();
    }

    /// <summary>At rest: from record <paramref name="offset"/> on that is asked which was prepared.</summary>
    public void Change(long offset)
    {
        _rate?.Change(offset);
        _qrs?.Change(offset);
        Ask();
    }

    /// <summary>Gives back all.</summary>
    public void Clear()
    {
        _rate?.Clear();
        _qrs?.Clear();
    }

    private void Ask()
    {
        var (rate, qrs) = (_rate?.Served?.Model, _qrs?.Served);
        if (Asked.Rate != rate || Asked.Qrs != qrs)
            Asked = new AskedNetworks(rate, qrs);
    }
}
