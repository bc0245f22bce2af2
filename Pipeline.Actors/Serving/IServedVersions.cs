namespace Pipeline.Actors.Serving;

/// <summary>One kind of network in service: the present version, and others for as long as a shard asks them. Thread-safe.</summary>
/// <typeparam name="T">A version.</typeparam>
internal interface IServedVersions<T>
    where T : class
{
    /// <summary>Name and version.</summary>
    string IdentityOf(T version);

    /// <summary>Whether <paramref name="version"/> is still the present one; costs nothing.</summary>
    bool IsCurrent(T version);

    /// <summary>The present version, for a shard that gives it back by <see cref="Release"/>.</summary>
    T Acquire();

    /// <summary>The version of that name, for a shard that gives it back by <see cref="Release"/>; null when it is not to be had. May open it, which takes time.</summary>
    T? Acquire(string identity);

    /// <summary>A shard asks it no more.</summary>
    void Release(T version);

    /// <summary>A shard begins with a version, or changes to it.</summary>
    void Tell(in ModelSwitch change);
}
