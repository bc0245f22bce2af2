using Pipeline.Models.Signals;
using Pipeline.Models.Simulation;

namespace Pipeline.Benchmarks.Ward;

/// <summary>What it costs to make the chunks of a simulated ward: nothing of the pipeline is in it.</summary>
internal sealed class SimulatedWardBenchmark : IBenchmark
{
    private const int BedCount = 1000;
    private const int Rounds = 5;

    public string Name => "simulated-ward";

    public string Summary => "1,000 simulated beds (PPG and ACC at 125 Hz, ECG at 250 Hz, a third with arterial pressure), chunks made and dropped; one core";

    public Task RunAsync(Report report, CancellationToken stop)
    {
        var seconds = report.Quick ? 5 : 60;
        var start = Cost.Now();
        var beds = Enumerable.Range(0, BedCount).Select(i => new SimulatedBed(SimulatedWard.Bed(i, 1, new Timestamp(0), 0, DeviceFaults.Usual))).ToList();
        var bytesPerBed = (Cost.Now() - start).ThreadBytes / (double)BedCount;
        var chunks = new List<SampleChunk>(8);
        var samples = 0L;
        var costs = new List<double>();
        for (var round = 0; round <= Rounds && !stop.IsCancellationRequested; round++)
        {
            samples = 0;
            costs.Add(Cost.Of(() =>
            {
                for (var second = 0; second < seconds; second++)
                    foreach (var bed in beds)
                    {
                        bed.Next(chunks);
                        foreach (var chunk in chunks)
                            samples += (long)chunk.SampleCount * chunk.Channels.Count;
                        chunks.Clear();
                    }
            }).ThreadCpuSeconds);
        }
        stop.ThrowIfCancellationRequested();
        var median = costs.Skip(1).Order().ElementAt(Rounds / 2);   // the first round warms up
        report.Add("times_real_time", seconds / median, "1");
        report.Add("samples_per_cpu_s", samples / median, "/s");
        report.Add("bytes_per_bed", bytesPerBed, "By");
        return Task.CompletedTask;
    }
}
