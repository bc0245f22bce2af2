using System.Globalization;
using System.IO.MemoryMappedFiles;
using Confluent.Kafka;
using Microsoft.Extensions.Logging.Abstractions;
using Pipeline.Host.Kafka;
using Pipeline.Host.Wire;
using Pipeline.Models.Signals;
using Pipeline.Models.Simulation;
using Timestamp = Pipeline.Models.Signals.Timestamp;

namespace Pipeline.Benchmarks.Ward;

/// <summary>What the feeder is asked for.</summary>
/// <param name="Beds">
/// Beds; each has a device <c>ppg</c> (PPG and 3 ACC, 125 Hz) and a device <c>ecg</c> (250 Hz), int16, a chunk a second; in labour a device
/// <c>fecg</c> (4 abdominal leads, 500 Hz) and a device <c>ctg</c> (4 Hz).
/// </param>
/// <param name="Seconds">Stream time.</param>
/// <param name="Partitions">Partitions of the input topic.</param>
/// <param name="StampsPath">Where the moments of handing over are noted in real time; empty: everything is loaded at once.</param>
/// <param name="IsLabour">Whether the beds are those of a labour ward.</param>
internal sealed record FeedRequest(int Beds, int Seconds, int Partitions, string StampsPath, bool IsLabour = false)
{
    private const string Labour = "labour", General = "general";

    public string[] ToArguments() =>
        [.. new[] { Beds, Seconds, Partitions }.Select(n => n.ToString(CultureInfo.InvariantCulture)), StampsPath, IsLabour ? Labour : General];

    public static FeedRequest Parse(string[] arguments) => new(
        int.Parse(arguments[0], CultureInfo.InvariantCulture), int.Parse(arguments[1], CultureInfo.InvariantCulture),
        int.Parse(arguments[2], CultureInfo.InvariantCulture), arguments[3], arguments[4] == Labour);
}

/// <summary>
/// The other side of the ward benchmarks, in a process of its own so that its CPU time and memory are its own: the embedded broker and what
/// the devices send, serialised before the clock starts. Speaks in lines: says <c>ready SERVERS RECORDS SAMPLES CPU_SECONDS</c> (of loading), waits for <c>go</c> in
/// real time, says <c>done CPU_SECONDS</c> after <c>end</c>.
/// </summary>
internal static class WardFeeder
{
    /// <summary>The first argument of a process that is to be a feeder.</summary>
    public const string Argument = "ward-feeder";

    /// <summary>Simulated patients; the beds repeat their signals under pseudonyms of their own.</summary>
    private const int Pool = 40;

    /// <summary>Event time of every device's first sample: 2026-01-01.</summary>
    public static Timestamp Start { get; } = new(1_767_225_600L * Timestamp.NanosecondsPerSecond);

    public static async Task<int> RunAsync(string[] arguments)
    {
        var request = FeedRequest.Parse(arguments);
        using var broker = new EmbeddedBroker();
        var options = broker.Prepare(new KafkaOptions { Partitions = request.Partitions });
        options.PaceByGroup = false;
        var records = Prepare(request, out var samples);
        var loading = Cost.Now();
        if (request.StampsPath.Length == 0)
            await LoadAsync(records, options);
        var loaded = Cost.Now() - loading;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"ready {broker.BootstrapServers} {records.Sum(bed => bed.Length)} {samples} {loaded.ProcessCpuSeconds:R}"));
        var before = Cost.Now();
        if (request.StampsPath.Length > 0 && await Console.In.ReadLineAsync() == "go")
            await PublishInTimeAsync(records, request, options);
        await Console.In.ReadLineAsync();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"done {(Cost.Now() - before).ProcessCpuSeconds:R}"));
        return 0;
    }

    /// <summary>Serialises everything: [bed][second x device], in the order in which it is sent.</summary>
    private static Outgoing[][] Prepare(FeedRequest request, out long samples)
    {
        long count = 0;
        var beds = new Outgoing[request.Beds][];
        Parallel.For(0, Math.Min(Pool, request.Beds), patient =>
        {
            var scenario = request.IsLabour
                ? WithLeads(SimulatedWard.LabourBed(patient, seed: 1, Start, epoch: 1, DeviceFaults.Usual))
                : SimulatedWard.Bed(patient, seed: 1, Start, epoch: 1, DeviceFaults.Usual) with { HasAbp = false, EcgLeadCount = 1 };
            var bed = new SimulatedBed(scenario);
            var chunks = new List<SampleChunk>();
            for (var second = 0; second < request.Seconds; second++)
                bed.Next(chunks, isLast: false);
            for (var number = patient; number < request.Beds; number += Pool)
            {
                var (id, name) = (new PatientId($"bench-{number:00000}"), $"bed-{number:0000}");
                beds[number] = [.. chunks.Select(chunk => new Outgoing(SampleEncoder.Key(id), SampleEncoder.Encode(chunk with { Patient = id, Bed = name }), EndSecond(chunk), chunk.Device == "ecg" ? 1 : 0))];
                Interlocked.Add(ref count, chunks.Sum(chunk => (long)chunk.SampleCount * chunk.Channels.Count));
            }
        });
        samples = count;
        return beds;

        static BedScenario WithLeads(BedScenario bed) => bed with { Labour = bed.Labour! with { LeadCount = 4 } };      // it is in labour

        static int EndSecond(SampleChunk chunk) => (int)Math.Round(chunk.FirstSampleTime.AddSeconds(chunk.SampleCount / chunk.RateHz).SecondsSince(Start));
    }

    /// <summary>
    /// The backlog of an outage, second by second, into partition = bed modulo partitions: evenly, because the embedded broker keeps 5 MiB of
    /// each and drops more.
    /// </summary>
    private static Task LoadAsync(Outgoing[][] beds, KafkaOptions options) => Task.Run(() =>
    {
        using var producer = new ProducerBuilder<byte[], byte[]>(ClientSettings.Producer(options)).SetLogHandler((_, _) => { }).Build();
        for (var i = 0; i < beds.Max(bed => bed.Length); i++)
            for (var number = 0; number < beds.Length; number++)
                if (i < beds[number].Length)
                    Produce(producer, new TopicPartition(options.SamplesTopic, number % options.Partitions), beds[number][i]);
        producer.Flush(TimeSpan.FromMinutes(5));
    });

    private static void Produce(IProducer<byte[], byte[]> producer, TopicPartition to, Outgoing record)
    {
        while (true)
            try
            {
                producer.Produce(to, new Message<byte[], byte[]> { Key = record.Key, Value = record.Value });
                return;
            }
            catch (ProduceException<byte[], byte[]> full) when (full.Error.Code == ErrorCode.Local_QueueFull)
            {
                producer.Poll(TimeSpan.FromMilliseconds(10));
            }
    }

    /// <summary>Each bed's chunk of a second when that second is over, the beds spread over the second; its moment goes to [second][bed][device].</summary>
    private static async Task PublishInTimeAsync(Outgoing[][] beds, FeedRequest request, KafkaOptions options)
    {
        using var stamps = MemoryMappedFile.CreateFromFile(request.StampsPath, FileMode.Open);
        using var view = stamps.CreateViewAccessor();
        await using var publisher = new KafkaPublisher(options, NullLogger<KafkaPublisher>.Instance, TimeProvider.System);
        var next = new int[beds.Length];
        var began = TimeProvider.System.GetTimestamp();
        for (var second = 1; second <= request.Seconds; second++)
            for (var bed = 0; bed < beds.Length; bed++)
            {
                var due = TimeSpan.FromSeconds(second + bed / (double)beds.Length) - TimeProvider.System.GetElapsedTime(began);
                if (due > TimeSpan.FromMilliseconds(1))
                    await Task.Delay(due);
                for (; next[bed] < beds[bed].Length && beds[bed][next[bed]] is var record && record.EndSecond <= second; next[bed]++)
                {
                    view.Write(StampAt(record.EndSecond, bed, record.Device, beds.Length), TimeProvider.System.GetTimestamp());
                    await publisher.PublishAsync(record.Key, record.Value, CancellationToken.None);
                }
            }
        await publisher.FlushAsync(CancellationToken.None);
    }

    /// <summary>Where the moment is noted at which the chunk that ends with a second was handed over; 0: it never was.</summary>
    public static long StampAt(int endSecond, int bed, int device, int beds) => (((long)endSecond * beds + bed) * 2 + device) * sizeof(long);

    private readonly record struct Outgoing(byte[] Key, byte[] Value, int EndSecond, int Device);
}
