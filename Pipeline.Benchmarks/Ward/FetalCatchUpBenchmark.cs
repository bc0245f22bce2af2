using Pipeline.Actors;
using Pipeline.Models;
using Pipeline.Models.Estimators.Fetal;
using Pipeline.Models.Signals;
using Pipeline.Models.Simulation;

namespace Pipeline.Benchmarks.Ward;

/// <summary>After an outage: how fast the backlog of a labour ward is worked off, by the very pipeline that <c>run</c> is.</summary>
internal sealed class FetalCatchUpBenchmark : IBenchmark
{
    private const int DetectorBeds = 7, DetectorSeconds = 60;

    public string Name => "fetal-catch-up";

    public string Summary => "50 labour beds (4 abdominal leads 500 Hz, CTG 4 Hz), 3 minutes of backlog in the embedded broker, all estimators, results topic, embedded store";

    public async Task RunAsync(Report report, CancellationToken stop)
    {
        var model = new TopologyOptions { Model = report.Model ?? new TopologyOptions().Model };
        if (!report.Quick)
            await WardCatchUpBenchmark.RunAsync(new FeedRequest(10, 40, 10, "", IsLabour: true), model, stop);   // code is compiled
        var request = report.Quick ? new FeedRequest(4, 20, 4, "", IsLabour: true) : new FeedRequest(50, 180, 25, "", IsLabour: true);
        var outcome = await WardCatchUpBenchmark.RunAsync(request, model, stop);
        var patientSeconds = (double)request.Beds * request.Seconds;
        var cpu = outcome.Cost.ProcessCpuSeconds + outcome.BrokerCpuSeconds;
        report.Add("times_real_time", request.Seconds / outcome.Cost.WallSeconds, "x", new Reference("promised at least", 12));
        report.Add("times_real_time_of_two_free_cores", 2 * request.Seconds / cpu, "x", new Reference("promised at least", 12));
        report.Add("cpu_per_patient_second", outcome.Cost.ProcessCpuSeconds / patientSeconds * 1e3, "ms");
        var detector = DetectorSecondsAPatientSecond();
        report.Add("detector_per_patient_second", detector * 1e3, "ms");
        report.Add("detector_share", 100 * detector * patientSeconds / outcome.Cost.ProcessCpuSeconds, "%");
        report.Add("cores_used", outcome.Cost.ProcessCpuSeconds / outcome.Cost.WallSeconds, "1");
        report.Add("allocated_per_patient_second", outcome.Cost.ProcessBytes / patientSeconds, "By");
        report.Add("memory_per_patient", outcome.HeapBytes / 1024.0 / request.Beds, "KiB");
        report.Remark($"{outcome.Counts[Count.Windows]:N0} windows, {outcome.Counts[Count.Estimates]:N0} estimates, {outcome.Counts[Count.Values]:N0} with a value");
    }

    /// <summary>CPU seconds of the detector alone, windower included, on the abdominal leads of some of the beds.</summary>
    private static double DetectorSecondsAPatientSecond()
    {
        var cpu = 0.0;
        for (var index = 0; index < DetectorBeds; index++)
        {
            var bed = new SimulatedBed(SimulatedWard.LabourBed(index, seed: 1, WardFeeder.Start, epoch: 1, DeviceFaults.Usual));
            var chunks = new List<SampleChunk>();
            while (bed.Seconds < DetectorSeconds)
                bed.Next(chunks);
            chunks.RemoveAll(chunk => chunk.Device != "fecg");
            var before = Cost.Now();
            foreach (var _ in StreamRun.Of(chunks, first => [new FetalStage(first.Channels, first.RateHz)]))
            {
            }
            cpu += (Cost.Now() - before).ThreadCpuSeconds;
        }
        return cpu / (DetectorBeds * DetectorSeconds);
    }
}
