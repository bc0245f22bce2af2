using Pipeline.Actors;
using Pipeline.Actors.Cluster;
using Pipeline.Host.Kafka;

namespace Pipeline.Host.Status;

/// <summary>The shards that this process owns, from its parts.</summary>
internal static class ShardStatuses
{
    /// <summary>Puts together what source, state and partitions know; a shard whose state is being read has not begun.</summary>
    public static IReadOnlyList<ShardStatus> Of(IReadOnlyList<PartitionLag> lags, IReadOnlyList<ShardStateView> states, IReadOnlyList<ShardPatientCount> patients)
    {
        var lag = lags.ToDictionary(one => one.Partition);
        var state = states.ToDictionary(one => one.Shard);
        var count = patients.ToDictionary(one => one.Shard);
        return
        [
            .. lag.Keys.Union(state.Keys).Union(count.Keys).Order().Select(shard => new ShardStatus(
                shard, count.ContainsKey(shard) ? ShardActivity.Running : ShardActivity.Restoring,
                state.TryGetValue(shard, out var view) ? view.Progress : count.ContainsKey(shard) ? 1 : 0, view.RestoredPatients, view.RestoreTime?.TotalSeconds,
                count.GetValueOrDefault(shard).Active, count.GetValueOrDefault(shard).Passive, lag.GetValueOrDefault(shard).Records, view.LastCheckpoint)),
        ];
    }
}
