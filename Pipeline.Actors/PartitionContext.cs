using Pipeline.Actors.Cluster;
using Pipeline.Actors.Serving;
using Pipeline.Actors.Stages;
using Pipeline.Models;
using Pipeline.Models.Alarms;
using Pipeline.Models.Estimators;
using Pipeline.Models.Signals;
using Pipeline.Models.State;

namespace Pipeline.Actors;

/// <summary>
/// What the stages of one partition's graph share. They are fused, so all of it is one thread's, but for what says that any thread may read
/// it.
/// </summary>
internal sealed class PartitionContext
{
    /// <summary>Number of the partition.</summary>
    public required int Number { get; init; }

    /// <summary>Input topic, or the recording's name.</summary>
    public required string Topic { get; init; }

    /// <summary>Id of the input topic; all zeros where the source has none.</summary>
    public required Guid TopicId { get; init; }

    /// <summary>Reads the records; null where they come decoded.</summary>
    public RecordDecoder? Decoder { get; init; }

    /// <summary>What the partitions of this process share.</summary>
    public required PartitionSettings Settings { get; init; }

    /// <summary>Which partition each patient of this process is in.</summary>
    public required PatientPlaces Places { get; init; }

    /// <summary>What was committed of the partition; null where no state is kept.</summary>
    public required ShardRestore? Restore { get; init; }

    /// <summary>The networks that are asked.</summary>
    public required PartitionNetworks Networks { get; init; }

    /// <summary>Takes the latency of each acknowledged batch, in seconds.</summary>
    public required Action<double> RecordLatency { get; init; }

    /// <summary>Cancelled when the partition is given up at once.</summary>
    public required CancellationToken Stop { get; init; }

    /// <summary>What was counted; written by the graph, read by any thread.</summary>
    public required Counts Counts { get; init; }

    /// <summary>Which devices send, by the wall clock.</summary>
    public PresenceTable Presence => field ??= new PresenceTable(Options.SilentAfter, Time);

    /// <summary>The way back from the patients' entities.</summary>
    public required PatientReplies Replies { get; init; }

    /// <summary>Output of the window stage's estimators, and their questions, which come back here.</summary>
    public StageOutput Scratch { get; } = new();

    public TopologyOptions Options => Settings.Options;

    public TimeProvider Time => Settings.Time;

    public TaskScheduler Scheduler => Settings.Scheduler;

    public IReadOnlyList<IPatientSink> Sinks => Settings.Sinks;

    /// <summary>Batches that wait for their acknowledgement. Any thread may read.</summary>
    public int InFlightCount { get; set; }

    /// <summary>Messages to patients that are not acknowledged. Any thread may read.</summary>
    public int OpenCount { get; set; }

    /// <summary>Windows that a network is asked about. Any thread may read.</summary>
    public int QuestionCount { get; set; }

    /// <summary>Patients in memory. Any thread may read.</summary>
    public int PatientCount { get; set; }

    /// <summary>Patients of whom there is a snapshot only. Any thread may read.</summary>
    public int PassiveCount { get; set; }

    /// <summary>Bytes of samples that the patients in memory hold; set by their table.</summary>
    public Func<long> HeldBytes { get; set; } = () => 0;

    /// <summary>What holds the partition up, for a person; null when nothing does. Any thread may read.</summary>
    public string? Stalled { get; set; }

    /// <summary>Whether the partition is given up. Any thread may write; <see cref="Told"/> says so, too, to a stage that has
    /// started.</summary>
    public bool IsLeaving { get; set; }

    /// <summary>Completes when the patient stage has stopped, and what was open is counted.</summary>
    public TaskCompletionSource PatientsStopped { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when the window stage has stopped, and <see cref="DiskEnded"/> is set.</summary>
    public TaskCompletionSource WindowsStopped { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when nothing of the partition is written to disk any more; set when the graph has stopped.</summary>
    public Task DiskEnded { get; set; } = Task.CompletedTask;

    /// <summary>Tells the window stage what became of a barrier; set when the graph starts. Any thread may call.</summary>
    public Action<BarrierOutcome> Told { get; set; } = _ => { };

    /// <summary>Where a record of the partition stands.</summary>
    public RecordPosition PositionOf(long offset) => new(TopicId, Number, offset);
}

/// <summary>What the partitions of one process share; immutable.</summary>
internal sealed class PartitionSettings
{
    public required TopologyOptions Options { get; init; }

    public required IReadOnlyList<IPatientSink> Sinks { get; init; }

    public required TimeProvider Time { get; init; }

    /// <summary>Makes the estimators of a stream.</summary>
    public required StageFactory Stages { get; init; }

    /// <summary>When patients have alarms; null: never.</summary>
    public AlarmRules? Alarms { get; init; }

    /// <summary>Where idle patients lie.</summary>
    public required IPassivePatients Passive { get; init; }

    /// <summary>Where the patients' entities are reached.</summary>
    public required IPatientRegion Region { get; init; }

    /// <summary>Runs what a graph must not wait for: the disk, and continuations.</summary>
    public required TaskScheduler Scheduler { get; init; }

    /// <summary>The networks that are asked; null: there are none.</summary>
    public NetworkRegistry? Networks { get; init; }

    /// <summary>Where chunks can be looked at while they pass.</summary>
    public SampleTap? Tap { get; init; }

    /// <summary>What a patient stage knows of its open messages; a test's own, where one is to be found out.</summary>
    public required Func<TimeProvider, TimeSpan, OpenMessages> OpenMessages { get; init; }

    public WindowShape Shape => field ??= Options.Shape;
}

/// <summary>What became of a barrier, for the window stage.</summary>
/// <param name="Passed">A barrier that has passed all stages: idle patients' snapshots can be kept elsewhere.</param>
/// <param name="Committed">A checkpoint that is the partition's last one now.</param>
/// <param name="IsLeaving">Whether the partition is given up: it waits for no commit, and the next owner handles the records behind
/// it.</param>
internal readonly record struct BarrierOutcome(Barrier? Passed = null, ShardCheckpoint? Committed = null, bool IsLeaving = false);
