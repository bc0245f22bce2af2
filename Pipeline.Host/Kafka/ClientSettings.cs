using System.Globalization;

namespace Pipeline.Host.Kafka;

/// <summary>librdkafka's settings for each kind of client: what the pipeline needs, then what the options add or replace.</summary>
internal static class ClientSettings
{
    /// <summary>The setting's name in librdkafka: dots, where an environment variable had to write underscores.</summary>
    public static string NameOf(string key) => key.Replace('_', '.').ToLowerInvariant();

    /// <summary>Why a setting of the options cannot be used; null when it can. Never tells the value of one that holds a secret.</summary>
    public static string? FindFault(string key, string value)
    {
        var name = NameOf(key);
        if (name is "bootstrap.servers" or "group.id" or "enable.auto.commit" or "enable.auto.offset.store" or "auto.commit.interval.ms")
            return $"set by {nameof(KafkaOptions.BootstrapServers)}, {nameof(KafkaOptions.GroupId)} and {nameof(KafkaOptions.CommitInterval)}; offsets are committed when output is acknowledged";
        if (name.StartsWith("dotnet.", StringComparison.Ordinal))
            return null;
        try
        {
            return MockCluster.FindFault(name, value);
        }
        catch (DllNotFoundException)
        {
            return null;    // whoever builds a client says so, and doctor
        }
    }

    /// <summary>
    /// A consumer of the group: offsets are stored by hand and committed in the background. With <paramref name="passingName"/>, a name for the life
    /// of the process, a member of the classic protocol whose session ran out because its coordinator died is back at once: the next coordinator
    /// takes it for itself, where it would wait for the end of a nameless member's old session. Such a member has to give up its subscription to leave.
    /// </summary>
    public static Dictionary<string, string> Consumer(KafkaOptions options, string? passingName = null)
    {
        var settings = Common(options);
        settings["group.id"] = options.GroupId;
        settings["group.protocol"] = options.GroupProtocol == GroupProtocolKind.Consumer ? "consumer" : "classic";
        if (options.GroupInstanceId is { Length: > 0 } name)
            settings["group.instance.id"] = name;
        // With state, offsets are committed by the transaction that holds it, and by nothing else.
        settings["enable.auto.commit"] = options.CommitsInTransactions ? "false" : "true";
        settings["enable.auto.offset.store"] = "false";
        settings["auto.commit.interval.ms"] = Milliseconds(options.CommitInterval);
        settings["auto.offset.reset"] = "earliest";
        settings["partition.assignment.strategy"] = "cooperative-sticky";
        // A member that dies is noticed after the least that brokers allow by default; the client's own default is 45 s.
        settings["session.timeout.ms"] = Milliseconds(KafkaOptions.DefaultSession);
        // Members hear at their heartbeats that others come or leave: each step of a hand-over takes one. The client's main thread, which sends
        // them, sleeps for a second where nothing else is due: the questions about the topic (below) wake it.
        settings["heartbeat.interval.ms"] = "100";
        settings["isolation.level"] = "read_committed";
        settings["statistics.interval.ms"] = "250";
        // librdkafka lets a member join once a second at most, and a cooperative hand-over takes two joins of everybody; but every answer about the
        // topic clears that limit (2.15, rdkafka_metadata.c). A topic that is missing at first is found soon after it was created, too.
        settings["topic.metadata.refresh.interval.ms"] = "100";
        settings["metadata.max.age.ms"] = "30000";
        // Fetched ahead: what fits into a cache, and asked for again as soon as there is room (the default waits for a second), which is
        // both faster and cheaper than a large queue that runs dry. Of one partition not much more than a mailbox holds: the records come partition by
        // partition, and while one shard is full the others have nothing to do.
        settings["fetch.message.max.bytes"] = "262144";
        settings["queued.max.messages.kbytes"] = "8192";
        settings["fetch.queue.backoff.ms"] = "5";
        // The records' timestamps and headers are not used, and the topic is known.
        settings["dotnet.consumer.consume.result.fields"] = "none";
        Add(settings, options.ConsumerProperties);
        // The new protocol has the assignor and the session's time-outs on the broker, and refuses a client that names them.
        if (settings.GetValueOrDefault("group.protocol") == "consumer")
            foreach (var key in (string[])["partition.assignment.strategy", "session.timeout.ms", "heartbeat.interval.ms"])
                settings.Remove(key);
        // Not where no state is kept: the embedded broker knows no names.
        else if (passingName is not null && options.CommitsInTransactions)
            settings.TryAdd("group.instance.id", passingName);
        return settings;
    }

    /// <summary>A consumer that reads a topic from the first to the last record, on its own.</summary>
    public static Dictionary<string, string> Reader(KafkaOptions options)
    {
        var settings = Common(options);
        // Needed by the client, never joined.
        settings["group.id"] = options.GroupId;
        settings["enable.auto.commit"] = "false";
        settings["enable.partition.eof"] = "true";
        settings["auto.offset.reset"] = "earliest";
        settings["isolation.level"] = "read_committed";
        Add(settings, options.ConsumerProperties);
        foreach (var key in (string[])["group.protocol", "group.instance.id"])
            settings.Remove(key);
        return settings;
    }

    /// <summary>A producer: idempotent, never giving a record up, partitioned as Java's clients do.</summary>
    public static Dictionary<string, string> Producer(KafkaOptions options)
    {
        var settings = Common(options);
        settings["enable.idempotence"] = "true";
        settings["acks"] = "all";
        settings["message.timeout.ms"] = "0";
        settings["partitioner"] = "murmur2_random";
        settings["linger.ms"] = "5";
        settings["compression.codec"] = "lz4";
        settings["queue.buffering.max.messages"] = "2000000";
        settings["queue.buffering.max.kbytes"] = (2L * options.ProducerBufferBytes / 1024 + 1024).ToString(CultureInfo.InvariantCulture);
        settings["dotnet.producer.delivery.report.fields"] = "none";
        Add(settings, options.ProducerProperties);
        return settings;
    }

    /// <summary>A reader of the changelog: one partition as fast as it goes.</summary>
    public static Dictionary<string, string> ChangelogReader(KafkaOptions options)
    {
        var settings = Reader(options);
        settings["fetch.message.max.bytes"] = "4194304";
        settings["queued.max.messages.kbytes"] = "16384";
        settings["fetch.queue.backoff.ms"] = "5";
        // A topic that is missing is found soon after it was created.
        settings["topic.metadata.refresh.interval.ms"] = "2000";
        // What stands in the log is there: nothing to wait for.
        settings["fetch.wait.max.ms"] = "10";
        return settings;
    }

    /// <summary>The same, for one that goes on reading: it waits at the broker for what comes next.</summary>
    public static Dictionary<string, string> StandbyReader(KafkaOptions options)
    {
        var settings = ChangelogReader(options);
        // Brokers do not wake a waiting reader of committed records when a transaction is committed.
        settings["fetch.wait.max.ms"] = "50";
        return settings;
    }

    /// <summary>The process's producer of transactions; one that dies leaves an open one for <paramref name="timeout"/> at most.</summary>
    public static Dictionary<string, string> Transactions(KafkaOptions options, string transactionalId, TimeSpan timeout)
    {
        var settings = Producer(options);
        settings["transactional.id"] = transactionalId;
        settings["transaction.timeout.ms"] = Milliseconds(timeout);
        // A record lives as long as its transaction: a producer of transactions takes no other limit.
        settings.Remove("message.timeout.ms");
        // librdkafka 2.15 loses its search for a group's new coordinator when the broker that it asks dies too, or knows none yet; it looks again
        // only when a connection opens or closes (rdkafka_coord.c), which without this may be minutes later, within a call that blocks.
        settings.TryAdd("connections.max.idle.ms", Milliseconds(timeout * 0.8));
        return settings;
    }

    /// <summary>An admin client.</summary>
    public static Dictionary<string, string> Admin(KafkaOptions options) => Common(options);

    private static Dictionary<string, string> Common(KafkaOptions options)
    {
        var settings = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["bootstrap.servers"] = options.BootstrapServers,
            ["client.id"] = "pipeline",
            // A broker that comes back is found within half a second, not after the default's 10 s.
            ["reconnect.backoff.max.ms"] = "500",
            ["log.connection.close"] = "false",
        };
        Add(settings, options.Properties);
        return settings;
    }

    private static void Add(Dictionary<string, string> settings, Dictionary<string, string> more)
    {
        foreach (var (key, value) in more)
            settings[NameOf(key)] = value;
    }

    private static string Milliseconds(TimeSpan time) => ((long)time.TotalMilliseconds).ToString(CultureInfo.InvariantCulture);
}
