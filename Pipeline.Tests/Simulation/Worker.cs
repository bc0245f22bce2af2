using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using Pipeline.Actors;
using Pipeline.Actors.Inference;
using Pipeline.Actors.Serving;
using Pipeline.Actors.Stages;
using Pipeline.Host.Kafka;
using Pipeline.Models.Features;

namespace Pipeline.Tests.Simulation;

/// <summary>
/// One life of a process: real shards, their keeping, real inference workers, and a source that does what the consumer's loop does: joins, reads,
/// posts, holds what finds no room, restores and then begins, hands over, forgets.
/// </summary>
internal sealed class Worker
{
    private const int MostRecordsOfFetch = 24;

    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(300), Poll = TimeSpan.FromMilliseconds(80), Drain = TimeSpan.FromSeconds(1), Patience = TimeSpan.FromSeconds(1);
    private static readonly Guid TopicId = new("00112233-4455-6677-8899-aabbccddeeff");

    private readonly World _world;
    private readonly Settings _settings;
    private readonly SimulatedBroker _broker;
    private readonly SimulatedGroup _group;
    private readonly SimulatedLog _log;
    private readonly IShardLog _keepingLog;
    private readonly Ownership _ownership;
    private readonly NetworkRegistry _models;
    private readonly LateAnswers? _lateAnswers;     // a planted bug
    private readonly SortedList<int, Owned> _owned = [];
    private Task<Membership?>? _joining;
    private GroupMember _member;
    private int _memberCount;
    private bool _isToJoin = true, _isLost, _isLeaving;

    public Worker(World world, Settings settings, SimulatedBroker broker, SimulatedGroup group, SimulatedStore store, Ownership ownership, SimulatedShards shards, RateModel model, string name)
    {
        (_world, _settings, _broker, _group, _ownership) = (world, settings, broker, group, ownership);
        Process = new SimulatedProcess(world.Steps, name, settings.Inlines);
        _member = new GroupMember(name, -1);
        _log = new SimulatedLog(Process, broker, () => _member);
        _keepingLog = settings.Bug switch
        {
            PlantedBug.SnapshotsWithoutPosition => new PositionlessLog(_log),
            PlantedBug.CapturesAfterTheBarrier => new LateCapture(_log),
            _ => _log,
        };
        _lateAnswers = settings.Bug == PlantedBug.AnswersAfterARestart ? new LateAnswers() : null;
        _models = SimulatedModels.Serve(Process, SimulatedModels.SomeOptions(world.Steps.Random), model, _lateAnswers is null ? null : _lateAnswers.Through);
        _models.Switched += Note;
        IPatientSink sink = new SimulatedSink(Process, store);
        if (settings.Bug == PlantedBug.CommitsBeforeAcknowledge)
            sink = new HastySink(sink);
        Region = new SimulatedRegion(Process, shards, world) { IsHasty = settings.Bug == PlantedBug.GraphStartsBeforeItsShard };
        Shards = Process.Partitions(settings.Options, sink, new PartitionParts
        {
            Actors = (Process.Actors.System, Region),
            Stages = SimulatedStage.Factory,
            Alarms = Workload.Alarms,
            Networks = _models,
            Passive = Disk,
            Scheduler = Process,
            OpenMessages = OpenMessagesOf(settings.Bug),
        });
    }

    public SimulatedProcess Process { get; }

    public Partitions Shards { get; }

    /// <summary>Its way to the patients.</summary>
    public SimulatedRegion Region { get; }

    /// <summary>Where its idle patients lie.</summary>
    public SimulatedDisk Disk { get; } = new();

    /// <summary>Whether it has handed everything over and ended.</summary>
    public bool IsGone { get; private set; }

    public void Start()
    {
        Watch(Process.Start(RunAsync), "the loop");
        Watch(Process.Start(BeatAsync), "the heartbeat");
        Watch(Shards.Failure, "the shards");
    }

    /// <summary>A new version of the network is there.</summary>
    public void Reload()
    {
        _world.Story?.Tell(Process.Name, "has a new version of the network");
        _models.Replace(SimulatedModels.Second);
    }

    /// <summary>Its consumer reads some offsets of each partition again.</summary>
    public void GoBack(int offsets)
    {
        foreach (var one in _owned.Values)
            one.Next = Math.Max(0, one.Next - offsets);
    }

    /// <summary>Its consumer passes some of the next records of each partition over, as one does that has no memory for them, but not the last that there is.</summary>
    public void Skip(int offsets)
    {
        foreach (var one in _owned.Values)
            one.ToSkip = offsets;
    }

    /// <summary>It is to drain, hand over and leave.</summary>
    public void Leave() => _isLeaving = true;

    /// <summary>The history is over; what a process leaves in the runtime goes.</summary>
    public void Bury()
    {
        TelemetryOf(Shards).Dispose();
        TelemetryOf(_models).Dispose();
        MeterOf(_models).Dispose();
        Process.Bury();
    }

    /// <summary>What is more than it may be; null when nothing is.</summary>
    public string? FindExcess()
    {
        var options = _settings.Options;
        foreach (var shard in Shards.Snapshot())
        {
            if (shard.WaitingCount > options.MailboxCapacity)
                return $"{shard.WaitingCount} records wait in a mailbox";
            if (shard.WaitingCount > 1 && BytesOf(FeedOf(shard)) > options.MaxMailboxBytes)
                return $"{shard.WaitingCount} records of {BytesOf(FeedOf(shard))} bytes wait in a mailbox";
            if (shard.InFlightCount > options.MaxBatchesInFlight)
                return $"{shard.InFlightCount} batches of a shard are under way";
            // A batch of records is handled whole, and each of them may end as many windows as a chunk and a gap can.
            if (shard.QuestionCount > options.MaxWaitingWindows + 16 * options.MailboxCapacity)
                return $"{shard.QuestionCount} questions of a shard are open";
        }
        return _log.WaitingCount > Workload.PartitionCount ? $"{_log.WaitingCount} checkpoints wait" : null;
    }

    private static Func<TimeProvider, TimeSpan, OpenMessages> OpenMessagesOf(PlantedBug bug) => bug switch
    {
        PlantedBug.BarrierPassesAnOpenAnswer => (time, patience) => new UncountedQuestions(time, patience),
        PlantedBug.LostAcknowledgementIsTakenForOne => (time, patience) => new ForgottenMessages(time, patience),
        _ => (time, patience) => new OpenMessages(time, patience),
    };

    private void Note(ModelSwitch change)
    {
        _ownership.Note(Process.Name, change);
        _world.Story?.Tell(Process.Name, $"asks {change.Model} about partition {change.Shard} from {change.Offset} on, after {change.Before}");
    }

    private void Watch(Task task, string what) => _ = task.ContinueWith(
        failed => _world.Fail($"{what} of {Process.Name} ended: {failed.Exception}"), CancellationToken.None,
        TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, Process);

    private async Task RunAsync()
    {
        while (!_isLeaving)
        {
            if (_isLost)
                await ForgetAsync();
            await JoinAsync();
            await FetchAsync();
            Look();
        }
        await HandOverAsync([.. _owned.Keys]);
        var name = _member.Name;
        await Process.CallAsync(() => _group.Leave(name));
        IsGone = true;
    }

    private async Task BeatAsync()
    {
        while (!IsGone)
        {
            await Task.Delay(Beat, Process.Clock);
            var member = _member;
            var answer = await Process.CallAsync(() => _group.Beat(member.Name));
            if (_member != member)
                continue;
            if (answer == Heartbeat.Unknown && _joining is null && member.Generation >= 0)
                _isLost = true;
            else if (answer == Heartbeat.RejoinPlease)
                _isToJoin = true;
        }
    }

    private async Task JoinAsync()
    {
        if (_isToJoin && _joining is null)
        {
            _isToJoin = false;
            var (member, owned) = (_member, _owned.Keys.ToArray());
            _joining = Process.CallAsync<Membership?>(answer => _group.Join(member.Name, member.Generation, owned, answer));
        }
        if (_joining is not { IsCompleted: true } joined)
            return;
        _joining = null;
        if (await joined is not { } membership)
        {
            _isLost = true;
            return;
        }
        _member = _member with { Generation = membership.Generation };
        int[] revoked = [.. _owned.Keys.Where(p => !membership.Partitions.Contains(p))], added = [.. membership.Partitions.Where(p => !_owned.ContainsKey(p)).Order()];
        if (revoked.Length > 0)
        {
            await HandOverAsync(revoked);
            _isToJoin = true;
        }
        foreach (var partition in added)
        {
            var before = await CommittedAsync(partition);
            _owned[partition] = new Owned(new PartitionProgress(partition, before)
            {
                Owned = Shards.Assign(new PartitionAssignment(partition, Workload.Topic, _keepingLog, _settings.CheckpointInterval, async (committed, stop) =>
                    (await _keepingLog.AssignAsync(partition, committed ?? before, null, stop), TopicId))
                {
                    Decoder = _broker.DecoderOf(partition),
                }),
            });
        }
    }

    /// <summary>The group's offset, when no transaction is about to change it; one that stays open is waited for some time only.</summary>
    private async Task<long?> CommittedAsync(int partition)
    {
        var began = Process.Clock.GetTimestamp();
        do
        {
            if (await Process.CallAsync(() => _broker.CommittedOffset(partition)) is { } offset)
                return offset;
        }
        while (Process.Clock.GetElapsedTime(began) < Patience);
        return null;
    }

    /// <summary>Reads, which takes a moment when there is nothing, and hands over what finds room; the rest is held, and no more is read meanwhile.</summary>
    private async Task FetchAsync()
    {
        Owned[] open = [.. _owned.Values.Where(one => !one.IsPaused)];
        var fetched = await Process.CallAsync<ArraySegment<ShardRecord>[]>(
            answer => _broker.Fetch(Array.ConvertAll(open, one => (one.Progress.Partition, one.Next)), MostRecordsOfFetch, Poll, answer));
        foreach (var (one, records) in open.Zip(fetched))
            Take(one, records);
    }

    private void Take(Owned one, ArraySegment<ShardRecord> records)
    {
        var progress = one.Progress;
        var run = new List<ShardRecord>(records.Count);
        var skipped = Math.Min(one.ToSkip, Math.Max(0, records.Count - 1));
        one.ToSkip -= skipped;
        if (skipped > 0)
            progress.NoteFault("no memory", Process.Clock.GetTimestamp());
        foreach (var record in records.Slice(skipped))
        {
            one.Next = record.Offset + 1;
            if (progress.PassOver(record.Offset, out _))
                break;
            switch (progress.FindGap(record.Offset, () => (0, _broker.EndOf(progress.Partition))))
            {
                case RecordGap.Doubtful when _settings.Bug != PlantedBug.TakesSkippedRecordsForAHole:
                    one.Next = progress.Expected ?? record.Offset;      // read again, and what follows with it
                    Post(progress, run);
                    return;
                case RecordGap.None or RecordGap.Hole or RecordGap.Doubtful:
                    progress.NoteRead(record.Offset);
                    run.Add(record);
                    break;
                case RecordGap.WentBack or RecordGap.Repeated:
                    break;
                case var gap:
                    _world.Fail($"{Process.Name} takes record {record.Offset} of partition {progress.Partition} for {gap}");
                    break;
            }
        }
        Post(progress, run);
    }

    private static void Post(PartitionProgress progress, List<ShardRecord> run)
    {
        var posted = progress.Held.Count == 0 ? progress.Offer(run.ToArray()) : 0;
        foreach (var record in run.Skip(posted))
            progress.Held.Enqueue(record);
    }

    private void Look()
    {
        foreach (var one in _owned.Values)
        {
            var progress = one.Progress;
            while (progress.Held.TryPeek(out var record) && progress.Offer([record]) == 1)
                progress.Held.Dequeue();
            if (progress.IsToBegin)
            {
                if (_group.Knows(_member.Name))
                    _ownership.Begin(progress.Partition, Process.Name);
                progress.Begin();
                _lateAnswers?.Restart();
            }
            else if (progress.IsToSeek)
            {
                one.Next = progress.SeekTo ?? one.Next;
                progress.NoteSought();
                _world.Story?.Tell(Process.Name, $"goes on with partition {progress.Partition} at {one.Next}, {progress.Owned?.RestoredCount} patients");
            }
        }
    }

    private async Task HandOverAsync(int[] partitions)
    {
        _world.Story?.Tell(Process.Name, $"hands over {string.Join(' ', partitions)}");
        using var enough = new CancellationTokenSource(Drain, Process.Clock);
        await Awaiting.AllAsync([.. partitions.Select(partition => OwnedOf(partition).DrainAsync(enough.Token))]);
        foreach (var partition in partitions)
            _owned.Remove(partition);
    }

    /// <summary>The group has given it up: nothing of what it had is its own.</summary>
    private async Task ForgetAsync()
    {
        _world.Story?.Tell(Process.Name, $"is told that it has lost {string.Join(' ', _owned.Keys)}");
        int[] lost = [.. _owned.Keys];
        foreach (var partition in lost)
            OwnedOf(partition).Revoke();
        await Awaiting.AllAsync([.. lost.Select(partition => OwnedOf(partition).Ended)]);
        _owned.Clear();
        (_isLost, _isToJoin) = (false, true);
        _member = new GroupMember($"{Process.Name}.{++_memberCount}", -1);
    }

    private OwnedPartition OwnedOf(int partition) => _owned[partition].Progress.Owned!;     // set when it was made

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_feed")]
    private static extern ref PartitionFeed FeedOf(Partition partition);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_bytes")]
    private static extern ref long BytesOf(PartitionFeed feed);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_telemetry")]
    private static extern ref Telemetry TelemetryOf(Partitions shards);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_telemetry")]
    private static extern ref InferenceTelemetry TelemetryOf(NetworkRegistry models);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_meter")]
    private static extern ref Meter MeterOf(NetworkRegistry models);

    /// <summary>A partition and where its consumer reads.</summary>
    private sealed class Owned(PartitionProgress progress)
    {
        public PartitionProgress Progress => progress;

        public long Next { get; set; } = progress.Expected ?? 0;

        /// <summary>Records that are to be passed over.</summary>
        public int ToSkip { get; set; }

        public bool IsPaused => progress.PassedOver is not null || progress.Held.Count > 0;
    }
}

/// <summary>How the workers of a history are set.</summary>
internal sealed record Settings(TopologyOptions Options, TimeSpan CheckpointInterval, bool Inlines, PlantedBug Bug)
{
    public static Settings Of(Random random, PlantedBug bug) => new(
        new TopologyOptions
        {
            MailboxCapacity = 16,
            MaxMailboxBytes = Workload.MostFeedBytes,
            AcknowledgeWithin = TimeSpan.FromSeconds(2),
            MaxBatchPoints = random.Next(1, 40),
            MaxBatchesInFlight = random.Next(1, 5),
            MaxWaitingWindows = random.Next(2, 30),
            IdleRounds = random.Next(2) == 0 ? 10 : 300,
            IdleAfter = TimeSpan.FromMinutes(1),
        },
        TimeSpan.FromSeconds(0.3 + 1.5 * random.NextDouble()), random.Next(2) == 0, bug);
}
