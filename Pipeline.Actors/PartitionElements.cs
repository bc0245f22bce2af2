using Akka.Actor;
using Pipeline.Actors.Inference;
using Pipeline.Models;
using Pipeline.Models.Estimators;
using Pipeline.Models.Signals;
using Pipeline.Models.State;

namespace Pipeline.Actors;

/// <summary>What flows through a partition's graph: batches of records, of windows and of output, and barriers between them, in one
/// order.</summary>
internal abstract class PartitionElement;

/// <summary>Some consecutive records of the partition, at most <see cref="MostRecords"/>.</summary>
/// <param name="records">Offsets ascend. Not changed any more.</param>
/// <param name="enteredAt"><see cref="System.Diagnostics.Stopwatch.GetTimestamp"/> when they entered the graph.</param>
internal sealed class RecordBatch(ShardRecord[] records, long enteredAt) : PartitionElement
{
    /// <summary>Batches as elements make the cost of a stream's stages vanish (about 45 ns a stage and element).</summary>
    public const int MostRecords = 64;

    public ShardRecord[] Records { get; } = records;

    public long EnteredAt { get; } = enteredAt;
}

/// <summary>What the window stage made of a batch of records: windows for the patients' actors, and output that no actor has to
/// see.</summary>
internal sealed class WindowBatch : PartitionElement
{
    /// <summary>In the order in which the records completed them.</summary>
    public List<PatientWindows> Windows { get; } = [];

    /// <summary>Beats and dead letters of the records.</summary>
    public OutputBatch Output { get; set; } = null!;    // set with the batch

    /// <summary>Patients that left the memory: their entities stop.</summary>
    public List<PatientLink> Left { get; } = [];
}

/// <summary>Output on its way to the sinks.</summary>
internal sealed class OutputElement(OutputBatch batch) : PartitionElement
{
    public OutputBatch Batch { get; } = batch;
}

/// <summary>
/// A checkpoint on its way through the graph. Every stage adds what it knows when it comes, and passes it on when everything before it is
/// done with: the window stage captures the device streams, the patient stage waits until no window is open and adds the patients' state,
/// the sink stage waits until the sinks have acknowledged all output before it. What comes out at the end may be committed.
/// </summary>
/// <param name="isLast">Whether no record follows: the partition is given up.</param>
internal sealed class Barrier(bool isLast) : PartitionElement
{
    public bool IsLast { get; } = isLast;

    /// <summary>Offset of the last record before it; −1 when there was none.</summary>
    public long Through { get; set; } = -1;

    /// <summary>Whether there is anything to commit since the checkpoint before.</summary>
    public bool HasNews { get; set; }

    /// <summary>Whether the window stage waits for the outcome before it takes further records: another network is asked from there
    /// on.</summary>
    public bool ChangesNetworks { get; set; }

    /// <summary>The patients that changed since the barrier before, and those that are idle.</summary>
    public List<CapturedPatient> Captured { get; } = [];

    public List<PatientId> Forgotten { get; } = [];

    /// <summary>Latest event time of the partition's records.</summary>
    public Timestamp? Time { get; set; }

    /// <summary>The networks that are asked about the windows behind it.</summary>
    public NetworkNames Networks { get; set; }
}

/// <summary>A patient's snapshot in a barrier.</summary>
/// <param name="link">The patient.</param>
/// <param name="snapshot">The device streams; the patient stage completes it.</param>
/// <param name="isChanged">Whether it belongs to the checkpoint.</param>
/// <param name="isIdle">Whether the patient is to leave the memory when its snapshot is kept elsewhere.</param>
internal sealed class CapturedPatient(PatientLink link, PatientSnapshot snapshot, bool isChanged, bool isIdle)
{
    public PatientLink Link { get; } = link;

    public PatientSnapshot Snapshot { get; set; } = snapshot;

    public bool IsChanged { get; } = isChanged;

    public bool IsIdle { get; } = isIdle;

    /// <summary>See <see cref="SupervisedPatient.LastRecord"/>, when it was captured.</summary>
    public long LastRecord { get; init; }

    /// <summary>The rest of the state, where no window before the barrier has taken it to the entity; a window behind it may have
    /// since.</summary>
    public PatientState? Unsent { get; } = link.Start;

    /// <summary>Whether the entity may hold the rest of the state.</summary>
    public bool IsWithEntity { get; } = link is { Start: null, HasState: true };
}

/// <summary>How a partition's graph reaches a patient's entity. Of one graph; its stages' thread only.</summary>
internal sealed class PatientLink(PatientId patient, PatientState? start = null)
{
    public PatientId Patient { get; } = patient;

    /// <summary>The entity, known from its first answer on; null before: the region finds it.</summary>
    public IActorRef? Entity { get; set; }

    /// <summary>Messages to the entity that it has not acknowledged.</summary>
    public int OpenCount { get; set; }

    /// <summary>Whether messages go straight to the entity; only changes while none is open.</summary>
    public bool IsDirect { get; set; }

    /// <summary>Whether the entity may hold what a network's answers change.</summary>
    public bool HasState { get; set; }

    /// <summary>Messages with windows so far: the entity takes each in its turn, or not at all.</summary>
    public long WindowsCount { get; set; }

    /// <summary>The state with which the entity begins, until it is sent.</summary>
    public PatientState? Start { get; set; } = start ?? new();
}

/// <summary>
/// Windows of one patient, in order: one message to its entity, and, when all estimates are known, the acknowledgement. What is in it
/// belongs to the entity from when it is told until it is acknowledged.
/// </summary>
internal sealed class PatientWindows(int partition, PatientLink link, PatientReplies replies) : IForPatient
{
    public int Partition { get; } = partition;

    public PatientId Patient => Link.Patient;

    public PatientLink Link { get; } = link;

    /// <summary>Where it is acknowledged.</summary>
    public PatientReplies Replies { get; } = replies;

    /// <summary>Its place among the graph's messages with windows of the patient, from 0: what comes behind a message that was lost is not
    /// answered.</summary>
    public long Number { get; set; }

    /// <summary>The state with which the entity begins, in the first message of a graph; null in the others.</summary>
    public PatientState? Start { get; set; }

    /// <summary>The record.</summary>
    public Origin Origin { get; init; }

    /// <summary>What somebody wants of the alarms; null of a record with samples.</summary>
    public AlarmCommand? Command { get; set; }

    /// <summary>The points, in order; the estimate of one with a question is not valid before its answer.</summary>
    public List<WindowPoint> Points { get; } = new(1);

    /// <summary>Beats that the windows found, in their order, which alarms are checked against; null: none.</summary>
    public List<WindowBeat>? Beats { get; set; }

    /// <summary>Questions among the points.</summary>
    public int QuestionCount { get; set; }

    public InferencePriority Priority { get; set; }

    /// <summary>The record's value, for a dead letter about it.</summary>
    public ReadOnlyMemory<byte> Payload { get; set; }

    /// <summary>See <see cref="OutputBatch.EnteredAt"/>.</summary>
    public long EnteredAt { get; set; }

    /// <summary>How the alarms stand with which the entity began, for readers; null: there was none.</summary>
    public VitalPoint? Standing { get; set; }

    /// <summary>What the entity found unusable.</summary>
    public List<DeadLetter>? DeadLetters { get; set; }

    /// <summary>Who acknowledged it.</summary>
    public IActorRef? By { get; set; }
}

/// <summary>A point, and what a network is asked about its window.</summary>
/// <param name="Point">The point.</param>
/// <param name="Question">What is asked; null when the estimate is known.</param>
/// <param name="Workers">Of the network that is asked; null when there is no question, and until the windows are addressed.</param>
internal readonly record struct WindowPoint(VitalPoint Point, NetworkQuestion? Question, InferenceWorkers? Workers);

/// <summary>A beat that was found with a window of the message.</summary>
/// <param name="WindowId">The window.</param>
/// <param name="Signal">The signal.</param>
/// <param name="Age">Seconds from the beat to the window's end, 0 or more.</param>
/// <param name="Label">Where it began.</param>
internal readonly record struct WindowBeat(long WindowId, SignalKind Signal, float Age, BeatLabel Label);

/// <summary>Asks an entity to complete the snapshot of its patient; acknowledged as windows are.</summary>
internal sealed class CapturePatient(int partition, CapturedPatient captured, PatientReplies replies) : IForPatient
{
    public int Partition { get; } = partition;

    public PatientId Patient => Captured.Link.Patient;

    public CapturedPatient Captured { get; } = captured;

    public PatientReplies Replies { get; } = replies;
}

/// <summary>Asks an entity whether it holds a message; one that does acknowledges this.</summary>
internal sealed class ProbePatient(int partition, PatientId patient, IForPatient asked, PatientReplies replies) : IForPatient
{
    public int Partition { get; } = partition;

    public PatientId Patient { get; } = patient;

    public IForPatient Asked { get; } = asked;

    public PatientReplies Replies { get; } = replies;
}

/// <summary>The patient left the memory: its entity stops, when nothing is open.</summary>
internal sealed record LeavePatient(int Partition, PatientId Patient) : IForPatient;
