using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Pipeline.Host.Kafka;

namespace Pipeline.Host.Diagnosis;

/// <summary>Whether Kafka answers, has the topics, and lets this user read and write them.</summary>
internal static class KafkaExamination
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Connects once; nothing is written.</summary>
    public static async Task<IReadOnlyList<Finding>> RunAsync(KafkaOptions options, CancellationToken stop)
    {
        var findings = new List<Finding>();
        Error? said = null;
        using var admin = new AdminClientBuilder(ClientSettings.Admin(options))
            .SetErrorHandler((_, error) => said = error)
            .SetLogHandler((_, _) => { })
            .Build();
        try
        {
            var metadata = await Task.Run(() => admin.GetMetadata(Patience), stop);
            findings.Add(new Finding("Kafka", Verdict.Ok, $"{metadata.Brokers.Count} brokers at {options.BootstrapServers}"));
            foreach (var (topic, reads) in new[] { (options.SamplesTopic, true), (options.ResultsTopic, false), (options.DeadLettersTopic, false), (options.StateTopic, true) })
                findings.Add(metadata.Topics.Find(t => t.Topic == topic && !t.Error.IsError) is { } found
                    ? await RightsAsync(admin, found, reads, options, stop)
                    : new Finding($"topic {topic}", Verdict.Fail, "is missing", "run ./pipeline topics"));
        }
        catch (KafkaException fault)
        {
            var error = said ?? fault.Error;
            findings.Add(new Finding("Kafka", Verdict.Fail, $"{options.BootstrapServers} does not answer: {error.Reason}", KafkaAdvice.For(error.Code, options)));
        }
        return findings;
    }

    private static async Task<Finding> RightsAsync(IAdminClient admin, TopicMetadata topic, bool reads, KafkaOptions options, CancellationToken stop)
    {
        var check = $"topic {topic.Topic}";
        try
        {
            var described = await admin.DescribeTopicsAsync(
                TopicCollection.OfTopicNames([topic.Topic]), new DescribeTopicsOptions { IncludeAuthorizedOperations = true, RequestTimeout = Patience }).WaitAsync(stop);
            var may = described.TopicDescriptions[0].AuthorizedOperations;
            var needed = reads ? AclOperation.Read : AclOperation.Write;
            // A broker without access rules does not say what is allowed: everything is.
            return may is { Count: > 0 } && !may.Contains(needed) && !may.Contains(AclOperation.All)
                ? new Finding(check, Verdict.Fail, $"this user may not {needed} it", $"grant {needed} on topic {topic.Topic} (and Read on group {options.GroupId})")
                : Partitions(check, topic, options);
        }
        catch (KafkaException)
        {
            return Partitions(check, topic, options);   // an old or embedded broker does not know the question
        }
    }

    private static Finding Partitions(string check, TopicMetadata topic, KafkaOptions options) =>
        topic.Partitions.Count == options.Partitions || topic.Topic == options.DeadLettersTopic
            ? new Finding(check, Verdict.Ok, $"{topic.Partitions.Count} partitions")
            : new Finding(check, Verdict.Warn, $"{topic.Partitions.Count} partitions; Kafka:Partitions is {options.Partitions}",
                "set Kafka:Partitions to what the topic has: partitions cannot be changed without moving patients");
}
