using System.Globalization;
using System.Text;
using Confluent.Kafka;
using Microsoft.Extensions.Logging.Abstractions;
using Pipeline.Host.Errors;

namespace Pipeline.Host.Kafka;

/// <summary>
/// More partitions for topics with data. Patients go elsewhere by their key, so their state goes along: first copies where it will be wanted,
/// then the partitions of the input topic, then the old places are cleared. Whenever it ends early the ward can go on, as it was before or as it
/// will be, and the same again completes it.
/// </summary>
internal sealed class PartitionGrowth
{
    private readonly KafkaOptions _options;
    private readonly int _target;
    private readonly TimeProvider _time;
    private readonly Changelog _changelog;
    private int _steps = 1, _done;

    /// <param name="options">The topics and the group.</param>
    /// <param name="target">Partitions that are wanted.</param>
    /// <param name="time">For waiting.</param>
    public PartitionGrowth(KafkaOptions options, int target, TimeProvider time)
    {
        (_options, _target, _time) = (options, target, time);
        _changelog = new Changelog(options, new ClientHealth("partitions", options, NullLogger.Instance, time), NullLogger.Instance, time, null);
    }

    /// <summary>What is being done, and the part that is.</summary>
    public (string Text, double Part) Progress { get; private set; } = ("looking at the group", 0);

    /// <summary>Does all of it; answers how many patients now have their state in another partition.</summary>
    /// <exception cref="CommandException">The topics cannot be grown, or not now: says what to do first.</exception>
    /// <exception cref="KafkaException">The brokers do not answer, or refuse.</exception>
    public async Task<int> RunAsync(CancellationToken stop)
    {
        var counts = await CountsAsync(stop);
        var now = counts[_options.SamplesTopic];
        if (now > _target || counts[_options.StateTopic] > _target)
            throw CommandException.BadUsage(Text($"{_options.SamplesTopic} has {now} partitions, {_options.StateTopic} {counts[_options.StateTopic]}: Kafka only adds partitions, and {_target} are fewer."));
        if (counts.Values.All(count => count == _target))
            return await ClearAsync(stop);      // what an attempt that was interrupted has left
        var before = await CheckAtRestAsync(stop);
        _steps = now + _target;
        if (now < _target)
        {
            await GrowAsync([_options.StateTopic], counts);
            await Task.Run(() => Copy(now, stop), stop);
            await GrowAsync([_options.SamplesTopic, _options.ResultsTopic, _options.EventsTopic, _options.DeadLettersTopic, _options.CommandsTopic], counts);
        }
        else
            await GrowAsync([.. counts.Keys], counts);
        var moved = await ClearAsync(stop);
        await CheckNothingCameAsync(before, stop);
        return moved;
    }

    /// <summary>
    /// Lays a copy of every patient's state where the input topic's partitions will want it; what lies there of an earlier attempt and is no
    /// one's any more is removed. Nothing reads it yet.
    /// </summary>
    internal void Copy(int partitions, CancellationToken stop)
    {
        using var writer = new ChangelogWriter(_options, "partitions");
        var wanted = new HashSet<string>(StringComparer.Ordinal);
        for (var partition = 0; partition < partitions; partition++)
        {
            Step("copying the patients' state", partition);
            foreach (var (patient, snapshot) in Read(partition, stop))
                if (Encoding.UTF8.GetBytes(patient) is var key && KeyPartition.Of(key, partitions) == partition && KeyPartition.Of(key, _target) is var home && home != partition)
                {
                    writer.Write(home, key, snapshot);
                    wanted.Add(patient);
                }
            writer.Commit();
        }
        for (var partition = partitions; partition < _target; partition++)
            foreach (var patient in Read(partition, stop).Keys.Where(patient => !wanted.Contains(patient)))
                writer.Write(partition, Encoding.UTF8.GetBytes(patient), null);
        writer.Commit();
    }

    private async Task<int> ClearAsync(CancellationToken stop)
    {
        _steps = Math.Max(_steps, _target);
        var moved = await Task.Run(() => Clear(stop), stop);
        Progress = ("done", 1);
        return moved;
    }

    /// <summary>Removes every patient's state from where it is not wanted any more; answers of how many.</summary>
    internal int Clear(CancellationToken stop)
    {
        using var writer = new ChangelogWriter(_options, "partitions");
        for (var partition = 0; partition < _target; partition++)
        {
            Step("clearing the old places", partition);
            foreach (var patient in Read(partition, stop).Keys)
                if (Encoding.UTF8.GetBytes(patient) is var key && KeyPartition.Of(key, _target) != partition)
                    writer.Write(partition, key, null);
            writer.Commit();
        }
        return writer.Count;
    }

    private Dictionary<string, byte[]> Read(int partition, CancellationToken stop) => _changelog.ReadNewest(partition, stop).Snapshots;

    private void Step(string what, int partition) =>
        Progress = (Text($"{what}: partition {partition}"), (double)_done++ / _steps);

    private async Task<Dictionary<string, int>> CountsAsync(CancellationToken stop)
    {
        using var admin = new KafkaAdmin(_options, _time);
        var found = (await admin.MetadataAsync(stop)).Topics.ToDictionary(topic => topic.Topic, topic => topic.Partitions.Count);
        var counts = TopicPlan.All(_options).ToDictionary(plan => plan.Name, plan => found.GetValueOrDefault(plan.Name));
        return counts.FirstOrDefault(count => count.Value == 0).Key is { } missing
            ? throw new CommandException($"{missing} is missing: ./pipeline topics creates it.")
            : counts;
    }

    private async Task GrowAsync(string[] topics, Dictionary<string, int> counts)
    {
        using var admin = new KafkaAdmin(_options, _time);
        foreach (var topic in topics.Where(topic => counts[topic] < _target))
            await admin.GrowAsync(topic, _target);
    }

    /// <summary>Nobody reads, and everything that was published is done.</summary>
    private async Task<IReadOnlyList<PartitionPosition>> CheckAtRestAsync(CancellationToken stop)
    {
        var (group, positions) = await GroupExamination.AskAsync(_options, _time, stop);
        if (group.Members.Count > 0)
            throw new CommandException(Text($"Group {group.Id} has {group.Members.Count} members. Stop the publishers; when ./pipeline status shows nothing to commit stop every process (SIGTERM), and run this again."));
        var behind = positions.Where(at => at.End > Math.Max(at.Committed ?? 0, at.First)).ToArray();
        if (behind.Length > 0)
            throw new CommandException(Text($"{behind.Sum(at => at.End - Math.Max(at.Committed ?? 0, at.First))} records are not done (partitions {string.Join(' ', behind.Select(at => at.Partition))}). Stop the publishers, start a process until ./pipeline status shows nothing to commit, stop it (SIGTERM), and run this again."));
        return positions;
    }

    private async Task CheckNothingCameAsync(IReadOnlyList<PartitionPosition> before, CancellationToken stop)
    {
        var (_, after) = await GroupExamination.AskAsync(_options, _time, stop);
        var came = after.Where(at => at.End > (before.FirstOrDefault(was => was.Partition == at.Partition)?.End ?? at.First)).Select(at => at.Partition).ToArray();
        if (came.Length > 0)
            throw new CommandException(Text($"The partitions are there and the state is in place, but a publisher went on meanwhile (partitions {string.Join(' ', came)}): windows of its patients at this moment have a gap. Start the publishers anew, so that all use {_target} partitions."));
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
