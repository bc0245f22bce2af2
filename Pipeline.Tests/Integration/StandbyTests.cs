using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;
using Pipeline.Tests.Kafka;
using Xunit;

namespace Pipeline.Tests.Integration;

/// <summary>Snapshots kept warm of shards that another process owns, on a real broker.</summary>
[Collection(nameof(KafkaServer))]
[Trait("Category", "Integration")]
public sealed class StandbyTests(KafkaServer server)
{
    private const int Patients = 12;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [SkippableTheory]
    [InlineData(512L << 20, true)]
    [InlineData(100L, false)]     // no shard has room
    public async Task A_shard_that_was_kept_warm_is_taken_over_without_reading_it_and_its_series_go_on(long room, bool isWarm)
    {
        var options = await server.PrepareAsync();
        (options.Standby, options.StandbyBytes) = (1, room);
        await KafkaFlow.PublishAsync(options, Patients, from: 0, to: 15);
        await using var first = KafkaFlow.Start(options);
        await KafkaFlow.UntilCommittedAsync(options, Patients * 15);
        await using var second = KafkaFlow.Start(options);
        await second.UntilOwnedAsync(2);
        await KafkaFlow.PublishAsync(options, Patients, from: 15, to: 20);
        await KafkaFlow.UntilCommittedAsync(options, Patients * 20);
        var owned = second.Source.Lags.Select(lag => lag.Partition).ToHashSet();
        await UntilToldAsync(second, isWarm ? "Standby: partition [0-9] of .* is warm" : "is not kept warm. Raise Kafka:StandbyBytes", Enumerable.Range(0, 4).Except(owned));

        await first.StopAsync();
        await KafkaFlow.PublishAsync(options, Patients, from: 20, to: 30);
        await KafkaFlow.UntilCommittedAsync(options, Patients * 30);
        await second.StopAsync();

        var taken = second.Log.At(LogLevel.Information).Where(line => line.StartsWith("Restored partition", StringComparison.Ordinal) && !owned.Contains(Partition(line))).ToArray();
        Assert.Equal(2, taken.Length);
        Assert.All(taken, line => Assert.Equal(isWarm, line.Contains(" bytes of 0 read", StringComparison.Ordinal)));
        Assert.Equal(await KafkaFlow.UninterruptedAsync(Patients, seconds: 30), first.Sink.Points.Concat(second.Sink.Points).Select(KafkaFlow.Text).Distinct().Order(StringComparer.Ordinal));
    }

    /// <summary>Waits until the process has said of each of the partitions what is looked for.</summary>
    private static async Task UntilToldAsync(KafkaFlow flow, string pattern, IEnumerable<int> partitions)
    {
        var missing = partitions.ToHashSet();
        using var late = new CancellationTokenSource(Patience);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (missing.Count > 0)
        {
            missing.ExceptWith(flow.Log.At(LogLevel.Information).Concat(flow.Log.At(LogLevel.Warning)).Where(line => Regex.IsMatch(line, pattern)).Select(Partition));
            await timer.WaitForNextTickAsync(late.Token);
        }
    }

    private static int Partition(string line) => int.Parse(Regex.Match(line, "partition ([0-9]+)").Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture);
}
