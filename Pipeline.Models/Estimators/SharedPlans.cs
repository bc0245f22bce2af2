using System.Collections.Concurrent;

namespace Pipeline.Models.Estimators;

/// <summary>
/// What streams of the same shape share: lengths, tables. Made at the first call, never dropped, but no more than <see cref="Most"/>: a
/// sender of ever new rates must not fill the memory, so beyond that a stream keeps its own.
/// </summary>
internal sealed class SharedPlans<TKey, TPlan>
    where TKey : notnull
{
    private const int Most = 64;
    private readonly ConcurrentDictionary<TKey, TPlan> _known = new();

    /// <summary>The plan of <paramref name="key"/>; made by <paramref name="make"/> where it is not known.</summary>
    public TPlan Get(TKey key, Func<TKey, TPlan> make)
    {
        if (_known.TryGetValue(key, out var known))
            return known;
        var plan = make(key);
        return _known.Count < Most ? _known.GetOrAdd(key, plan) : plan;
    }
}
