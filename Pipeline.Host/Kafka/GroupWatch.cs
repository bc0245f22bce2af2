using Confluent.Kafka;
using Pipeline.Actors.Cluster;

namespace Pipeline.Host.Kafka;

/// <summary>
/// Asks the brokers who is in the consumer group, for the cluster: five times a second while that is urgent, else every two seconds. Brokers that do not answer leave the
/// last view as it is: nobody is downed meanwhile.
/// </summary>
internal sealed class GroupWatch : IAsyncDisposable
{
    private static readonly TimeSpan Urgent = TimeSpan.FromMilliseconds(200), Calm = TimeSpan.FromSeconds(2);

    private readonly CancellationTokenSource _stop = new();
    private readonly KafkaOptions _options;
    private readonly ClusterGroup _group;
    private readonly GroupNode _self;
    private readonly ILogger _log;
    private readonly TimeProvider _time;
    private readonly Task _watching;
    private int _unreachable;

    /// <summary>Begins.</summary>
    /// <param name="options">How the brokers are reached, and the group's id.</param>
    /// <param name="group">Where the views go.</param>
    /// <param name="self">What this process has announced.</param>
    /// <param name="log">For the watch.</param>
    /// <param name="time">The clock.</param>
    public GroupWatch(KafkaOptions options, ClusterGroup group, GroupNode self, ILogger log, TimeProvider time)
    {
        (_options, _group, _self, _log, _time) = (options, group, self, log, time);
        _watching = WatchAsync(_stop.Token);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _watching;
        _stop.Dispose();
    }

    private async Task WatchAsync(CancellationToken stop)
    {
        KafkaAdmin? admin = null;
        try
        {
            while (true)
            {
                try
                {
                    admin ??= new KafkaAdmin(_options, _time);
                    var askedAt = _time.GetTimestamp();
                    Note(await admin.GroupAsync().WaitAsync(stop), askedAt);
                }
                catch (KafkaException fault) when (fault.Error.Code == ErrorCode.Local_UnsupportedFeature)
                {
                    // The embedded broker cannot tell; but it is this process's own, and nobody else is in its group.
                    _group.Update(new GroupMembers(true, [_self], _time.GetTimestamp()));
                    return;
                }
                catch (KafkaException fault)
                {
                    _log.GroupNotSeen(fault.Error.Reason);
                    admin?.Dispose();
                    admin = null;
                }
                await PauseAsync(stop);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Disposed of.
        }
        finally
        {
            admin?.Dispose();
        }
    }

    private void Note(GroupView group, long askedAt)
    {
        var members = ClusterAddress.Members(group, _self, askedAt, out var unreachable);
        if (unreachable > _unreachable)
            _log.NotReachable(unreachable, _self.Address.ToString());
        _unreachable = unreachable;
        _group.Update(members);
    }

    private async Task PauseAsync(CancellationToken stop)
    {
        await Task.Delay(Urgent, _time, stop);
        if (_group.IsUrgent)
            return;
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(stop);
        await Task.WhenAny(_group.Urgent, Task.Delay(Calm - Urgent, _time, ended.Token));
        await ended.CancelAsync();
    }
}
