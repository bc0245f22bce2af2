using Akka.Actor.Setup;

namespace Pipeline.Actors.Cluster;

/// <summary>
/// The newest view of the consumer group. The host's watch writes it; formation and downing read it. Thread-safe.
/// </summary>
public sealed class ClusterGroup
{
    private readonly Lock _lock = new();
    private TaskCompletionSource _urgent = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile GroupMembers? _latest;
    private volatile bool _isUrgent = true;

    /// <summary>The newest view; null before the first.</summary>
    public GroupMembers? Latest => _latest;

    /// <summary>
    /// Whether a decision waits for a newer view: this process is in no cluster yet, or a member of the cluster is unreachable. The watch
    /// then asks the brokers often, else rarely.
    /// </summary>
    public bool IsUrgent => _isUrgent;

    /// <summary>Completes when <see cref="IsUrgent"/> is or becomes true.</summary>
    public Task Urgent
    {
        get
        {
            lock (_lock)
                return _urgent.Task;
        }
    }

    /// <summary>Raised on the watch's thread after each view.</summary>
    public event Action? Updated;

    /// <summary>Takes a new view.</summary>
    public void Update(GroupMembers members)
    {
        ArgumentNullException.ThrowIfNull(members);
        _latest = members;
        Updated?.Invoke();
    }

    /// <summary>Sets <see cref="IsUrgent"/>.</summary>
    internal void SetUrgent(bool isUrgent)
    {
        lock (_lock)
        {
            _isUrgent = isUrgent;
            if (isUrgent)
                _urgent.TrySetResult();
            else if (_urgent.Task.IsCompleted)
                _urgent = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }
}

/// <summary>Hands the group and the clock to what Akka creates by itself: <see cref="GroupDowning"/>.</summary>
internal sealed class ClusterGroupSetup(ClusterGroup group, TimeProvider time) : Setup
{
    public ClusterGroup Group { get; } = group;

    public TimeProvider Time { get; } = time;
}
