using System.Diagnostics;
using System.Globalization;
using Pipeline.Models.Features;
using Pipeline.Training;
using TorchSharp;

namespace Pipeline.Benchmarks;

/// <summary>
/// Training steps of the heart-rate network (forward, backward, clipping, AdamW) against Python PyTorch: the same weights, the same batch, one
/// thread each, in turn. Their first losses must agree, so the two stay the same network.
/// </summary>
internal sealed class TrainingBenchmark : IBenchmark
{
    private const double SameLoss = 2e-4;   // relative: sums of 768 windows in another order
    private const double LearningRate = 4e-3, WeightDecay = 1e-3;
    private static readonly (string Metric, string Name)[] References =
    [
        ("steps_per_cpu_second", "Python PyTorch"),
        ("steps_per_cpu_second_kept_memory", "Python PyTorch, whose allocator keeps memory as the binding's does"),
    ];

    private static readonly string Script = Path.Combine(AppContext.BaseDirectory, "training.py");

    public string Name => "training";

    public string Summary => "training steps of the heart-rate network, batches of 16 sequences of 48 windows, one thread; CPU time, against Python PyTorch in the same run";

    public async Task RunAsync(Report report, CancellationToken stop)
    {
        if (FindLibtorchFault() is { } fault)
        {
            report.Remark(fault);
            return;
        }
        torch.set_num_threads(1);
        var python = await FindPythonAsync(stop);
        if (python is null)
            report.Remark("no python3 with torch is here (Debian: apt-get install python3-torch): no reference.");
        torch.manual_seed(1);
        var network = new RateNetwork();
        var batch = DrawBatch();
        var optimizer = torch.optim.AdamW(network.parameters(), LearningRate, weight_decay: WeightDecay);
        var file = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        Save(file, network, batch);
        try
        {
            using var loop = new TrainingLoop(network, optimizer, int.MaxValue, 1, step => 0.02 + 0.98 * (1 + Math.Cos(Math.PI * Math.Min(1, step / 1000.0))) / 2,
                _ => RateTrainer.Loss(network, batch, torch.CPU));
            using var reference = python is null ? null : Start(python, file, keepMemory: false);
            using var keeping = python is null ? null : Start(python, file, keepMemory: true);
            await MeasureAsync(report, loop, [.. new[] { reference, keeping }.OfType<Process>()], stop);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static async Task MeasureAsync(Report report, TrainingLoop loop, Process[] references, CancellationToken stop)
    {
        var (steps, rounds) = report.Quick ? (1, 3) : (4, 11);
        var first = loop.Next().Loss;
        foreach (var reference in references)
        {
            var greeting = await ReadAsync(reference, stop);
            var theirs = double.Parse(greeting[1], CultureInfo.InvariantCulture);
            if (!(Math.Abs(first - theirs) <= SameLoss * Math.Abs(theirs)))
                throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture,
                    $"training.py is another network than RateNetwork: the first loss is {first} here and {theirs} there."));
            report.Remark(string.Create(CultureInfo.InvariantCulture, $"first loss {first:F5} here, {theirs:F5} in PyTorch {greeting[0]}"));
        }
        var own = new List<double>();
        var others = references.Select(_ => new List<double>()).ToList();
        for (var round = -1; round < rounds; round++)
        {
            var start = Cost.Now();
            for (var s = 0; s < steps; s++)
                loop.Next();
            var cost = (Cost.Now() - start).ProcessCpuSeconds;
            for (var r = 0; r < references.Length; r++)
            {
                var theirs = await AskAsync(references[r], steps, stop);
                if (round >= 0)
                    others[r].Add(theirs / steps);
            }
            if (round >= 0)
                own.Add(cost / steps);   // the first round warms up
        }
        var speed = 1 / SideBySide.Median(own);
        if (references.Length == 0)
            report.Add("steps_per_cpu_second", speed, "1/s");
        foreach (var (other, (metric, name)) in others.Zip(References))
            report.Add(metric, speed, "1/s", new Reference(name, 1 / SideBySide.Median(other)));
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

    private static void Save(string file, RateNetwork network, RateBatch batch)
    {
        using var scope = torch.NewDisposeScope();
        var tensors = network.state_dict().ToDictionary(t => $"network.{t.Key}", t => t.Value);
        tensors["batch.input"] = torch.tensor(batch.Input, RateBatch.Size * RateBatch.Windows, RateFeatures.InputRowCount, RateFeatures.RateCount);
        tensors["batch.belief"] = torch.tensor(batch.Belief, RateBatch.Size, RateFeatures.RateCount);
        tensors["batch.labels"] = torch.tensor(batch.Labels, RateBatch.Size, RateBatch.Windows);
        static string Text(double number) => number.ToString("R", CultureInfo.InvariantCulture);
        Safetensors.Save(file, tensors, new Dictionary<string, string>
        {
            ["learning_rate"] = Text(LearningRate),
            ["weight_decay"] = Text(WeightDecay),
            ["likelihood_row"] = Text(RateFeatures.LikelihoodRow),
            ["log_factor"] = Text(RateFeatures.LogLikelihood.Factor),
            ["log_floor"] = Text(RateFeatures.LogLikelihood.Floor),
            ["log_offset"] = Text(RateFeatures.LogLikelihood.Offset),
            ["first_per_minute"] = Text(RateFeatures.FirstPerMinute),
            ["step_per_minute"] = Text(RateFeatures.StepPerMinute),
        });
    }

    private static string? FindLibtorchFault()
    {
        try
        {
            _ = torch.get_num_threads();
            return null;
        }
        catch (Exception fault) when (fault is DllNotFoundException or TypeInitializationException)
        {
            return "libtorch is not here (Debian: libtorch-dev and libopenblas0-openmp, then ./pipeline setup): nothing is measured.";
        }
    }

    private static async Task<string?> FindPythonAsync(CancellationToken stop)
    {
        foreach (var name in new[] { "python3", "/usr/bin/python3" })
        {
            try
            {
                using var probe = Process.Start(new ProcessStartInfo(name, ["-c", "import torch"]) { RedirectStandardError = true, RedirectStandardOutput = true })!;   // null only with the shell
                await probe.WaitForExitAsync(stop);
                if (probe.ExitCode == 0)
                    return name;
            }
            catch (System.ComponentModel.Win32Exception)
            {
                // It is not there.
            }
        }
        return null;
    }

    private static Process Start(string python, string file, bool keepMemory)
    {
        var start = new ProcessStartInfo(python, [Script, file]) { RedirectStandardInput = true, RedirectStandardOutput = true, Environment = { ["OMP_NUM_THREADS"] = "1" } };
        if (keepMemory)
            (start.Environment["MALLOC_MMAP_THRESHOLD_"], start.Environment["MALLOC_TRIM_THRESHOLD_"]) = ("1073741824", "2146435072");   // as pt_keep_memory sets them
        return Process.Start(start)!;   // null only with the shell
    }

    private static async Task<double> AskAsync(Process reference, int steps, CancellationToken stop)
    {
        await reference.StandardInput.WriteLineAsync(steps.ToString(CultureInfo.InvariantCulture).AsMemory(), stop);
        await reference.StandardInput.FlushAsync(stop);
        return double.Parse((await ReadAsync(reference, stop))[0], CultureInfo.InvariantCulture);
    }

    private static async Task<string[]> ReadAsync(Process reference, CancellationToken stop) =>
        (await reference.StandardOutput.ReadLineAsync(stop))?.Split(' ') ?? throw new InvalidOperationException("training.py ended; its error is above.");
}
