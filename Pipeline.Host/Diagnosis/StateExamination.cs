using Confluent.Kafka;
using Pipeline.Host.Kafka;

namespace Pipeline.Host.Diagnosis;

/// <summary>Whether the patients' state can be kept: the changelog fits the input topic, and this user may write transactions.</summary>
internal static class StateExamination
{
    private const string Check = "Kafka state";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(8);

    /// <summary>The finding; null when a topic is missing, which is said before.</summary>
    public static async Task<Finding?> RunAsync(KafkaOptions options, Metadata metadata, TimeProvider time)
    {
        if (options.LocalCheckpoints is { } local)
            return new Finding(Check, Verdict.Warn, $"checkpoints lie in {local.Folder}: another process does not find them", "leave Kafka:CheckpointFolder empty where the brokers have transactions");
        var (samples, state) = (CountOf(metadata, options.SamplesTopic), CountOf(metadata, options.StateTopic));
        if (samples == 0 || state == 0)
            return null;
        if (samples != state)
            return new Finding(
                Check, Verdict.Fail, FormattableString.Invariant($"{options.SamplesTopic} has {samples} partitions, {options.StateTopic} {state}: a shard's state lies under its own number"),
                FormattableString.Invariant($"run ./pipeline topics --partitions {Math.Max(samples, state)}"));
        try
        {
            using var admin = new KafkaAdmin(options, time);
            var settings = await admin.SettingsAsync([options.StateTopic]);
            if (settings.GetValueOrDefault(options.StateTopic)?.GetValueOrDefault("cleanup.policy") is { } policy and not "compact")
                return new Finding(
                    Check, Verdict.Fail, $"cleanup.policy of {options.StateTopic} is {policy}: {(policy.Contains("delete", StringComparison.Ordinal) ? "snapshots are deleted by their age" : "it grows without end")}",
                    "run ./pipeline topics --alter");
        }
        catch (KafkaException fault)
        {
            return new Finding(Check, Verdict.Warn, $"cannot be examined: {fault.Error.Reason}", $"the user needs DescribeConfigs on {options.StateTopic}");
        }
        return await Task.Run(() => Transactions(options, state));
    }

    /// <summary>Begins as the producer of checkpoints does; nothing is written.</summary>
    private static Finding Transactions(KafkaOptions options, int partitions)
    {
        try
        {
            using var producer = new ProducerBuilder<byte[], byte[]>(ClientSettings.Transactions(options, $"{options.GroupId}-doctor", KafkaShardLog.TransactionTimeout))
                .SetErrorHandler((_, _) => { }).SetLogHandler((_, _) => { }).Build();
            producer.InitTransactions(Patience);
            return new Finding(Check, Verdict.Ok, FormattableString.Invariant($"{options.StateTopic} is compacted, {partitions} partitions as {options.SamplesTopic}, transactions can be written"));
        }
        catch (KafkaException fault)
        {
            return new Finding(Check, Verdict.Fail, $"transactions cannot be written: {fault.Error.Reason}", fault.Error.Code switch
            {
                ErrorCode.TransactionalIdAuthorizationFailed => $"grant Write and Describe on the transactional ids that begin with {options.GroupId}- (kafka-acls --transactional-id {options.GroupId}- --resource-pattern-type prefixed)",
                ErrorCode.InvalidTransactionTimeout => "raise the brokers' transaction.max.timeout.ms to 10000 at least",
                _ => "are enough brokers up for transaction.state.log.replication.factor and transaction.state.log.min.isr?",
            });
        }
    }

    private static int CountOf(Metadata metadata, string topic) => metadata.Topics.FirstOrDefault(found => found.Topic == topic)?.Partitions.Count ?? 0;
}
