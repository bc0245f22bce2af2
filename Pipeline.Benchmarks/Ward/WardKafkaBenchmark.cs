using System.Globalization;
using System.Runtime.InteropServices;
using Confluent.Kafka;
using Microsoft.Extensions.Logging.Abstractions;
using Pipeline.Actors;
using Pipeline.Host.Kafka;
using Pipeline.Host.Wire;

namespace Pipeline.Benchmarks.Ward;

/// <summary>
/// W0 from a topic of a real broker that holds all messages before the clock starts, through the product's source, shards and windower. CPU
/// is that of this process and of the broker, from before the first fetch until the last record is handled. With state, every patient's goes
/// to the changelog in a transaction with the offset each second, five times as often as by default; and, from a longer topic, at the default.
/// </summary>
internal sealed class WardKafkaBenchmark : IBenchmark
{
    private const int Partitions = 8, PatientCount = 1_000, Rounds = 3;
    private const string Workload = "ward", Product = "ward-chunks", Long = "ward-long";
    private const int TimesLonger = 6;      // read in about 10 s: two checkpoints of the default interval, and that of the end
    private static readonly TimeSpan OftenKept = TimeSpan.FromSeconds(1), Kept = new KafkaOptions().CheckpointInterval, Seldom = TimeSpan.FromMinutes(1);

    public string Name => "ward-windows-kafka";

    public string Summary => "the W0 of ward-windows from a pre-loaded topic of a real Kafka broker, in the workload's form and in the product's; chunks per CPU second, broker included";

    public async Task RunAsync(Report report, CancellationToken stop)
    {
        if (BenchBroker.FindScript() is not { } script)
        {
            report.Remark("skipped: ../shared/servers/kafka (or PIPELINE_SHARED) is not there");
            return;
        }
        var seconds = report.Quick ? 60 : 600;
        var signal = new WardSignal(PatientCount);
        var wanted = await WardWindowsBenchmark.RunAsync(signal, seconds, spectra: false, stop);
        await using var broker = await BenchBroker.StartAsync(script, stop);
        var decoder = new WardDecoder();
        Load(broker.BootstrapServers, Workload, signal, seconds, message => message);
        Load(broker.BootstrapServers, Product, signal, seconds, message => SampleEncoder.Encode(decoder.Decode(message)));
        var (rates, keptRates, productRates) = (new List<double>(), new List<double>(), new List<double>());
        Func<RecordDecoder> workload = WardMessages;
        for (var round = 1; round <= (report.Quick ? 1 : Rounds); round++)
        {
            // Beside them the same in memory: what other work on the machine takes from all three.
            var start = Cost.Now();
            var memory = await WardWindowsBenchmark.RunAsync(signal, seconds, spectra: false, stop);
            report.Remark($"memory, round {round}: {memory.MessageCount / (Cost.Now() - start).ProcessCpuSeconds:0}");
            rates.Add(await MeasureAsync(report, broker, Options(broker, Workload, round, Kept), workload, wanted, stop));
            keptRates.Add(await MeasureAsync(report, broker, Options(broker, Workload, round, OftenKept), workload, wanted, stop));
            productRates.Add(await MeasureAsync(report, broker, Options(broker, Product, round, OftenKept), () => KafkaSource.Decoder(new KafkaOptions()), wanted, stop));
        }
        report.Add("chunks_per_cpu_s", Quantiles.Median(rates), "1/s", new Reference("Flink, published", 210_000));
        report.Add("with_changelog_chunks_per_cpu_s", Quantiles.Median(keptRates), "1/s", new Reference("Kafka Streams with changelog, published", 100_000));
        report.Add("product_form_with_changelog_chunks_per_cpu_s", Quantiles.Median(productRates), "1/s", new Reference("Flink, published, its own form", 210_000));
        await MeasureDefaultAsync(report, broker, signal, seconds * TimesLonger, workload, stop);
    }

    /// <summary>With the changelog at the default interval, in turns with one that makes none meanwhile, and what that costs.</summary>
    private static async Task MeasureDefaultAsync(Report report, BenchBroker broker, WardSignal signal, int seconds, Func<RecordDecoder> decode, CancellationToken stop)
    {
        var wanted = await WardWindowsBenchmark.RunAsync(signal, seconds, spectra: false, stop);
        Load(broker.BootstrapServers, Long, signal, seconds, message => message);
        var (rates, keptRates) = (new List<double>(), new List<double>());
        for (var round = 1; round <= (report.Quick ? 1 : Rounds); round++)
        {
            rates.Add(await MeasureAsync(report, broker, Options(broker, Long, round, Seldom), decode, wanted, stop));
            keptRates.Add(await MeasureAsync(report, broker, Options(broker, Long, round, Kept), decode, wanted, stop));
        }
        report.Add("changelog_at_default_chunks_per_cpu_s", Quantiles.Median(keptRates), "1/s", new Reference("wanted", 300_000));
        report.Add("cost_of_the_changelog", 100 * (1 - Quantiles.Median(keptRates) / Quantiles.Median(rates)), "%", new Reference("wanted at most", 5));
    }

    private static async Task<double> MeasureAsync(
        Report report, BenchBroker broker, KafkaOptions options, Func<RecordDecoder> decoder, WardWindowsBenchmark.Result wanted, CancellationToken stop)
    {
        GC.Collect();
        var totals = new WardTotals();
        using var metrics = new KafkaMetrics();
        await using var source = new KafkaSource(options, metrics, NullLogger<KafkaSource>.Instance, TimeProvider.System, decoder);
        using var done = CancellationTokenSource.CreateLinkedTokenSource(stop);
        await using var local = new LocalActors();
        await using var partitions = new Actors.Partitions(new TopologyOptions(), [], TimeProvider.System, new PartitionParts
        {
            Actors = local.Actors,
            Stages = first => [totals.Add(new WardStage(int.Parse(first.Patient.Value.AsSpan(1), CultureInfo.InvariantCulture), spectra: false))],
        });

        var (cost, brokerCpu) = (Cost.Now(), broker.CpuSeconds);
        var running = Topology.RunAsync(source, partitions, done.Token);
        using (var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(2)))
            while (partitions.Total()[Count.Records] < wanted.MessageCount)
                await timer.WaitForNextTickAsync(stop);
        (cost, brokerCpu) = (Cost.Now() - cost, broker.CpuSeconds - brokerCpu);
        await done.CancelAsync();
        var counts = await running;

        var found = new WardWindowsBenchmark.Result(
            counts[Count.Records], counts[Count.ChunksDuplicate] + counts[Count.ChunksLate], totals.WindowCount, totals.Checksum, totals.PeakSum);
        if (found != wanted)
            throw new InvalidOperationException($"From Kafka: {found} where {wanted} is right.");
        var rate = found.MessageCount / (cost.ProcessCpuSeconds + brokerCpu);
        report.Remark($"{options.GroupId}: {rate:0}; {cost.WallSeconds:0.00} s elapsed, CPU {cost.ProcessCpuSeconds:0.00} s here and {brokerCpu:0.00} s in the broker, {cost.ProcessBytes / found.MessageCount} bytes allocated a message");
        return rate;
    }

    private static RecordDecoder WardMessages()
    {
        var decoder = new WardDecoder();
        return (ReadOnlySpan<byte> _, ReadOnlyMemory<byte> payload, out string? refused) =>
        {
            refused = null;
            return decoder.Decode(MemoryMarshal.TryGetArray(payload, out var segment) ? segment.Array! : payload.ToArray());     // an array of its own, as the client gives it
        };
    }

    /// <summary>A group of its own for each round, and with state a changelog of its own.</summary>
    private static KafkaOptions Options(BenchBroker broker, string topic, int round, TimeSpan checkpoints)
    {
        var group = string.Create(CultureInfo.InvariantCulture, $"{topic}-{checkpoints.TotalSeconds:0}s-{round}");
        var options = new KafkaOptions { BootstrapServers = broker.BootstrapServers, GroupId = group, SamplesTopic = topic, StateTopic = $"{group}-state", CheckpointInterval = checkpoints };
        using var admin = new AdminClientBuilder(ClientSettings.Admin(options)).Build();
        admin.CreateTopicsAsync([new() { Name = options.StateTopic, NumPartitions = Partitions, ReplicationFactor = 1, Configs = new() { ["cleanup.policy"] = "compact" } }]).GetAwaiter().GetResult();
        return options;
    }

    private static void Load(string bootstrapServers, string topic, WardSignal signal, int seconds, Func<byte[], byte[]> form)
    {
        var settings = new Dictionary<string, string>
        {
            ["bootstrap.servers"] = bootstrapServers,
            ["linger.ms"] = "50",
            ["batch.size"] = "1000000",
            ["queue.buffering.max.kbytes"] = "131072",
            ["max.in.flight.requests.per.connection"] = "1",    // in order, whatever is retried
        };
        using (var admin = new AdminClientBuilder(settings).Build())
            admin.CreateTopicsAsync([new() { Name = topic, NumPartitions = Partitions, ReplicationFactor = 1 }]).GetAwaiter().GetResult();
        using var producer = new ProducerBuilder<byte[], byte[]>(settings).Build();
        foreach (var (patient, chunk) in signal.Order(seconds))
        {
            var bytes = signal.Message(patient, chunk);
            var message = new Message<byte[], byte[]> { Key = bytes[2..9], Value = form(bytes) };
            while (!TryProduce(producer, new TopicPartition(topic, patient % Partitions), message))
                producer.Poll(TimeSpan.FromMilliseconds(20));
        }
        producer.Flush();
    }

    private static bool TryProduce(IProducer<byte[], byte[]> producer, TopicPartition to, Message<byte[], byte[]> message)
    {
        try
        {
            producer.Produce(to, message);
            return true;
        }
        catch (ProduceException<byte[], byte[]> full) when (full.Error.Code == ErrorCode.Local_QueueFull)
        {
            return false;
        }
    }
}
