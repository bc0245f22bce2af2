using Pipeline.Training.HeartRate;
using Pipeline.Training.Torch;
using TorchSharp;

namespace Pipeline.Benchmarks;

/// <summary>Training steps of the heart-rate network: forward, backward, clipping, AdamW.</summary>
internal sealed class TrainingBenchmark : IBenchmark
{
    private const double LearningRate = 4e-3, WeightDecay = 1e-3;

    public string Name => "training";

    public string Summary => "training steps of the heart-rate network, batches of 16 sequences of 48 windows, one thread; CPU time";

    public Task RunAsync(Report report, CancellationToken stop)
    {
        if (Libtorch.Fault is { } fault)
        {
            report.Remark($"nothing is measured: {fault}");
            return Task.CompletedTask;
        }
        torch.set_num_threads(1);
        torch.manual_seed(1);
        var network = new RateNetwork();
        var batch = DrawBatch();
        using var loop = new TrainingLoop(
            network, new TrainingSchedule(int.MaxValue, 1, LearningRate, WeightDecay, _ => 1), _ => RateTrainer.Loss(network, batch, torch.CPU));
        Measure(report, loop, stop);
        return Task.CompletedTask;
    }

    private static void Measure(Report report, TrainingLoop loop, CancellationToken stop)
    {
        var (steps, rounds) = report.Quick ? (1, 3) : (4, 11);
        loop.Next();   // warms up
        var costs = new List<double>();
        for (var round = 0; round < rounds; round++)
        {
            stop.ThrowIfCancellationRequested();
            var start = Cost.Now();
            for (var s = 0; s < steps; s++)
                loop.Next();
            costs.Add((Cost.Now() - start).ProcessCpuSeconds / steps);
        }
        report.Add("steps_per_cpu_second", 1 / Quantiles.Median(costs), "1/s");
    }

    private static RateBatch DrawBatch()
    {
        const double rateHz = 50, seconds = 150;
        var random = new Random(1);
        var recordings = Enumerable.Range(0, 3).Select(r =>
        {
            float[] Wave(double perMinute, double noise) => [.. Enumerable.Range(0, (int)(rateHz * seconds))
                .Select(i => (float)(Math.Sin(Math.Tau * perMinute / 60 * i / rateHz) + noise * (random.NextDouble() - 0.5)))];
            return new RateRecording(
                $"r{r}", $"r{r}", "bench", rateHz, [Wave(70 + 20 * r, 1), Wave(70 + 20 * r, 2)], [Wave(100, 1), Wave(100, 1), Wave(50, 1)],
                [.. Enumerable.Range(0, 71).Select(w => (2.0 * w, 70.0 + 20 * r))]);
        });
        var options = new RateTrainingOptions();
        var batch = new RateBatch([.. recordings.Select(RateSequence.From)], options.Stretches);
        batch.Next(random);
        return batch;
    }
}
