using System.Text.Json;
using System.Text.Json.Serialization;
using Pipeline.Actors;
using Pipeline.Host.Kafka;

namespace Pipeline.Host.Status;

/// <summary>What a member of the group says of itself at <see cref="Path"/>.</summary>
/// <param name="Checks">Whether it is ready, and why not.</param>
/// <param name="Shards">The shards that it owns, ascending.</param>
internal sealed record MemberStatus(IReadOnlyList<ReadinessCheck> Checks, IReadOnlyList<ShardStatus> Shards)
{
    /// <summary>Where it is served.</summary>
    public const string Path = "/status";

    /// <summary>How it is written.</summary>
    public static JsonSerializerOptions Json { get; } = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    /// <summary>Why it is not ready; null when it is.</summary>
    public string? Unready() => Checks.FirstOrDefault(check => !check.Ready)?.Detail;
}

/// <summary>What an owned shard does.</summary>
internal enum ShardActivity
{
    /// <summary>Its state is being read.</summary>
    Restoring,

    /// <summary>It takes records.</summary>
    Running,
}

/// <summary>A shard as its owner sees it.</summary>
/// <param name="Shard">Partition of the input topic.</param>
/// <param name="Activity">What it does.</param>
/// <param name="RestoreProgress">Part of its state that is read, 0 to 1.</param>
/// <param name="RestoredPatients">Patients whose state was read.</param>
/// <param name="RestoreSeconds">How long that took; null while it lasts and where no state is kept.</param>
/// <param name="ActivePatients">Patients in memory.</param>
/// <param name="PassivePatients">Patients of whom there is a snapshot only, until their next record.</param>
/// <param name="UnreadRecords">Records that are in Kafka and not yet read.</param>
/// <param name="LastCheckpoint">When the last checkpoint was committed; null when there is none.</param>
internal sealed record ShardStatus(
    int Shard, ShardActivity Activity, double RestoreProgress, int RestoredPatients, double? RestoreSeconds, int ActivePatients, int PassivePatients, long UnreadRecords,
    DateTimeOffset? LastCheckpoint)
{
    /// <summary>Puts together what source, state and shards know; a shard whose state is being read has not begun.</summary>
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
