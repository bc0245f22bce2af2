using System.Globalization;
using Confluent.Kafka;
using Pipeline.Actors;
using Pipeline.Host.Wire;
using Pipeline.Models.State;

namespace Pipeline.Host.Kafka;

/// <summary>
/// Which snapshots do not fit into a record of the changelog: each is refused alone, so that the checkpoint is committed without it. Its patient goes on; after a
/// fail-over it begins with its last snapshot that fitted. What the brokers take is learnt from what they refuse. On the committing thread.
/// </summary>
/// <param name="options">Names the topics.</param>
/// <param name="log">Told once of each patient, until it fits again.</param>
/// <param name="letters">Takes a dead letter of each; null: nobody does.</param>
/// <param name="metrics">Counts them.</param>
internal sealed class SnapshotLimit(KafkaOptions options, ILogger log, Action<DeadLetter>? letters, StateMetrics? metrics)
{
    /// <summary>Stage of the dead letters.</summary>
    public const string Stage = "state";

    private const int MostPatients = 100_000;

    private readonly Dictionary<string, int> _refused = new(StringComparer.Ordinal);    // by patient: the size that did not fit
    private readonly HashSet<string> _told = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();    // the client's thread reports what the brokers refuse
    private readonly List<(PatientSnapshot Snapshot, int Size)> _reported = [];

    /// <summary>Whether each record has to travel in a batch of its own, since the brokers refused one with several, and do not say which was too large.</summary>
    public bool IsSingle { get; private set; }

    /// <summary>Whether a snapshot of so many bytes is sent: not one as large as the patient's last one that was refused, or nearly.</summary>
    public bool Takes(PatientSnapshot snapshot, int size)
    {
        if (!_refused.TryGetValue(snapshot.Patient.Value, out var known))
            return true;
        if (size < known - known / 16)
        {
            _refused.Remove(snapshot.Patient.Value);
            return true;
        }
        Tell(snapshot, size, "as one before");
        return false;
    }

    /// <summary>A snapshot fits.</summary>
    public void NoteCommitted(PatientSnapshot snapshot)
    {
        if (_told.Count > 0 && !_refused.ContainsKey(snapshot.Patient.Value))
            _told.Remove(snapshot.Patient.Value);
    }

    /// <summary>The client does not take a snapshot: it is too large for a record.</summary>
    public void Refuse(PatientSnapshot snapshot, int size, string reason)
    {
        if (_refused.Count >= MostPatients)
            _refused.Clear();
        _refused[snapshot.Patient.Value] = size;
        Tell(snapshot, size, reason);
    }

    /// <summary>The brokers refuse a snapshot's size, with all that was in its batch. Any thread.</summary>
    public void Report(PatientSnapshot snapshot, int size)
    {
        lock (_lock)
            _reported.Add((snapshot, size));
    }

    /// <summary>
    /// A transaction has failed: takes what was reported meanwhile. True when snapshots were refused for their size, and the next attempt goes without the
    /// guilty ones, or with each in a batch of its own (<see cref="IsSingle"/>).
    /// </summary>
    public bool TakeReports()
    {
        (PatientSnapshot Snapshot, int Size)[] reported;
        lock (_lock)
        {
            reported = [.. _reported];
            _reported.Clear();
        }
        if (reported.Length == 0)
            return false;
        if (reported.Length > 1 && !IsSingle)
            IsSingle = true;
        else
            foreach (var (snapshot, size) in reported)
                Refuse(snapshot, size, nameof(ErrorCode.MsgSizeTooLarge));
        return true;
    }

    private void Tell(PatientSnapshot snapshot, int size, string reason)
    {
        metrics?.NoteUnsent();
        if (!_told.Add(snapshot.Patient.Value))
            return;
        if (_told.Count > MostPatients)
            _told.Clear();
        var text = string.Create(CultureInfo.InvariantCulture,
            $"a snapshot of {size} bytes does not fit into a record of {options.StateTopic} ({reason}): the patient's state is not kept, and begins anew from its last "
            + $"snapshot that fitted when the partition moves. Send fewer channels or a lower rate, or raise the topic's max.message.bytes and "
            + $"Kafka:ProducerProperties:message.max.bytes");
        log.SnapshotTooLarge(snapshot.Applied.Partition, snapshot.Patient.Value, text);
        letters?.Invoke(new DeadLetter(
            Stage, text, new Origin(options.SamplesTopic, snapshot.Applied.Partition, snapshot.Applied.Offset), SampleEncoder.Key(snapshot.Patient), ReadOnlyMemory<byte>.Empty));
    }
}
