using Pipeline.Actors;
using Pipeline.Models.Signals;

namespace Pipeline.Benchmarks.Entities;

/// <summary>
/// How fast messages reach 10,000 entities, and how small an idle patient is. The messages go through the product's mailbox and a look-up
/// like its shard's; records without samples go through all of the product's path to the stream.
/// </summary>
internal sealed class EntitiesBenchmark : IBenchmark
{
    private const int Entities = 10_000;
    private const int Rounds = 5;
    private const int Capacity = 4096;

    private static readonly Reference Akka = new("Akka.NET, published", 12_000_000);
    private static readonly Reference AkkaBytes = new("Akka.NET, published", 2_150);

    public string Name => "entities";

    public string Summary => "10,000 patient entities in one process: messages (an id and an int) from another thread through mailbox and look-up; memory of an idle patient beside its ring";

    public async Task RunAsync(Report report, CancellationToken stop)
    {
        var messages = new EntityMessages(Entities);
        var count = report.Quick ? 200_000 : 20_000_000L;
        messages.ThroughMailbox(count / 4, Capacity);
        messages.ThroughChannel(count / 10, Capacity);
        double[] ours = new double[Rounds], standard = new double[Rounds], plain = new double[Rounds];
        for (var i = 0; i < Rounds; i++)
        {
            ours[i] = count / messages.ThroughMailbox(count, Capacity);
            standard[i] = count / messages.ThroughMailbox(count, new TopologyOptions().MailboxCapacity);
            plain[i] = count / 4 / messages.ThroughChannel(count / 4, Capacity);
        }
        report.Add("messages_per_s", Median(ours), "1/s", Akka);
        report.Add("messages_per_s_default_mailbox", Median(standard), "1/s", Akka);
        report.Add("channel_and_dictionary_per_s", Median(plain), "1/s", Akka);

        var records = report.Quick ? 100_000 : 5_000_000L;
        await EntityPatients.RecordsAsync(Entities, records, stop);
        for (var i = 0; i < Rounds; i++)
            ours[i] = records / await EntityPatients.RecordsAsync(Entities, records, stop);
        report.Add("records_per_s", Median(ours), "1/s", Akka);
        report.Remark("records_per_s: chunks without samples through shard, look-up, supervisor, patient and stream: what a message costs in the product itself");

        var patients = report.Quick ? 500 : Entities / 4;
        foreach (var (_, channels, rate) in Devices)
            await EntityPatients.BytesAsync(64, channels, rate, stop);      // what is made once is no patient's
        foreach (var (name, channels, rate) in Devices)
            report.Add($"idle_patient_bytes_{name}", await EntityPatients.BytesAsync(patients, channels, rate, stop), "By", AkkaBytes);

        var (bytes, find) = PassivatedPatients.Measure(report.Quick ? 500 : Entities);
        report.Add("passivated_patient_bytes", bytes, "By", new Reference("wanted", 256));
        report.Add("passivated_patient_find", find, "us");
    }

    private static (string Name, ChannelLayout Channels, double RateHz)[] Devices =>
    [
        ("no_estimator", new ChannelLayout(new Channel("X", SignalKind.Unknown, "1")), 125),
        ("ppg_acc", new ChannelLayout([new Channel("PLETH", SignalKind.Ppg, "1"), .. Of(3, SignalKind.Acc, "g")]), 125),
        ("ecg_2_leads", new ChannelLayout(Of(2, SignalKind.Ecg, "mV")), 250),
        ("abp", new ChannelLayout(Of(1, SignalKind.Abp, "mm[Hg]")), 125),
    ];

    private static Channel[] Of(int count, SignalKind kind, string unit) =>
        [.. Enumerable.Range(0, count).Select(i => new Channel($"{kind} {i}", kind, unit, 1000))];

    private static double Median(double[] values) => values.Order().ElementAt(values.Length / 2);
}
