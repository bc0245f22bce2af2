namespace Pipeline.Host.Store;

/// <summary>Why a store does not store, for readiness and for a person.</summary>
/// <param name="Reason">One word, the same as the retry counter's label.</param>
/// <param name="Detail">The store's or the system's own words.</param>
/// <param name="Since">When it began.</param>
internal sealed record StoreOutage(string Reason, string Detail, DateTimeOffset Since);

/// <summary>Whether a store stores at present, seen by each of its writers. Thread-safe.</summary>
/// <param name="writers">How many there are.</param>
/// <param name="time">Gives <see cref="StoreOutage.Since"/>.</param>
internal sealed class StoreState(int writers, TimeProvider time)
{
    private readonly StoreOutage?[] _outages = new StoreOutage?[writers];

    /// <summary>The longest present outage of any writer; null when all is well, as far as was tried.</summary>
    public StoreOutage? Outage
    {
        get
        {
            StoreOutage? longest = null;
            for (var w = 0; w < _outages.Length; w++)
                if (Volatile.Read(ref _outages[w]) is { } outage && (longest is null || outage.Since < longest.Since))
                    longest = outage;
            return longest;
        }
    }

    /// <summary>A writer could not store. True when that is news: it could before, or the reason is another one.</summary>
    public bool Down(int writer, string reason, string detail)
    {
        var before = _outages[writer];
        Volatile.Write(ref _outages[writer], new StoreOutage(reason, detail, before?.Since ?? time.GetUtcNow()));
        return before?.Reason != reason;
    }

    /// <summary>A writer stored. The outage that ended, or null.</summary>
    public StoreOutage? Up(int writer) => Interlocked.Exchange(ref _outages[writer], null);
}
