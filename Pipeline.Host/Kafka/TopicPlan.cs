using System.Globalization;

namespace Pipeline.Host.Kafka;

/// <summary>A topic as the pipeline wants it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Partitions">Its partitions.</param>
/// <param name="Settings">Settings that have to be so.</param>
public sealed record TopicPlan(string Name, int Partitions, IReadOnlyDictionary<string, string> Settings)
{
    /// <summary>All topics of the pipeline.</summary>
    public static IReadOnlyList<TopicPlan> All(KafkaOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return
        [
            Kept(options.SamplesTopic, options.Partitions, options.Retention),
            Kept(options.ResultsTopic, options.Partitions, options.Retention),
            Kept(options.EventsTopic, options.Partitions, options.Retention),
            Kept(options.DeadLettersTopic, options.Partitions, options.DeadLetterRetention),
            new(options.CommandsTopic, options.Partitions, new Dictionary<string, string> { ["cleanup.policy"] = "delete", ["retention.ms"] = "-1" }),
            // The newest snapshot of every patient, for ever; the partition is the patient's in the samples topic.
            // Every snapshot is written again within seconds: small segments and an eager cleaner keep what a restore reads near what it needs.
            new(options.StateTopic, options.Partitions, new Dictionary<string, string>
            {
                ["cleanup.policy"] = "compact",
                ["segment.bytes"] = "16777216",
                ["min.cleanable.dirty.ratio"] = "0.1",
            }),
        ];
    }

    /// <summary>What is other than wanted, one sentence each.</summary>
    public IEnumerable<string> Differences(int partitions, IReadOnlyDictionary<string, string> settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        if (partitions != Partitions)
            yield return string.Create(CultureInfo.InvariantCulture, $"{partitions} partitions, {Partitions} wanted");
        foreach (var (name, wanted) in Settings)
            if (settings.GetValueOrDefault(name) is var found && found != wanted)
                yield return $"{name} is {found ?? "not set"}, {wanted} wanted";
    }

    private static TopicPlan Kept(string name, int partitions, TimeSpan time) => new(name, partitions, new Dictionary<string, string>
    {
        ["cleanup.policy"] = "delete",
        ["retention.ms"] = ((long)time.TotalMilliseconds).ToString(CultureInfo.InvariantCulture),
    });
}

/// <summary>A topic as it is.</summary>
/// <param name="Plan">As it should be.</param>
/// <param name="Partitions">Its partitions; 0 when it is missing.</param>
/// <param name="Replicas">Fewest replicas of a partition.</param>
/// <param name="Differences">What is other than wanted.</param>
public sealed record TopicState(TopicPlan Plan, int Partitions, int Replicas, IReadOnlyList<string> Differences)
{
    /// <summary>Whether there is no such topic.</summary>
    public bool IsMissing => Partitions == 0;

    /// <summary>Whether it is as it should be.</summary>
    public bool IsGood => !IsMissing && Differences.Count == 0;
}

/// <summary>Looks at the pipeline's topics, creates and mends them.</summary>
internal static class Topics
{
    /// <summary>Every topic as it is.</summary>
    /// <exception cref="Confluent.Kafka.KafkaException">The brokers cannot be asked.</exception>
    public static async Task<IReadOnlyList<TopicState>> ExamineAsync(KafkaOptions options, TimeProvider time, CancellationToken stop)
    {
        using var admin = new KafkaAdmin(options, time);
        var plans = TopicPlan.All(options);
        var found = (await admin.MetadataAsync(stop)).Topics.Where(topic => topic.Partitions.Count > 0).ToDictionary(topic => topic.Topic);
        var settings = await admin.SettingsAsync(plans.Select(plan => plan.Name).Where(found.ContainsKey));
        return [.. plans.Select(plan => found.TryGetValue(plan.Name, out var topic) && settings.TryGetValue(plan.Name, out var set)
            ? new TopicState(plan, topic.Partitions.Count, topic.Partitions.Min(partition => partition.Replicas.Length),
                [.. plan.Differences(topic.Partitions.Count, set)])
            : new TopicState(plan, 0, 0, ["missing"]))];
    }

    /// <summary>Creates those that are missing, and with <paramref name="alter"/> also sets the settings of the others.</summary>
    /// <exception cref="Confluent.Kafka.KafkaException">The brokers refuse.</exception>
    public static async Task MendAsync(KafkaOptions options, IReadOnlyList<TopicState> states, bool alter, TimeProvider time)
    {
        using var admin = new KafkaAdmin(options, time);
        await admin.CreateAsync([.. states.Where(state => state.IsMissing).Select(state => state.Plan)]);
        if (alter)
            foreach (var state in states.Where(state => !state.IsMissing && !state.IsGood))
                await admin.AlterAsync(state.Plan.Name, state.Plan.Settings);
    }
}
