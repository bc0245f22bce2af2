namespace Pipeline.Actors.Cluster;

/// <summary>What a process says of itself.</summary>
/// <param name="Checks">Whether it is ready, and why not.</param>
/// <param name="Shards">The shards that it owns, ascending.</param>
public sealed record ProcessStatus(IReadOnlyList<ReadinessCheck> Checks, IReadOnlyList<ShardStatus> Shards)
{
    /// <summary>Why it is not ready; null when it is.</summary>
    public string? Unready() => Checks.FirstOrDefault(check => !check.Ready)?.Detail;
}

/// <summary>One reason why a process is ready, or is not.</summary>
/// <param name="Name">What was checked: <c>kafka</c>, <c>store</c>, <c>lag</c>.</param>
/// <param name="Ready">Whether it is as it should be.</param>
/// <param name="Detail">What was found, for a person.</param>
public sealed record ReadinessCheck(string Name, bool Ready, string Detail);

/// <summary>What an owned shard does.</summary>
public enum ShardActivity
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
public sealed record ShardStatus(
    int Shard, ShardActivity Activity, double RestoreProgress, int RestoredPatients, double? RestoreSeconds, int ActivePatients, int PassivePatients, long UnreadRecords,
    DateTimeOffset? LastCheckpoint);
