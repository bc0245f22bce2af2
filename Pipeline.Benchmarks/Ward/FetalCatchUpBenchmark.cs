using Pipeline.Actors;

namespace Pipeline.Benchmarks.Ward;

/// <summary>After an outage: how fast the backlog of a labour ward is worked off, by the very pipeline that <c>run</c> is.</summary>
internal sealed class FetalCatchUpBenchmark : IBenchmark
{
    public string Name => "fetal-catch-up";

    public string Summary => "50 labour beds (4 abdominal leads 500 Hz, CTG 4 Hz), 3 minutes of backlog in the embedded broker, all estimators, results topic, embedded store";

    public async Task RunAsync(Report report, CancellationToken stop)
    {
        var model = report.Model ?? new TopologyOptions().Model;
        if (!report.Quick)
            await WardCatchUpBenchmark.RunAsync(new FeedRequest(10, 40, 10, "", IsLabour: true), model, stop);   // code is compiled
        var request = report.Quick ? new FeedRequest(4, 20, 4, "", IsLabour: true) : new FeedRequest(50, 180, 25, "", IsLabour: true);
        var outcome = await WardCatchUpBenchmark.RunAsync(request, model, stop);
        var patientSeconds = (double)request.Beds * request.Seconds;
        var cpu = outcome.Cost.ProcessCpuSeconds + outcome.BrokerCpuSeconds;
        report.Add("times_real_time", request.Seconds / outcome.Cost.WallSeconds, "x", new Reference("promised at least", 12));
        report.Add("times_real_time_of_two_free_cores", 2 * request.Seconds / cpu, "x", new Reference("promised at least", 12));
        report.Add("cpu_per_patient_second", outcome.Cost.ProcessCpuSeconds / patientSeconds * 1e3, "ms");
        report.Add("cores_used", outcome.Cost.ProcessCpuSeconds / outcome.Cost.WallSeconds, "1");
        report.Add("allocated_per_patient_second", outcome.Cost.ProcessBytes / patientSeconds, "By");
        report.Add("memory_per_patient", outcome.HeapBytes / 1024.0 / request.Beds, "KiB");
        report.Remark($"{outcome.Counts[Count.Windows]:N0} windows, {outcome.Counts[Count.Estimates]:N0} estimates, {outcome.Counts[Count.Values]:N0} with a value");
    }
}
