namespace Pipeline.Actors;

/// <summary>Names and versions of networks by their tasks, as a shard's state keeps them. Immutable; compared by content.</summary>
public readonly struct NetworkNames : IEquatable<NetworkNames>
{
    private readonly SortedList<string, string>? _names;    // null when there are none

    /// <summary>The networks of some tasks, of which one without an identity (null or empty) is none.</summary>
    public NetworkNames(params IEnumerable<(string Task, string? Identity)> names)
    {
        ArgumentNullException.ThrowIfNull(names);
        foreach (var (task, identity) in names)
            if (!string.IsNullOrEmpty(identity))
                (_names ??= new SortedList<string, string>(StringComparer.Ordinal))[task] = identity;
    }

    /// <summary>Name and version of the task's network; null when there is none.</summary>
    public string? this[string task] => _names?.GetValueOrDefault(task);

    /// <summary>All of them, by task.</summary>
    public IEnumerable<KeyValuePair<string, string>> All => _names ?? [];

    /// <inheritdoc/>
    public bool Equals(NetworkNames other) => All.SequenceEqual(other.All);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is NetworkNames other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => All.Aggregate(0, HashCode.Combine);

    /// <inheritdoc/>
    public override string ToString() => string.Join(", ", All.Select(name => $"{name.Key} {name.Value}"));

    /// <summary>Whether both say the same.</summary>
    public static bool operator ==(NetworkNames left, NetworkNames right) => left.Equals(right);

    /// <summary>Whether they differ.</summary>
    public static bool operator !=(NetworkNames left, NetworkNames right) => !left.Equals(right);
}
