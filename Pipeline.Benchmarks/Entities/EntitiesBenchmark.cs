using Pipeline.Actors;
using Pipeline.Models.Signals;
using Pipeline.Models.Simulation;

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
        foreach (var (name, chunks) in Devices)
        {
            await EntityPatients.BytesAsync(64, chunks, stop);      // what is made once is no patient's
            var all = await EntityPatients.BytesAsync(patients, chunks, stop);
            var (window, detector) = EntityPatients.SampleBytes(chunks[0]);
            report.Add($"idle_patient_bytes_{name}", all - window - detector, "By", AkkaBytes);
            if (detector > 0)
                report.Remark($"idle_patient_bytes_{name}: beside {window} bytes of the window's ring and {detector} of the rings of its detector (samples, waves and beat strength of the last second or two)");
        }

        var (bytes, find) = PassivatedPatients.Measure(report.Quick ? 500 : Entities);
        report.Add("passivated_patient_bytes", bytes, "By", new Reference("wanted", 256));
        report.Add("passivated_patient_find", find, "us");
    }

    // A window and a half of each, as a simulated bed sends it: how much is kept depends on the beats.
    private static IEnumerable<(string Name, SampleChunk[] Chunks)> Devices
    {
        get
        {
            var bed = new SimulatedBed(new BedScenario { Patient = new PatientId("P"), Start = default, Seed = 1, EcgLeadCount = 2, HasAbp = true });
            var chunks = new List<SampleChunk>();
            for (var second = 0; second < 12; second++)
                bed.Next(chunks, isLast: false);
            SampleChunk[] Of(string device) => [.. chunks.Where(chunk => chunk.Device == device)];
            var nothing = new ChannelLayout(new Channel("X", SignalKind.Unknown, "1"));
            yield return ("no_estimator", [.. Of("abp").Select(chunk => chunk with { Channels = nothing })]);
            yield return ("ppg_acc", Of("ppg"));
            yield return ("ecg_2_leads", Of("ecg"));
            yield return ("abp", Of("abp"));
        }
    }

    private static double Median(double[] values) => values.Order().ElementAt(values.Length / 2);
}
