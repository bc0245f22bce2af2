namespace Pipeline.Actors;

/// <summary>What is counted. "Samples" are stored values: samples per channel times channels.</summary>
public enum Count
{
    /// <summary>Records taken from mailboxes.</summary>
    Records,

    /// <summary>Records that the decoder refused.</summary>
    RecordsRefused,

    /// <summary>Chunks taken whole.</summary>
    ChunksTaken,

    /// <summary>Chunks of which only the new samples were taken.</summary>
    ChunksOverlapping,

    /// <summary>Chunks whose samples were all known.</summary>
    ChunksDuplicate,

    /// <summary>Chunks whose place was given up before they came.</summary>
    ChunksLate,

    /// <summary>Chunks that cannot be used: dead-lettered with the reason.</summary>
    ChunksRefused,

    /// <summary>Chunks on which their patient threw too often: dead-lettered with the reason.</summary>
    ChunksFailed,

    /// <summary>Samples in all chunks that came.</summary>
    Samples,

    /// <summary>Samples taken into windows.</summary>
    SamplesTaken,

    /// <summary>Samples that were known or late.</summary>
    SamplesDropped,

    /// <summary>Samples in refused and failed chunks.</summary>
    SamplesRefused,

    /// <summary>Gaps between chunks.</summary>
    Gaps,

    /// <summary>Samples that are missing in these gaps.</summary>
    SamplesMissing,

    /// <summary>Windows given to the estimators.</summary>
    Windows,

    /// <summary>Estimates, with or without a value.</summary>
    Estimates,

    /// <summary>Estimates with a value.</summary>
    Values,

    /// <summary>Beats.</summary>
    Beats,

    /// <summary>Windows that a network was asked about.</summary>
    Questions,

    /// <summary>Questions that came back, answered or failed.</summary>
    Answers,

    /// <summary>Answers that are none, because the network threw on the row: dead-lettered with the reason, estimated by the classical
    /// stage.</summary>
    AnswersFailed,

    /// <summary>Questions that were given up with their shard; its next owner asks them again.</summary>
    QuestionsDropped,

    /// <summary>Shards' changes to a new version of a model.</summary>
    ModelSwitches,

    /// <summary>Device streams begun: a new device, or a new epoch.</summary>
    StreamsBegun,

    /// <summary>Device streams that go on from a snapshot.</summary>
    StreamsRestored,

    /// <summary>Device streams that go on from a snapshot but for a stage that it holds nothing of: another estimator, another
    /// network.</summary>
    StreamsRestoredInPart,

    /// <summary>Device streams whose snapshot cannot be used, for other windows are set or a newer program wrote it: they begin
    /// anew.</summary>
    StreamsNotRestored,

    /// <summary>Device streams that lost their state, because a chunk that fails with it does not fail without it.</summary>
    StreamsBegunAnew,

    /// <summary>Records that are in a restored patient's snapshot already, and are passed over.</summary>
    RecordsInSnapshots,

    /// <summary>Moves of an epoch's time anchor: the device's clock and its sample count had drifted apart.</summary>
    AnchorMoves,

    /// <summary>Patients taken into memory, on first sight or on their return.</summary>
    PatientsCreated,

    /// <summary>Patients that left the memory because they were idle; their snapshots are kept.</summary>
    PatientsPassivated,

    /// <summary>Patients that should have left the memory and did not, because the disk did not take their snapshots.</summary>
    PatientsNotPassivated,

    /// <summary>Patients forgotten because nothing came of them for <see cref="TopologyOptions.ForgetAfter"/>.</summary>
    PatientsForgotten,

    /// <summary>Times that a patient threw and went back to before the chunk.</summary>
    PatientsRestarted,

    /// <summary>Patients that came in two partitions: an error of a producer's partitioning.</summary>
    PatientsInTwoShards,

    /// <summary>Batches handed to the sinks.</summary>
    Batches,

    /// <summary>Batches that the sinks acknowledged.</summary>
    BatchesAcknowledged,
}

/// <summary>
/// One long for each <see cref="Count"/>. Written by one thread (a shard's loop) with plain additions, but for acknowledgements, and read
/// by any: a reader may be some counts behind, which costs the hot path nothing.
/// </summary>
public sealed class Counts
{
    private static readonly int Size = Enum.GetValues<Count>().Length;

    private readonly long[] _values = new long[Size];

    /// <summary>The present value of <paramref name="count"/>.</summary>
    public long this[Count count] => Volatile.Read(ref _values[(int)count]);

    /// <summary>Whether nothing that was taken is under way: every question is answered, every batch acknowledged.</summary>
    public bool IsSettled => this[Count.Questions] == this[Count.Answers] + this[Count.QuestionsDropped] && this[Count.Batches] == this[Count.BatchesAcknowledged];

    internal void Add(Count count, long amount = 1) => _values[(int)count] += amount;

    /// <summary>Adds what another one has counted so far; not while somebody else adds to this one.</summary>
    public void Add(Counts other)
    {
        ArgumentNullException.ThrowIfNull(other);
        for (var i = 0; i < _values.Length; i++)
            _values[i] += Volatile.Read(ref other._values[i]);
    }
}
