using Pipeline.Models.Packages;

namespace Pipeline.Actors.Serving;

/// <summary>
/// The QRS networks in service: the present one, and those before it, some tens of kilobytes each, which shards ask until they have changed. They need no workers: a stage asks
/// its network in place. Thread-safe.
/// </summary>
public sealed class ServedQrs : IServedVersions<QrsModel>
{
    private readonly Lock _lock = new();
    private readonly Func<string, QrsModel?> _find;
    private readonly Dictionary<string, QrsModel> _known = new(StringComparer.Ordinal);
    private volatile QrsModel _current;

    /// <summary>Begins with <paramref name="first"/>.</summary>
    /// <param name="first">The present network.</param>
    /// <param name="find">A network by name and version; null when it is not there. Without it none is.</param>
    public ServedQrs(QrsModel first, Func<string, QrsModel?>? find = null)
    {
        ArgumentNullException.ThrowIfNull(first);
        (_current, _find) = (first, find ?? (_ => null));
        _known.Add(first.Identity, first);
    }

    /// <summary>The network that is asked from the next record on.</summary>
    public QrsModel Current => _current;

    /// <summary>Told of the network that a shard begins with, and of every change, by the shard's thread before the network is asked.</summary>
    public event Action<ModelSwitch>? Switched;

    /// <summary>Makes <paramref name="next"/> the present network.</summary>
    public void Replace(QrsModel next)
    {
        ArgumentNullException.ThrowIfNull(next);
        lock (_lock)
        {
            _known[next.Identity] = next;
            _current = next;
        }
    }

    string IServedVersions<QrsModel>.IdentityOf(QrsModel version) => version.Identity;

    bool IServedVersions<QrsModel>.IsCurrent(QrsModel version) => _current == version;

    QrsModel IServedVersions<QrsModel>.Acquire() => _current;

    QrsModel? IServedVersions<QrsModel>.Acquire(string identity)
    {
        lock (_lock)
        {
            if (!_known.TryGetValue(identity, out var known) && _find(identity) is { } found)
                _known.Add(identity, known = found);
            return known;
        }
    }

    void IServedVersions<QrsModel>.Release(QrsModel version)
    {
        // The collector does it.
    }

    void IServedVersions<QrsModel>.Tell(in ModelSwitch change) => Switched?.Invoke(change);
}
