using System.Runtime.CompilerServices;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Pipeline.Host.Kafka;

namespace Pipeline.Host.Diagnosis;

/// <summary>The checks of Kafka: reachable, the topics, the rights, the patients' state, the clocks of those who publish.</summary>
internal static class KafkaExamination
{
    private static readonly TimeSpan SkewLimit = TimeSpan.FromSeconds(2), Patience = TimeSpan.FromSeconds(5);

    /// <summary>Runs the checks; stops at the first that makes the others pointless.</summary>
    public static async IAsyncEnumerable<Finding> RunAsync(KafkaOptions options, TimeProvider time, [EnumeratorCancellation] CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(options);
        var (reachable, metadata) = await ReachAsync(options, time, stop);
        yield return reachable;
        if (metadata is null)
            yield break;
        foreach (var finding in await TopicsAsync(options, time, stop))
            yield return finding;
        yield return await RightsAsync(options, metadata, time);
        if (await StateExamination.RunAsync(options, metadata, time) is { } state)
            yield return state;
        if (metadata.Topics.Any(topic => topic.Topic == options.SamplesTopic && topic.Partitions.Count > 0))
            yield return await Task.Run(() => Clocks(options, metadata, time), stop);
    }

    private static async Task<(Finding, Metadata?)> ReachAsync(KafkaOptions options, TimeProvider time, CancellationToken stop)
    {
        const string Check = "Kafka";
        try
        {
            using var admin = new KafkaAdmin(options, time);
            var metadata = await admin.MetadataAsync(stop);
            return (new Finding(Check, Verdict.Ok, $"{metadata.Brokers.Count} brokers at {options.BootstrapServers}"), metadata);
        }
        catch (KafkaException fault)
        {
            return (new Finding(Check, Verdict.Fail, fault.Error.Reason, "start Kafka, or set Kafka:BootstrapServers; ./pipeline demo needs none"), null);
        }
        catch (InvalidOperationException fault)
        {
            // The client refuses a setting of Kafka:Properties.
            return (new Finding(Check, Verdict.Fail, fault.Message, "correct Kafka:Properties"), null);
        }
    }

    private static async Task<IReadOnlyList<Finding>> TopicsAsync(KafkaOptions options, TimeProvider time, CancellationToken stop)
    {
        const string Check = "Kafka topics";
        try
        {
            var states = await Topics.ExamineAsync(options, time, stop);
            var faults = states.Where(state => !state.IsGood).Select(state => state.IsMissing
                ? new Finding(Check, Verdict.Fail, $"{state.Plan.Name} is missing", "run ./pipeline topics")
                : new Finding(Check, Verdict.Warn, $"{state.Plan.Name}: {string.Join("; ", state.Differences)}", "run ./pipeline topics --alter, or set Kafka:Partitions and Kafka:Retention as they are")).ToArray();
            return faults.Length > 0 ? faults : [new Finding(Check, Verdict.Ok, $"{states.Count} topics, {options.Partitions} partitions, at least {states.Min(state => state.Replicas)} replicas")];
        }
        catch (KafkaException fault)
        {
            return [new Finding(Check, Verdict.Warn, $"cannot be examined: {fault.Error.Reason}", "the user needs Describe and DescribeConfigs on the topics")];
        }
    }

    private static async Task<Finding> RightsAsync(KafkaOptions options, Metadata metadata, TimeProvider time)
    {
        const string Check = "Kafka rights";
        (string Topic, AclOperation Operation)[] needed =
        [
            (options.SamplesTopic, AclOperation.Read), (options.ResultsTopic, AclOperation.Write), (options.EventsTopic, AclOperation.Write), (options.DeadLettersTopic, AclOperation.Write),
            (options.StateTopic, AclOperation.Read), (options.StateTopic, AclOperation.Write),
        ];
        try
        {
            using var admin = new KafkaAdmin(options, time);
            var there = metadata.Topics.Select(topic => topic.Topic).ToHashSet();
            var topics = await admin.TopicRightsAsync(needed.Select(need => need.Topic).Append(options.CommandsTopic).Distinct().Where(there.Contains));
            var group = await admin.GroupRightsAsync();
            var missing = needed.Where(need => topics.TryGetValue(need.Topic, out var rights) && !IsAllowed(rights, need.Operation)).Select(need => $"{need.Operation} on {need.Topic}")
                .Concat(there.Contains(options.SamplesTopic) && !topics.ContainsKey(options.SamplesTopic) ? [$"Describe on {options.SamplesTopic}"] : [])
                .Concat(IsAllowed(group, AclOperation.Read) ? [] : [$"Read on group {options.GroupId}"]).ToArray();
            return missing.Length == 0
                ? new Finding(Check, Verdict.Ok, $"read {options.SamplesTopic}, write results, events and dead letters, group {options.GroupId}; {Commands(options, topics)}")
                : new Finding(Check, Verdict.Fail, $"missing: {string.Join(", ", missing)}", "grant them to the user of Kafka:Properties:sasl.username (kafka-acls)");
        }
        catch (KafkaException fault)
        {
            return fault.Error.Code switch
            {
                ErrorCode.GroupAuthorizationFailed => new Finding(
                    Check, Verdict.Fail, $"the user may not see group {options.GroupId}", $"grant Read on it to the user of Kafka:Properties:sasl.username (kafka-acls --group {options.GroupId}), or set Kafka:GroupId"),
                ErrorCode.TopicAuthorizationFailed or ErrorCode.ClusterAuthorizationFailed => new Finding(
                    Check, Verdict.Fail, $"the user may not ask for rights: {fault.Error.Reason}", "grant Describe on the topics to the user of Kafka:Properties:sasl.username (kafka-acls)"),
                ErrorCode.UnsupportedVersion or ErrorCode.Local_UnsupportedFeature => new Finding(
                    Check, Verdict.Warn, $"cannot be examined: {fault.Error.Reason}", "the broker must be 2.3 or later"),
                _ => new Finding(Check, Verdict.Warn, $"cannot be examined: {fault.Error.Reason}", "run ./pipeline doctor again; if it stays, see the brokers' log"),
            };
        }
    }

    /// <summary>Whether the user may write commands to alarms, which the pipeline itself need not.</summary>
    private static string Commands(KafkaOptions options, Dictionary<string, AclOperation[]> topics)
    {
        string[] both = [options.CommandsTopic, options.SamplesTopic];
        var missing = both.Where(topic => !topics.TryGetValue(topic, out var rights) || !IsAllowed(rights, AclOperation.Write)).ToArray();
        return missing.Length == 0 ? "commands to alarms" : $"no commands to alarms: no Write on {string.Join(" and ", missing)}";
    }

    // A broker without access rules does not say what is allowed: everything is.
    private static bool IsAllowed(AclOperation[] rights, AclOperation operation) =>
        rights.Length == 0 || rights.Contains(operation) || rights.Contains(AclOperation.All);

    /// <summary>A newest record from the future: a publisher's clock, or this one, is wrong. (A publisher that lags looks like an idle one.)</summary>
    private static Finding Clocks(KafkaOptions options, Metadata metadata, TimeProvider time)
    {
        const string Check = "Kafka clocks";
        try
        {
            using var consumer = new ConsumerBuilder<Ignore, Ignore>(ClientSettings.Reader(options)).SetErrorHandler((_, _) => { }).SetLogHandler((_, _) => { }).Build();
            var ends = new List<TopicPartitionOffset>();
            foreach (var partition in metadata.Topics.Single(topic => topic.Topic == options.SamplesTopic).Partitions)
            {
                var at = new TopicPartition(options.SamplesTopic, partition.PartitionId);
                var offsets = consumer.QueryWatermarkOffsets(at, Patience);
                if (offsets.High > offsets.Low)
                    ends.Add(new TopicPartitionOffset(at, offsets.High - 1));
            }
            consumer.Assign(ends);
            var newest = DateTime.MinValue;
            for (var left = ends.Count; left > 0 && consumer.Consume(Patience) is { } record;)
            {
                if (record.IsPartitionEOF)
                    continue;
                left--;
                newest = newest > record.Message.Timestamp.UtcDateTime ? newest : record.Message.Timestamp.UtcDateTime;
            }
            var ahead = newest - time.GetUtcNow().UtcDateTime;
            return ends.Count == 0 ? new Finding(Check, Verdict.Ok, "no record yet to compare with")
                : ahead > SkewLimit ? new Finding(Check, Verdict.Warn, $"the newest record is {ahead.TotalSeconds:0.0} s in the future", "set the clocks of this machine and of the publishers by NTP")
                : new Finding(Check, Verdict.Ok, $"the newest record is {-ahead.TotalSeconds:0.0} s old");
        }
        catch (KafkaException fault)
        {
            return new Finding(Check, Verdict.Warn, $"cannot be examined: {fault.Error.Reason}", "the user needs Read on the samples topic");
        }
    }
}
