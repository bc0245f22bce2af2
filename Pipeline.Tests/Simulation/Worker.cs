using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using Pipeline.Actors;
using Pipeline.Actors.Inference;
using Pipeline.Actors.Serving;
using Pipeline.Models.Packages;

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
    private readonly ServedModels _models;
    private readonly LateAnswers? _lateAnswers;     // these two: planted bugs
    private readonly LateCapture? _lateCapture;
    private readonly SortedList<int, Owned> _owned = [];
    private Task<Membership?>? _joining;
    private GroupMember _member;
    private int _memberCount;
    private bool _isToJoin = true, _isLost, _isLeaving;

    public Worker(World world, Settings settings, SimulatedBroker broker, SimulatedGroup group, SimulatedStore store, Ownership ownership, RateModel model, string name)
    {
        (_world, _settings, _broker, _group, _ownership) = (world, settings, broker, group, ownership);
        Process = new SimulatedProcess(world.Steps, name, settings.Inlines);
        _member = new GroupMember(name, -1);
        _log = new SimulatedLog(Process, broker, () => _member);
        _keepingLog = settings.Bug == PlantedBug.SnapshotsWithoutPosition ? new PositionlessLog(_log) : _log;
        _lateAnswers = settings.Bug == PlantedBug.AnswersAfterARestart ? new LateAnswers() : null;
        _models = SimulatedModels.Serve(Process, SimulatedModels.SomeOptions(world.Steps.Random), model, _lateAnswers is null ? null : _lateAnswers.Through);
        _models.Switched += Note;
        IPatientSink sink = new SimulatedSink(Process, store);
        if (settings.Bug == PlantedBug.CommitsBeforeAcknowledge)
            sink = new HastySink(sink);
        Shards = TestPartitions.Of(settings.Options, [sink], Process.Clock, SimulatedStage.Factory, _models, Process);
        _lateCapture = settings.Bug == PlantedBug.CapturesAfterTheBarrier ? new LateCapture(Shards, _log) : null;
    }

    public SimulatedProcess Process { get; }

    public Partitions Shards { get; }

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

    /// <summary>It is to drain, hand over and leave.</summary>
    public void Leave() => _isLeaving = true;

    /// <summary>The history is over; what a process leaves in the runtime goes.</summary>
    public void Bury()
    {
        TelemetryOf(Shards).Dispose();
        TelemetryOf(_models).Dispose();
        MeterOf(_models).Dispose();
    }

    /// <summary>What is more than it may be; null when nothing is.</summary>
    public string? FindExcess()
    {
        var options = _settings.Options;
        foreach (var shard in Shards.Snapshot())
        {
            if (shard.WaitingCount > options.MailboxCapacity)
                return $"{shard.WaitingCount} records wait in a mailbox";
            if (shard.InFlightCount > options.MaxBatchesInFlight)
                return $"{shard.InFlightCount} batches of a shard are under way";
            // A record is handled whole: it may end as many windows as a chunk and a gap can.
            if (shard.QuestionCount > options.MaxWaitingWindows + 64)
                return $"{shard.QuestionCount} questions of a shard are open";
        }
        return _log.WaitingCount > Workload.PartitionCount ? $"{_log.WaitingCount} checkpoints wait" : null;
    }

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
            var kept = new KeptShard(partition, Shards, _keepingLog, _settings.CheckpointInterval, Process.Clock);
            var committed = await CommittedAsync(partition);
            _owned[partition] = new Owned(kept, committed ?? 0);
            kept.BeginRestore(_keepingLog.AssignAsync(partition, committed, null, CancellationToken.None));
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

    /// <summary>Reads, which takes a moment when there is nothing, and posts what finds room.</summary>
    private async Task FetchAsync()
    {
        (int Partition, Owned Owned)[] open = [.. _owned.Where(o => !o.Value.Kept.IsRestoring && o.Value.Held.Count == 0).Select(o => (o.Key, o.Value))];
        (int Partition, long From)[] wanted = [.. open.Select(o => (o.Partition, o.Owned.Next))];
        var fetched = await Process.CallAsync<ArraySegment<ShardRecord>[]>(answer => _broker.Fetch(wanted, MostRecordsOfFetch, Poll, answer));
        for (var i = 0; i < fetched.Length; i++)
        {
            if (fetched[i].Count == 0)
                continue;
            var (partition, owned) = open[i];
            owned.Next = fetched[i][^1].Offset + 1;
            var posted = Shards.Post(partition, fetched[i]);
            foreach (var record in fetched[i].Skip(posted))
                owned.Held.Enqueue(record);
        }
    }

    private void Look()
    {
        foreach (var (partition, owned) in _owned)
        {
            while (owned.Held.TryPeek(out var record) && Shards.TryPost(partition, record))
                owned.Held.Dequeue();
            if (owned.Kept.Restored is { } restored)
            {
                owned.Next = restored.NextOffset(TopicId) ?? owned.Next;
                if (_group.Knows(_member.Name))
                    _ownership.Begin(partition, Process.Name);
                owned.Kept.Begin(Workload.Topic, TopicId);
                _lateAnswers?.Restart();
                _world.Story?.Tell(Process.Name, $"goes on with partition {partition} at {owned.Next}, {restored.Patients.Count} patients");
            }
            else if (owned.Kept.HasBegun)
            {
                owned.Kept.Keep(CancellationToken.None);
                if (owned.Kept.Committed is { } committed)
                    _lateCapture?.Look(partition, committed, CancellationToken.None);
            }
        }
    }

    private async Task HandOverAsync(int[] partitions)
    {
        _world.Story?.Tell(Process.Name, $"hands over {string.Join(' ', partitions)}");
        var released = await ReleaseAsync(partitions, Drain);
        using var enough = new CancellationTokenSource(Drain, Process.Clock);
        await Task.WhenAll(partitions.Zip(released, (p, last) => _owned[p].Kept.CommitLastAsync(last, enough.Token)));
        foreach (var partition in partitions)
        {
            _owned[partition].Kept.Revoke();
            _owned.Remove(partition);
        }
    }

    /// <summary>The group has given it up: nothing of what it had is its own.</summary>
    private async Task ForgetAsync()
    {
        _world.Story?.Tell(Process.Name, $"is told that it has lost {string.Join(' ', _owned.Keys)}");
        foreach (var owned in _owned.Values)
            owned.Kept.Revoke();
        await ReleaseAsync([.. _owned.Keys], TimeSpan.Zero);
        _owned.Clear();
        (_isLost, _isToJoin) = (false, true);
        _member = new GroupMember($"{Process.Name}.{++_memberCount}", -1);
    }

    private async Task<ShardCheckpoint?[]> ReleaseAsync(int[] partitions, TimeSpan patience)
    {
        using var enough = new CancellationTokenSource(patience, Process.Clock);
        if (patience == TimeSpan.Zero)
            enough.Cancel();
        var released = await Task.WhenAll(partitions.Select(partition => _owned[partition].Kept.HasBegun
            ? Shards.ReleaseAsync(partition, enough.Token)
            : Task.FromResult<(long?, ShardCheckpoint? Last)>((null, null))));
        return [.. released.Select(one => one.Last)];
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_telemetry")]
    private static extern ref Telemetry TelemetryOf(Partitions shards);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_telemetry")]
    private static extern ref InferenceTelemetry TelemetryOf(ServedModels models);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_meter")]
    private static extern ref Meter MeterOf(ServedModels models);

    private sealed class Owned(KeptShard kept, long committed)
    {
        public KeptShard Kept => kept;

        public long Next { get; set; } = committed;

        public Queue<ShardRecord> Held { get; } = new();
    }
}

/// <summary>How the workers of a history are set.</summary>
internal sealed record Settings(TopologyOptions Options, TimeSpan CheckpointInterval, bool Inlines, PlantedBug Bug)
{
    public static Settings Of(Random random, PlantedBug bug) => new(
        new TopologyOptions
        {
            MailboxCapacity = 16,
            MaxBatchPoints = random.Next(1, 40),
            MaxBatchesInFlight = random.Next(1, 5),
            MaxWaitingWindows = random.Next(2, 30),
            MaxWaitingWindowsPerPatient = random.Next(1, 5),
            IdleRounds = random.Next(2) == 0 ? 10 : 300,
            IdleAfter = TimeSpan.FromMinutes(1),
        },
        TimeSpan.FromSeconds(0.3 + 1.5 * random.NextDouble()), random.Next(2) == 0, bug);
}
