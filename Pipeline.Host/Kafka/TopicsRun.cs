namespace Pipeline.Host.Kafka;

/// <summary>What was asked of <c>topics</c>.</summary>
/// <param name="Partitions">Partitions that the topics are to have; null: what the settings say, of new topics only.</param>
/// <param name="OnlyCheck">Changes nothing.</param>
/// <param name="Alter">Also sets retention and compaction of topics that are there.</param>
internal sealed record TopicsRequest(int? Partitions, bool OnlyCheck, bool Alter);

/// <summary>Creates the topics that are missing, alters the others where that is asked for, and gives them more partitions.</summary>
internal sealed class TopicsRun
{
    private readonly KafkaOptions _options;
    private readonly TopicsRequest _request;
    private readonly TimeProvider _time;
    private PartitionGrowth? _growth;

    /// <summary>Of the topics of <paramref name="options"/>, whose number of partitions becomes the one that is asked for.</summary>
    public TopicsRun(KafkaOptions options, TopicsRequest request, TimeProvider time)
    {
        (_options, _request, _time) = (options, request, time);
        options.Partitions = request.Partitions ?? options.Partitions;
    }

    /// <summary>What is being done, and the part of it.</summary>
    public (string Text, double Part) Progress => _growth?.Progress ?? ("", 0);

    /// <summary>The topics as they were and as they are, and how many patients' state moved to another partition.</summary>
    /// <exception cref="Confluent.Kafka.KafkaException">The brokers cannot be asked, or refuse.</exception>
    public async Task<(IReadOnlyList<TopicState> Before, IReadOnlyList<TopicState> After, int Moved)> RunAsync(CancellationToken stop)
    {
        var before = await Topics.ExamineAsync(_options, _time, stop);
        var (after, moved) = (before, 0);
        if (_request.OnlyCheck)
            return (before, after, moved);
        if (before.Any(state => state.IsMissing || (_request.Alter && !state.IsGood)))
        {
            await Topics.MendAsync(_options, before, _request.Alter, _time);
            after = await Topics.ExamineAsync(_options, _time, stop);
        }
        if (_request.Partitions is { } wanted && after.All(state => !state.IsMissing))
        {
            _growth = new PartitionGrowth(_options, wanted, _time);
            moved = await _growth.RunAsync(stop);
            after = await Topics.ExamineAsync(_options, _time, stop);
        }
        return (before, after, moved);
    }
}
