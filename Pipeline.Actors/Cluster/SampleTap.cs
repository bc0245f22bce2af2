using System.Collections.Immutable;
using Akka.Actor;
using Pipeline.Models.Signals;

namespace Pipeline.Actors.Cluster;

/// <summary>
/// Where the chunks of this process can be looked at while they pass. Costs one volatile read a chunk while nobody looks, and is never
/// waited for: who has no room misses chunks, and is told how many. Thread-safe.
/// </summary>
/// <param name="time">The clock of the leases.</param>
public sealed class SampleTap(TimeProvider time)
{
    /// <summary>Largest chunk that is shown; larger ones are passed over.</summary>
    private const int MostBytes = 256 << 10;

    private readonly Lock _lock = new();
    private volatile ImmutableDictionary<PatientId, ImmutableArray<Looker>>? _lookers;

    /// <summary>Whether anybody looks at a patient here.</summary>
    public bool IsUsed => _lookers is not null;

    /// <summary>Called after somebody has begun or ceased to look.</summary>
    internal Action? Changed { get; set; }

    /// <summary>Shows a chunk to those who look at its patient.</summary>
    public void TryPublish(SampleChunk chunk)
    {
        if (_lookers is not { } lookers)
            return;
        ArgumentNullException.ThrowIfNull(chunk);
        if (lookers.TryGetValue(chunk.Patient, out var here))
            foreach (var looker in here)
                looker.Show(chunk);
    }

    /// <summary>Begins to show a patient's chunks, or goes on.</summary>
    internal void Add(PatientId patient, IActorRef receiver, IActorRef sender, long upTo)
    {
        lock (_lock)
        {
            var all = _lookers ?? ImmutableDictionary<PatientId, ImmutableArray<Looker>>.Empty;
            var here = all.GetValueOrDefault(patient, []);
            var looker = here.FirstOrDefault(one => one.Receiver.Equals(receiver));
            if (looker is null)
                _lookers = all.SetItem(patient, here.Add(looker = new Looker(receiver, sender)));
            looker.Grant(upTo, time.GetTimestamp());
        }
        Changed?.Invoke();
    }

    /// <summary>Stops that.</summary>
    internal void Remove(PatientId patient, IActorRef receiver) => Keep((one, looker) => one != patient || !looker.Receiver.Equals(receiver));

    /// <summary>Stops showing to those who were not heard of for <see cref="SamplesWanted.Lease"/>.</summary>
    internal void RemoveExpired() => Keep((_, looker) => time.GetElapsedTime(looker.GrantedAt) < SamplesWanted.Lease);

    private void Keep(Func<PatientId, Looker, bool> isKept)
    {
        lock (_lock)
        {
            if (_lookers is not { } all)
                return;
            var kept = all.Select(entry => KeyValuePair.Create(entry.Key, entry.Value.RemoveAll(looker => !isKept(entry.Key, looker))))
                .Where(entry => !entry.Value.IsEmpty).ToImmutableDictionary();
            _lookers = kept.IsEmpty ? null : kept;
        }
        Changed?.Invoke();
    }

    private sealed class Looker(IActorRef receiver, IActorRef sender)
    {
        private readonly Lock _lock = new();
        private long _sent, _upTo, _skipped;

        public IActorRef Receiver => receiver;

        public long GrantedAt { get; private set; }

        public void Grant(long upTo, long now)
        {
            lock (_lock)
                (_upTo, GrantedAt) = (upTo, now);
        }

        // A patient's chunks come from one graph, so that they are sent in order.
        public void Show(SampleChunk chunk)
        {
            lock (_lock)
            {
                if (_sent >= _upTo || chunk.Samples.Length > MostBytes)
                {
                    _skipped++;
                    return;
                }
                receiver.Tell(LiveSamples.From(chunk, ++_sent, _skipped), sender);
                _skipped = 0;
            }
        }
    }
}
