using Akka.Streams;
using Pipeline.Actors.Serving;
using Pipeline.Actors.Stages;
using Pipeline.Models.Signals;
using Pipeline.Models.State;

namespace Pipeline.Actors;

/// <summary>
/// A partition whose graph runs in this process: what feeds it, asks it for checkpoints and ends it. Every member may be used by any
/// thread.
/// </summary>
internal sealed class Partition
{
    private const int PatientsOfQuestion = 64;
    private static readonly TimeSpan ReleasePatience = TimeSpan.FromSeconds(3);

    private readonly Lock _lock = new();
    private readonly PartitionContext _context;
    private readonly PartitionFeed _feed;
    private readonly UniqueKillSwitch _switch;
    private readonly CancellationTokenSource _stop;
    private readonly Action<ShardCheckpoint>? _passed;
    private ShardCheckpoint? _ready;
    private long? _committable;
    private bool _isAsked;

    private Partition(PartitionContext context, CancellationTokenSource stop, IMaterializer materializer, Action<ShardCheckpoint>? passed)
    {
        (_context, _stop, _passed) = (context, stop, passed);
        _feed = new PartitionFeed(context.Options.MailboxCapacity, context.Options.MaxMailboxBytes);
        var (killSwitch, ended) = PartitionGraph.Of(context, _feed, Note).Run(materializer);
        _switch = killSwitch;
        Completion = EndAsync(ended);
    }

    /// <summary>
    /// Starts the graph. <paramref name="restore"/>: what was committed of the partition; null: no state is kept.
    /// <paramref name="passed"/>: gets every checkpoint that may be committed; without it <see cref="TakeCheckpoint"/> gives it.
    /// </summary>
    public static Partition Start(PartitionPlace place, ShardRestore? restore, Partitions owner, Action<ShardCheckpoint>? passed = null)
    {
        var (settings, counts, stop) = (owner.Settings, new Counts(), new CancellationTokenSource());
        var context = new PartitionContext
        {
            Number = place.Number,
            Topic = place.Topic,
            TopicId = place.TopicId,
            Decoder = place.Decoder,
            Settings = settings,
            Places = owner.Places,
            Restore = restore,
            Networks = new PartitionNetworks(settings.Networks, place.Number, restore?.Networks ?? default, counts),
            RecordLatency = owner.RecordLatency,
            Stop = stop.Token,
            Counts = counts,
            Replies = new PatientReplies(settings.Scheduler),
        };
        return new Partition(context, stop, owner.Materializer, passed);
    }

    public int Number => _context.Number;

    public Counts Counts => _context.Counts;

    /// <summary>Records that wait.</summary>
    public int WaitingCount => _feed.Count;

    /// <summary>Patients in memory.</summary>
    public int PatientCount => _context.PatientCount;

    /// <summary>Patients of whom there is a snapshot only.</summary>
    public int PassiveCount => _context.PassiveCount;

    /// <summary>Batches that wait for their acknowledgement.</summary>
    public int InFlightCount => _context.InFlightCount;

    /// <summary>Windows that a network is asked about, and has not answered.</summary>
    public int QuestionCount => _context.QuestionCount;

    /// <summary>Devices that are silent.</summary>
    public int SilentCount => _context.Presence.SilentCount;

    /// <summary>
    /// What is to be said of devices that fell silent, send again or are still silent. <paramref name="isAtEnd"/>: whether all of the
    /// partition's records were handed over. One thread at a time, which may wait for the disk.
    /// </summary>
    /// <exception cref="IOException">The snapshots of patients that are not in memory cannot be read.</exception>
    public IEnumerable<DevicePresence> JudgePresence(bool isAtEnd)
    {
        var presence = _context.Presence;
        if (isAtEnd && presence.IsToAddRestored)
        {
            presence.IsRestoredAdded = true;
            AddRestored(presence);
        }
        var now = _context.Time.GetUtcNow();
        return presence.Judge(isAtEnd).Select(change => DevicePresence.Of(change, _context.Topic, Number, now));
    }

    /// <summary>Messages to patients that are not acknowledged.</summary>
    public int OpenCount => _context.OpenCount;

    /// <summary>What holds the partition up; null when nothing does.</summary>
    public string? Stalled => _context.Stalled;

    /// <summary>Ends when the feed was completed and all of it is done with, or the partition was cut off; fails when a sink or a stage
    /// does.</summary>
    public Task Completion { get; }

    /// <summary>Offset after the last record behind which a barrier has passed; null before the first.</summary>
    public long? Committable
    {
        get
        {
            lock (_lock)
                return _committable;
        }
    }

    /// <summary>See <see cref="PartitionFeed.Offer"/>.</summary>
    public int Offer(ReadOnlySpan<ShardRecord> records) => _feed.Offer(records);

    /// <summary>See <see cref="PartitionFeed.WaitForSpaceAsync"/>.</summary>
    public ValueTask WaitForSpaceAsync(CancellationToken stop) => _feed.WaitForSpaceAsync(stop);

    /// <summary>Sends a barrier through the graph; nothing happens while one is on its way, or a checkpoint waits to be taken.</summary>
    public void RequestCheckpoint()
    {
        lock (_lock)
        {
            if (_isAsked || _ready is not null)
                return;
            _isAsked = true;
        }
        _feed.Add(new Barrier(isLast: false));
    }

    /// <summary>The checkpoint that may be committed; null when there is none, or it was taken.</summary>
    public ShardCheckpoint? TakeCheckpoint()
    {
        lock (_lock)
        {
            var ready = _ready;
            _ready = null;
            return ready;
        }
    }

    /// <summary>A checkpoint is the partition's last one now.</summary>
    public void NoteCommitted(ShardCheckpoint checkpoint) => _context.Told(new BarrierOutcome(Committed: checkpoint));

    /// <summary>No record follows: a last barrier goes through the graph, and it ends.</summary>
    public void Complete()
    {
        _context.IsLeaving = true;
        _feed.Add(new Barrier(isLast: true));
        _feed.Complete();
        _context.Told(new BarrierOutcome(IsLeaving: true));
    }

    /// <summary>Cuts the graph off: what is not acknowledged is not committed.</summary>
    public void Cancel()
    {
        _context.Replies.Ignore();
        _feed.Complete();
        _stop.Cancel();
        _switch.Shutdown();
    }

    /// <inheritdoc/>
    public override string ToString() =>
        $"committable {Committable}; {WaitingCount} records wait, {OpenCount} messages open, {QuestionCount} questions, {InFlightCount} batches; "
        + $"stalled {Stalled ?? "not"}; graph {Completion.Status}";

    /// <summary>Patients of the state that was read, and that have not come since; not those that left before long.</summary>
    private void AddRestored(PresenceTable presence)
    {
        if (_context.Restore is not { Time: { } time })
            return;
        var passive = _context.Settings.Passive;
        var oldest = time.AddSeconds(-PresenceTable.SaidFor.TotalSeconds);
        foreach (var some in passive.FindUnseen(Number, new LastSeen(new Timestamp(long.MaxValue), long.MaxValue), PresenceTable.MostDevices).Chunk(PatientsOfQuestion))
            try
            {
                foreach (var snapshot in passive.FindMany(Number, some).Values)
                    presence.Add(snapshot, oldest);
            }
            catch (UnreadablePatientsException unreadable)
            {
                foreach (var snapshot in unreadable.Found.Values)
                    presence.Add(snapshot, oldest);
            }
    }

    private void Note(Barrier passed)
    {
        ShardCheckpoint? checkpoint = null;
        if (passed.HasNews && _context.Restore is { } restore)
            checkpoint = new ShardCheckpoint(
                restore.Lease, _context.PositionOf(passed.Through),
                [.. passed.Captured.Where(captured => captured.IsChanged).Select(captured => captured.Snapshot)], passed.Forgotten, passed.Time, passed.Networks);
        lock (_lock)
        {
            _isAsked = false;
            _committable = passed.Through >= 0 ? passed.Through + 1 : _committable;
            if (checkpoint is not null && _passed is null)
                _ready = checkpoint.Following(_ready);
        }
        if (checkpoint is not null)
            _passed?.Invoke(checkpoint);
        if (!passed.IsLast)
            _context.Told(new BarrierOutcome(passed));
    }

    private async Task EndAsync(Task ended)
    {
        try
        {
            await Awaiting.AllAsync(ended);
        }
        finally
        {
            _stop.Cancel();     // here and now: CancelAsync would call back on the thread pool
            await Awaiting.AllAsync(_context.WindowsStopped.Task, _context.PatientsStopped.Task);
            await _context.Replies.EndAsync(_context.Networks.Workers);
            _context.Networks.Clear();
            await ReleaseAsync();
            await _context.DiskEnded;
            _context.Replies.Dispose();
        }
    }

    private async Task ReleaseAsync()
    {
        using var enough = new CancellationTokenSource(ReleasePatience, _context.Time);
        try
        {
            await _context.Settings.Region.ReleaseAsync(Number, enough.Token);
        }
        catch (OperationCanceledException)
        {
            // The region does not answer; the next owner's claim moves the shard all the same.
        }
    }
}

/// <summary>Which partition it is.</summary>
/// <param name="Number">Its number in the topic.</param>
/// <param name="Topic">Input topic, or the recording's name.</param>
/// <param name="TopicId">Id of the input topic; all zeros where the source has none.</param>
/// <param name="Decoder">Reads its records; null where they come decoded.</param>
internal readonly record struct PartitionPlace(int Number, string Topic, Guid TopicId, RecordDecoder? Decoder = null);
