using Pipeline.Actors;
using Pipeline.Models.Signals;
using Pipeline.Models.Simulation;

namespace Pipeline.Benchmarks.Entities;

/// <summary>
/// What a message to one of 10,000 patients' entities costs, and how small an idle patient is. Records without samples go through all of the product's path
/// to the stream.
/// </summary>
internal sealed class EntitiesBenchmark : IBenchmark
{
    private const int Entities = 10_000;
    private const int Rounds = 5;

    private static readonly Reference Akka = new("Akka.NET, published", 12_000_000);
    private static readonly Reference AkkaBytes = new("Akka.NET, published", 2_150);

    public string Name => "entities";

    public string Summary => "10,000 patient entities in one process: a window's message and its acknowledgement, by the region and straight; memory of an idle patient beside its samples";

    public async Task RunAsync(Report report, CancellationToken stop)
    {
        await using var local = new LocalActors();
        using var messages = new EntityMessages(local.Actors.Region, Entities);
        var count = report.Quick ? 100_000 : 3_000_000L;
        await messages.RunAsync(count, byRegion: true);     // all entities are there then
        double[] region = new double[Rounds], straight = new double[Rounds], ours = new double[Rounds];
        for (var i = 0; i < Rounds; i++)
        {
            region[i] = 1e6 * await messages.RunAsync(count, byRegion: true) / count;
            straight[i] = 1e6 * await messages.RunAsync(count, byRegion: false) / count;
        }
        report.Add("message_by_region_cpu", Quantiles.Median(region), "us", new Reference("wanted", 1));
        report.Add("message_cpu", Quantiles.Median(straight), "us", new Reference("wanted", 1));

        var records = report.Quick ? 100_000 : 5_000_000L;
        await EntityPatients.RecordsAsync(Entities, records, stop);
        for (var i = 0; i < Rounds; i++)
            ours[i] = records / await EntityPatients.RecordsAsync(Entities, records, stop);
        report.Add("records_per_s", Quantiles.Median(ours), "1/s", Akka);
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
}
