using Confluent.Kafka;

namespace Pipeline.Host.Kafka;

/// <summary>What the Kafka edge says. No settings (they hold passwords), no keys: patients by pseudonym only.</summary>
internal static partial class KafkaLog
{
    [LoggerMessage(2000, LogLevel.Information, "Assigned {Count} partitions of {Topic}: {Partitions}")]
    public static partial void Assigned(this ILogger log, string topic, int count, string partitions);

    [LoggerMessage(2001, LogLevel.Information, "Handed over {Count} partitions of {Topic} after {Milliseconds} ms: {Partitions}")]
    public static partial void Revoked(this ILogger log, string topic, int count, long milliseconds, string partitions);

    [LoggerMessage(2002, LogLevel.Warning, "Lost {Count} partitions of {Topic} to the group: {Partitions}. What was read and not committed is read again by their new owner")]
    public static partial void Lost(this ILogger log, string topic, int count, string partitions);

    [LoggerMessage(2003, LogLevel.Error, "{Count} records of {Topic} partition {Partition} are gone, offsets {From} to {To}: the broker deleted them before they were read. Raise the topic's retention, or add consumers")]
    public static partial void RetentionLoss(this ILogger log, string topic, int partition, long count, long from, long to);

    [LoggerMessage(2004, LogLevel.Warning, "Offsets of {Topic} partition {Partition} went back from {Expected} to {Found}: the broker repeats records, which are passed over, or the topic was made anew, and then it starts again")]
    public static partial void WentBack(this ILogger log, string topic, int partition, long expected, long found);

    [LoggerMessage(2005, LogLevel.Warning, "Offsets were not committed: {Reason}. They are committed again; after a crash now, some records would be read twice")]
    public static partial void CommitFailed(this ILogger log, string reason);

    [LoggerMessage(2006, LogLevel.Warning, "Kafka ({Client}): {Code}: {Reason}. {Advice}")]
    public static partial void ClientError(this ILogger log, string client, ErrorCode code, string reason, string advice);

    [LoggerMessage(2007, LogLevel.Error, "Kafka ({Client}): the client has failed for good and is made anew: {Reason}")]
    public static partial void ClientRestarts(this ILogger log, string client, string reason);

    [LoggerMessage(2008, LogLevel.Information, "Kafka ({Client}): reachable again after {Seconds:F1} s")]
    public static partial void Recovered(this ILogger log, string client, double seconds);

    [LoggerMessage(2009, LogLevel.Debug, "librdkafka ({Client}) {Facility}: {Message}")]
    public static partial void Library(this ILogger log, string client, string facility, string message);

    [LoggerMessage(2010, LogLevel.Debug, "{Topic} partition {Partition} is paused: its mailbox is full")]
    public static partial void Paused(this ILogger log, string topic, int partition);

    [LoggerMessage(2011, LogLevel.Warning, "{Topic} partition {Partition} was handed over before all of its output was acknowledged; its new owner does the rest again")]
    public static partial void HandedOverEarly(this ILogger log, string topic, int partition);

    [LoggerMessage(2012, LogLevel.Warning, "{Count} records for {Topic} were refused ({Code}: {Reason}); they are sent again in {Delay}. {Advice}")]
    public static partial void SendFailed(this ILogger log, int count, string topic, ErrorCode code, string reason, TimeSpan delay, string advice);

    [LoggerMessage(2013, LogLevel.Debug, "Kafka ({Client}): {Brokers} of {Known} brokers up, {Queued} messages queued")]
    public static partial void Statistics(this ILogger log, string client, int brokers, int known, long queued);

    [LoggerMessage(2020, LogLevel.Information, "Restored partition {Partition} of {Topic}: {Patients} patients, {Bytes} bytes of {Read} read, in {Milliseconds} ms")]
    public static partial void Restored(this ILogger log, string topic, int partition, int patients, long bytes, long read, long milliseconds);

    [LoggerMessage(2026, LogLevel.Information, "Reading partition {Partition} of {Topic}: {Percent} %, {Patients} patients")]
    public static partial void Restoring(this ILogger log, string topic, int partition, int percent, int patients);

    [LoggerMessage(2027, LogLevel.Information, "Standby: partition {Partition} of {Topic} is warm: {Patients} patients, {Bytes} bytes")]
    public static partial void Warm(this ILogger log, string topic, int partition, int patients, long bytes);

    [LoggerMessage(2028, LogLevel.Warning, "Standby: more than {Most} bytes of snapshots; partition {Partition} of {Topic} ({Bytes} bytes) is not kept warm. Raise Kafka:StandbyBytes")]
    public static partial void StandbyIsFull(this ILogger log, long most, string topic, int partition, long bytes);

    [LoggerMessage(2021, LogLevel.Error, "Partition {Partition} of {Topic}: the snapshot of {Patient} cannot be read: {Reason}")]
    public static partial void SnapshotRefused(this ILogger log, string topic, int partition, string patient, string reason);

    [LoggerMessage(2024, LogLevel.Information, "{Topic} partition {Partition} goes on at offset {Offset} with the state of {Patients} patients")]
    public static partial void GoesOn(this ILogger log, string topic, int partition, long offset, int patients);

    [LoggerMessage(2022, LogLevel.Information, "A checkpoint of {Count} partitions was not committed: {Reason}. The group has moved on; who owns a partition now goes on from its last checkpoint")]
    public static partial void Fenced(this ILogger log, int count, string reason);

    [LoggerMessage(2029, LogLevel.Information, "Ended what {TransactionalId} had open: the last checkpoint may stand behind it, and was waited for. If its process is alive, it makes its checkpoint again")]
    public static partial void TransactionEnded(this ILogger log, string transactionalId);

    [LoggerMessage(2030, LogLevel.Warning, "What {TransactionalId} has open could not be ended ({Reason}): its time-out is waited for")]
    public static partial void TransactionNotEnded(this ILogger log, string transactionalId, string reason);

    [LoggerMessage(2025, LogLevel.Debug, "Checkpoint of {Shards} partitions committed: {Patients} patients, {Bytes} bytes, in {Milliseconds} ms")]
    public static partial void Kept(this ILogger log, int shards, int patients, long bytes, long milliseconds);

    [LoggerMessage(2023, LogLevel.Warning, "A checkpoint of {Count} partitions was not committed ({Code}: {Reason}); it is tried again in {Delay}")]
    public static partial void CheckpointFailed(this ILogger log, int count, ErrorCode code, string reason, TimeSpan delay);

    [LoggerMessage(2033, LogLevel.Error, "Partition {Partition}, patient {Patient}: {Reason}")]
    public static partial void SnapshotTooLarge(this ILogger log, int partition, string patient, string reason);

    [LoggerMessage(2034, LogLevel.Error, "{Topic} partition {Partition} cannot be read from offset {Offset} on ({Code}: {Reason}). {Advice}")]
    public static partial void PartitionFault(this ILogger log, string topic, int partition, long offset, ErrorCode code, string reason, string advice);

    [LoggerMessage(2035, LogLevel.Warning, "A record was refused: {Topic} partition {Partition} offset {Offset}, patient {Patient}, bed {Bed} ({Stage}: {Reason}){Others}. ./pipeline dead-letters list shows it")]
    public static partial void RecordRefused(this ILogger log, string topic, int partition, long offset, string patient, string bed, string stage, string reason, string others);

    [LoggerMessage(2036, LogLevel.Error, "Patient {Patient} comes in two partitions, {One} and {Other}: a publisher does not place by murmur2 of the key (partitioner=murmur2_random), or knows another number of partitions. Each has a series of its own until that is mended{Others}")]
    public static partial void PatientInTwoPartitions(this ILogger log, string patient, int one, int other, string others);

    [LoggerMessage(2037, LogLevel.Warning, "{State} had {There} partitions and has been given {Wanted}, as many as {Samples} has by now. Patients whose key goes to another partition begin anew there; ./pipeline topics --partitions is the way to add partitions that takes their state along. Set Kafka:Partitions to {Wanted}")]
    public static partial void StateTopicGrown(this ILogger log, string state, int there, int wanted, string samples);

    [LoggerMessage(2038, LogLevel.Error, "{Fault}")]
    public static partial void StateTopicTooSmall(this ILogger log, string fault);

    [LoggerMessage(2031, LogLevel.Warning, "Who is in the consumer group cannot be seen: {Reason}. The cluster stays as it is; asked again")]
    public static partial void GroupNotSeen(this ILogger log, string reason);

    [LoggerMessage(2032, LogLevel.Warning, "{Count} members of the consumer group run on other machines and cannot reach {Address}, or are reached from their own only: they are in no cluster with this process, and each answers for its own patients alone. Set Cluster:Host on all of them")]
    public static partial void NotReachable(this ILogger log, int count, string address);

    [LoggerMessage(2034, LogLevel.Warning, "The producer of checkpoints has not ended after {Patience}: it is not waited for. Nothing of it is committed any more")]
    public static partial void CheckpointsEndLate(this ILogger log, TimeSpan patience);
}
