using System.Buffers.Binary;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Microsoft.Extensions.Logging.Abstractions;

namespace Pipeline.Host.Kafka;

/// <summary>
/// Questions and orders to the brokers, for a command that a person waits for: each has a time limit, and a failure names its cause (a
/// refused password, for example, that the client itself only reports beside the question).
/// </summary>
internal sealed class KafkaAdmin : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(8), Retry = TimeSpan.FromMilliseconds(100);

    private readonly IAdminClient _client;
    private readonly TimeProvider _time;
    private readonly KafkaOptions _options;
    private readonly ClientHealth _health;
    private Task _asking = Task.CompletedTask;

    public KafkaAdmin(KafkaOptions options, TimeProvider time)
    {
        (_options, _time) = (options, time);
        _health = new ClientHealth("admin", options, NullLogger.Instance, time);
        _client = new AdminClientBuilder(ClientSettings.Admin(options))
            .SetErrorHandler((_, error) => _health.Note(error))
            .SetLogHandler((_, _) => { })
            .Build();
    }

    /// <summary>Brokers and topics.</summary>
    /// <exception cref="KafkaException">They do not answer; says why and what to change.</exception>
    public Task<Metadata> MetadataAsync(CancellationToken stop) => AskAsync(() => Task.Run(() => _client.GetMetadata(Patience), stop));

    /// <summary>Settings of topics, by topic and name; without those that are gone meanwhile.</summary>
    /// <exception cref="KafkaException">They cannot be read.</exception>
    public async Task<Dictionary<string, Dictionary<string, string>>> SettingsAsync(IEnumerable<string> topics)
    {
        var resources = topics.Select(name => new ConfigResource { Type = ResourceType.Topic, Name = name }).ToArray();
        if (resources.Length == 0)
            return [];
        return await AskAsync(async () =>
        {
            try
            {
                var all = await _client.DescribeConfigsAsync(resources, new DescribeConfigsOptions { RequestTimeout = Patience });
                return all.ToDictionary(topic => topic.ConfigResource.Name, topic => Values(topic.Entries));
            }
            catch (DescribeConfigsException some) when (some.Results.All(topic => topic.Error.Code is ErrorCode.NoError or ErrorCode.UnknownTopicOrPart))
            {
                return some.Results.Where(topic => !topic.Error.IsError).ToDictionary(topic => topic.ConfigResource.Name, topic => Values(topic.Entries));
            }
        });

        static Dictionary<string, string> Values(Dictionary<string, ConfigEntryResult> entries) => entries.ToDictionary(entry => entry.Key, entry => entry.Value.Value);
    }

    /// <summary>Creates topics.</summary>
    /// <exception cref="KafkaException">One cannot be created.</exception>
    public async Task CreateAsync(IReadOnlyList<TopicPlan> plans)
    {
        if (plans.Count == 0)
            return;
        var wanted = plans.Select(plan => new TopicSpecification
        {
            Name = plan.Name,
            NumPartitions = plan.Partitions,
            ReplicationFactor = (short)_options.Replicas,
            Configs = new Dictionary<string, string>(plan.Settings),
        });
        try
        {
            await AskAsync(async () =>
            {
                await _client.CreateTopicsAsync(wanted, new CreateTopicsOptions { RequestTimeout = Patience, OperationTimeout = Patience });
                return true;
            });
        }
        catch (CreateTopicsException fault)
        {
            var failed = fault.Results.First(result => result.Error.IsError);
            throw Refusal($"Topic {failed.Topic} was not created", failed.Error, AclOperation.Create, failed.Topic);
        }
    }

    /// <summary>Sets settings of a topic.</summary>
    /// <exception cref="KafkaException">They were not set.</exception>
    public async Task AlterAsync(string topic, IReadOnlyDictionary<string, string> settings)
    {
        var resource = new ConfigResource { Type = ResourceType.Topic, Name = topic };
        var entries = settings.Select(setting => new ConfigEntry { Name = setting.Key, Value = setting.Value, IncrementalOperation = AlterConfigOpType.Set });
        try
        {
            await AskAsync(() => _client.IncrementalAlterConfigsAsync(
                new Dictionary<ConfigResource, List<ConfigEntry>> { [resource] = [.. entries] }, new IncrementalAlterConfigsOptions { RequestTimeout = Patience }));
        }
        catch (IncrementalAlterConfigsException fault)
        {
            throw Refusal($"The settings of topic {topic} were not changed", fault.Results[0].Error, AclOperation.AlterConfigs, topic);
        }
    }

    /// <summary>Gives a topic more partitions, and waits until the brokers know them.</summary>
    /// <exception cref="KafkaException">They were not added.</exception>
    public async Task GrowAsync(string topic, int partitions)
    {
        try
        {
            await AskAsync(async () =>
            {
                await _client.CreatePartitionsAsync(
                    [new PartitionsSpecification { Topic = topic, IncreaseTo = partitions }], new CreatePartitionsOptions { RequestTimeout = Patience, OperationTimeout = Patience });
                return true;
            });
        }
        catch (CreatePartitionsException fault)
        {
            throw Refusal(FormattableString.Invariant($"Topic {topic} was not given {partitions} partitions"), fault.Results[0].Error, AclOperation.Alter, topic);
        }
    }

    /// <summary>What this user may do with each topic; a missing topic is left out.</summary>
    /// <exception cref="KafkaException">It cannot be asked.</exception>
    public async Task<Dictionary<string, AclOperation[]>> TopicRightsAsync(IEnumerable<string> topics)
    {
        var described = await AskAsync(() => _client.DescribeTopicsAsync(
            TopicCollection.OfTopicNames(topics), new DescribeTopicsOptions { IncludeAuthorizedOperations = true, RequestTimeout = Patience }));
        return described.TopicDescriptions.Where(topic => !topic.Error.IsError)
            .ToDictionary(topic => topic.Name, topic => topic.AuthorizedOperations?.ToArray() ?? []);
    }

    /// <summary>Id of a topic, which one that is made anew under the same name does not share, and the number of its partitions; null when there is no such topic.</summary>
    /// <exception cref="KafkaException">It cannot be asked.</exception>
    public async Task<(Guid Id, int Partitions)?> TopicAsync(string topic)
    {
        var described = await AskAsync(() => DescribeAsync(topic));
        if (described.FirstOrDefault(found => !found.Error.IsError) is not { TopicId: { } id } one)
            return null;
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteInt64BigEndian(bytes, id.MostSignificantBits);
        BinaryPrimitives.WriteInt64BigEndian(bytes[8..], id.LeastSignificantBits);
        return (new Guid(bytes, bigEndian: true), one.Partitions.Count);
    }

    /// <summary>What this user may do with the consumer group.</summary>
    /// <exception cref="KafkaException">It cannot be asked.</exception>
    public async Task<AclOperation[]> GroupRightsAsync()
    {
        var described = await AskAsync(() => DescribeGroupAsync(rights: true));
        return described.AuthorizedOperations?.ToArray() ?? [];
    }

    /// <summary>The consumer group; without members when there is none.</summary>
    /// <exception cref="KafkaException">It cannot be asked.</exception>
    public async Task<GroupView> GroupAsync()
    {
        var group = await AskAsync(() => DescribeGroupAsync(rights: false));
        return new GroupView(_options.GroupId, group.State.ToString(), group.GroupType == ConsumerGroupType.Consumer ? "consumer" : "classic",
        [
            .. (group.Members ?? []).Select(member => new GroupMember(member.ConsumerId, member.GroupInstanceId is { Length: > 0 } name ? name : null, member.ClientId, member.Host,
                [.. member.Assignment.TopicPartitions.Where(at => at.Topic == _options.SamplesTopic).Select(at => at.Partition.Value).Order()])),
        ]);
    }

    /// <summary>Offsets of partitions: their first records, or behind their last ones.</summary>
    /// <exception cref="KafkaException">They cannot be asked.</exception>
    public async Task<Dictionary<TopicPartition, long>> OffsetsAsync(
        IEnumerable<TopicPartition> partitions, OffsetSpec which, IsolationLevel isolation = IsolationLevel.ReadUncommitted)
    {
        var found = await AskAsync(() => _client.ListOffsetsAsync(
            partitions.Select(partition => new TopicPartitionOffsetSpec { TopicPartition = partition, OffsetSpec = which }),
            new ListOffsetsOptions { RequestTimeout = Patience, IsolationLevel = isolation }));
        return found.ResultInfos.ToDictionary(one => one.TopicPartitionOffsetError.TopicPartition, one => one.TopicPartitionOffsetError.Offset.Value);
    }

    /// <summary>The group's offsets; partitions without one are left out.</summary>
    /// <exception cref="KafkaException">They cannot be asked.</exception>
    public async Task<Dictionary<TopicPartition, long>> CommittedAsync(IEnumerable<TopicPartition> partitions)
    {
        var groups = await AskAsync(() => _client.ListConsumerGroupOffsetsAsync(
            [new ConsumerGroupTopicPartitions(_options.GroupId, [.. partitions])], new ListConsumerGroupOffsetsOptions { RequestTimeout = Patience }));
        return groups.Single().Partitions.Where(at => !at.Offset.IsSpecial).ToDictionary(at => at.TopicPartition, at => at.Offset.Value);
    }

    /// <summary>A question that was given up still uses the client: it goes when that ends, within the time limit.</summary>
    public void Dispose() => _asking.ContinueWith(_ => _client.Dispose(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

    private async Task<IReadOnlyList<TopicDescription>> DescribeAsync(string topic)
    {
        try
        {
            return (await _client.DescribeTopicsAsync(TopicCollection.OfTopicNames([topic]), new DescribeTopicsOptions { RequestTimeout = Patience })).TopicDescriptions;
        }
        catch (DescribeTopicsException some)
        {
            return some.Results.TopicDescriptions;    // a topic that is missing is an answer
        }
    }

    private async Task<ConsumerGroupDescription> DescribeGroupAsync(bool rights)
    {
        var began = _time.GetTimestamp();
        while (true)
        {
            try
            {
                return (await _client.DescribeConsumerGroupsAsync(
                    [_options.GroupId], new DescribeConsumerGroupsOptions { IncludeAuthorizedOperations = rights, RequestTimeout = Patience })).ConsumerGroupDescriptions.Single();
            }
            catch (DescribeConsumerGroupsException some) when (some.Results.ConsumerGroupDescriptions is [{ Error.Code: ErrorCode.GroupIdNotFound } none])
            {
                return none;    // a group that nobody has joined yet is an answer
            }
            catch (DescribeConsumerGroupsException some) when (
                some.Results.ConsumerGroupDescriptions is [{ Error.Code: ErrorCode.GroupCoordinatorNotAvailable or ErrorCode.GroupLoadInProgress or ErrorCode.NotCoordinatorForGroup }]
                && _time.GetElapsedTime(began) < Patience)
            {
                // The group's coordinator is being found, as at the first group of a cluster.
            }
            catch (DescribeConsumerGroupsException some) when (some.Results.ConsumerGroupDescriptions is [{ Error: { IsError: true } refused }])
            {
                throw new KafkaException(refused);
            }
            await Task.Delay(Retry, _time);
        }
    }

    private async Task<T> AskAsync<T>(Func<Task<T>> question)
    {
        try
        {
            var asking = question();
            _asking = asking;
            if (await Task.WhenAny(asking, _health.Refused) == asking)
                return await asking;
            throw Failure(ErrorCode.Local_Authentication, "refuses this client", _health.Fault ?? "");
        }
        catch (KafkaException fault) when (
            fault is not (CreateTopicsException or CreatePartitionsException or IncrementalAlterConfigsException) && !_health.Refused.IsCompleted)
        {
            throw Failure(
                fault.Error.Code, fault.Error.IsLocalError ? FormattableString.Invariant($"gave no answer within {Patience.TotalSeconds:0} s") : "refuses this",
                _health.Fault ?? $"{fault.Error.Reason}. {KafkaAdvice.For(fault.Error.Code, _options)}");
        }
    }

    /// <summary>What was refused and why; where a right is missing, with the command that grants it.</summary>
    private static KafkaException Refusal(string what, Error error, AclOperation right, string topic) => new(new Error(error.Code,
        $"{what}: {error.Reason.TrimEnd('.')}." + (error.Code is ErrorCode.TopicAuthorizationFailed or ErrorCode.ClusterAuthorizationFailed
            ? $" Grant {right} to the user of Kafka:Properties:sasl.username: kafka-acls --add --allow-principal User:NAME --operation {right} --topic {topic}"
            : "")));

    private KafkaException Failure(ErrorCode code, string what, string cause) =>
        new(new Error(code, $"Kafka at '{_options.BootstrapServers}' {what}: {cause}"));
}
