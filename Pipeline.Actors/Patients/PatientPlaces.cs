using System.Collections.Concurrent;
using Pipeline.Models.Signals;

namespace Pipeline.Actors;

/// <summary>
/// Which partition each patient in memory belongs to, to notice one that comes in two: in two of this process at once, in one of this and
/// one of another process when that tells its own (<see cref="Cluster.PlacesActor"/>). As large as the patients in memory are many.
/// Thread-safe.
/// </summary>
/// <param name="inTwoPartitions">Told of such a patient, with both partitions; by the thread that noticed.</param>
public sealed class PatientPlaces(Action<PatientId, int, int>? inTwoPartitions = null)
{
    private readonly ConcurrentDictionary<string, Place> _places = new(StringComparer.Ordinal);
    private long _twiceCount;

    /// <summary>Where a patient is, and whether it was said that another process has it, too.</summary>
    private readonly record struct Place(int Partition, bool IsSaid);

    /// <summary>How often a patient was found in two partitions; once of each while it is in memory.</summary>
    public long TwiceCount => Volatile.Read(ref _twiceCount);

    /// <summary>The patients in memory with their partitions.</summary>
    public IReadOnlyList<(string Patient, int Partition)> All => [.. _places.Select(place => (place.Key, place.Value.Partition))];

    /// <summary>A patient has come in a partition of this process.</summary>
    internal void Claim(PatientId patient, int partition)
    {
        var first = _places.GetOrAdd(patient.Value, new Place(partition, IsSaid: false)).Partition;
        if (first != partition)
            Note(patient, first, partition);
    }

    /// <summary>The partition has forgotten the patient.</summary>
    internal void Release(PatientId patient, int partition)
    {
        while (_places.TryGetValue(patient.Value, out var place) && place.Partition == partition)
            if (_places.TryRemove(KeyValuePair.Create(patient.Value, place)))
                return;     // otherwise it was marked as said meanwhile
    }

    /// <summary>Another process has a patient in a partition of its own.</summary>
    internal void Compare(PatientId patient, int partition)
    {
        if (_places.TryGetValue(patient.Value, out var own) && own.Partition != partition && !own.IsSaid
            && _places.TryUpdate(patient.Value, own with { IsSaid = true }, own))
            Note(patient, own.Partition, partition);
    }

    private void Note(PatientId patient, int one, int other)
    {
        Interlocked.Increment(ref _twiceCount);
        inTwoPartitions?.Invoke(patient, one, other);
    }
}
