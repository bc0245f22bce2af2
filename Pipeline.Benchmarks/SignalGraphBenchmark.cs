using System.Globalization;
using System.Numerics.Tensors;
using Pipeline.Models.Graph;

namespace Pipeline.Benchmarks;

/// <summary>
/// Alignment of a 500 Hz ECG and a 125 Hz arterial pressure over 20,000 s, from memory to memory: missing samples become the mean, the
/// pressure goes to 500 Hz, both are normalised over 60 s and joined. Input samples (12.5 M) per second of CPU time of the one thread.
/// </summary>
internal sealed class SignalGraphBenchmark : IBenchmark
{
    private const int EcgHz = 500;
    private const int AbpHz = 125;
    private const int WindowSeconds = 60;

    public string Name => "signal-graph";

    public string Summary => "fill missing by the mean, resample 125 to 500 Hz, normalise over 60 s, inner join; 500 Hz ECG + 125 Hz ABP; one core, compute only";

    public Task RunAsync(Report report, CancellationToken stop)
    {
        var seconds = report.Quick ? 600 : 20_000 / WindowSeconds * WindowSeconds;
        float[] ecg = Signal(seconds * EcgHz, EcgHz / 1.2, 0, 1, 1), abp = Signal(seconds * AbpHz, AbpHz / 1.2, 90, 20, 2);
        var fused = new FusedAlignment(WindowSeconds * EcgHz, WindowSeconds * AbpHz);
        double[] sums = [0, 0, 0];
        var allocated = 0L;
        var rounds = report.Quick ? 3 : 15;

        var cost = SideBySide.ThreadCpuSeconds(
            2, rounds,
            () => (sums[0], allocated) = Graph(ecg, abp, WindowSeconds),
            () => sums[1] = fused.Run(ecg, abp),
            () => sums[2] = Graph(ecg, abp, batchSeconds: 1).Sum);

        var count = (double)ecg.Length + abp.Length;
        report.Add("samples_per_s", count / cost[0], "1/s", new Reference("hand-written fused SIMD loop", count / cost[1]));
        report.Add("samples_per_s_to_lifestream", count / cost[0], "1/s", new Reference("LifeStream, its best published figure", 13.8e6));
        report.Add("samples_per_s_to_trill", count / cost[0], "1/s", new Reference("Trill, published", 1.5e6));
        report.Add("samples_per_s_in_batches_of_1_s", count / cost[2], "1/s", new Reference("hand-written fused SIMD loop", count / cost[1]));
        report.Add("allocated_bytes_per_window", allocated / (seconds / WindowSeconds - 1.0), "By");
        report.Remark(FormattableString.Invariant($"checksums: graph {sums[0]:g9}, loop {sums[1]:g9}, in batches of 1 s {sums[2]:g9}"));
        if (sums[2] != sums[0] || Math.Abs(sums[0] - sums[1]) > 1e-3 * Math.Max(1, Math.Abs(sums[1])))
            throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"The graph and the loop disagree: {sums[0]} and {sums[1]}."));
        return Task.CompletedTask;
    }

    // The sum of the products over all rows is what the reader of the rows does.
    private static (double Sum, long Allocated) Graph(float[] ecg, float[] abp, int batchSeconds)
    {
        var window = TimeSpan.FromSeconds(WindowSeconds);
        var sum = 0.0;
        var run = SignalGraph.Join(
                SignalStream.At(EcgHz).FillMean(window).Normalise(window),
                SignalStream.At(AbpHz).FillMean(window).Resample(EcgHz).Normalise(window))
            .Start((in AlignedBatch rows) => sum += TensorPrimitives.Dot(rows[0], rows[1]));
        var before = 0L;
        for (var second = 0; second < ecg.Length / EcgHz; second += batchSeconds)
        {
            if (second == WindowSeconds)
                before = GC.GetAllocatedBytesForCurrentThread();
            run.Push(0, ecg.AsSpan(second * EcgHz, batchSeconds * EcgHz));
            run.Push(1, abp.AsSpan(second * AbpHz, batchSeconds * AbpHz));
        }
        run.Finish();
        return (sum, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    // A wave with noise; 1 % of the samples are missing, in runs.
    private static float[] Signal(int count, double period, float mean, float amplitude, int seed)
    {
        var random = new Random(seed);
        var samples = new float[count];
        var gap = 0;
        for (var i = 0; i < count; i++)
        {
            if (gap == 0 && random.Next(2_000) == 0)
                gap = random.Next(1, 40);
            samples[i] = gap > 0 ? float.NaN : mean + amplitude * (MathF.Sin((float)(i % period / period * Math.Tau)) + 0.1f * random.NextSingle());
            gap = Math.Max(0, gap - 1);
        }
        return samples;
    }
}
