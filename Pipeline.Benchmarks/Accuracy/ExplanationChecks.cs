using System.Diagnostics;
using System.Globalization;
using Pipeline.Host.Networks;
using Pipeline.Host.Recordings;
using Pipeline.Host.References;
using Pipeline.Models.Features;
using Pipeline.Models.Signals;
using Pipeline.Training.Explanation;

namespace Pipeline.Benchmarks.Accuracy;

/// <summary>
/// Whether explanations of the heart-rate network explain it, on windows whose rate it has within 5 per minute: the band of the reference's rate carries more than a band drawn at random (±5 per minute
/// each, not overlapping), and the map of a network with shuffled weights is another one.
/// </summary>
internal sealed class ExplanationChecks : IBenchmark
{
    private const int Every = 20, ShuffledEvery = 5, Seed = 20;
    private const double GoodPerMinute = 5;

    /// <inheritdoc/>
    public string Name => "explanations";

    /// <inheritdoc/>
    public string Summary => "explanations of the heart-rate network: true band against a random one, shuffled weights, which source carries; SPC 2015 train, BAMI-1, BIDMC, every 20th window (--data DIR)";

    /// <inheritdoc/>
    public Task RunAsync(Report report, CancellationToken stop)
    {
        using var model = ModelCatalog.Open(report.Model ?? "heart-rate") ?? throw new InvalidOperationException("A network is wanted.");
        using var explainer = new RateExplainer(model.Package);
        using var untrained = new RateExplainer(ShuffledWeights.Of(model.Package.Network.Span, Seed));
        foreach (var (set, pattern) in new[] { ("spc2015", "train_*.hea"), ("bami", "bami1_*.hea"), ("bidmc", "bidmc_*.hea") })
            if (RecordingsFolder.Find(report, set) is { } folder)
                Run(set, [.. Directory.GetFiles(folder, pattern).Order(StringComparer.Ordinal).Take(report.Quick ? 1 : int.MaxValue)], model, explainer, untrained, report, stop);
        return Task.CompletedTask;
    }

    private static void Run(string set, string[] files, RateModel model, RateExplainer explainer, RateExplainer untrained, Report report, CancellationToken stop)
    {
        var random = new Random(Seed);
        var (wins, likeness, sources) = (new int[3], new double[3], new double[RateSource.All.Count + 1]);
        var (good, shuffled, milliseconds) = (0, 0, 0.0);
        foreach (var file in files)
        {
            stop.ThrowIfCancellationRequested();
            var reference = ReferenceRates.Read(ReferenceRates.PathOf(file));
            using var recording = Recording.Open(file, RecordingOptions.None);
            var chunks = recording.Chunks(new RecordedPatient(new PatientId("bench"), "", "", 0, default));
            foreach (var seen in SeenWindow.Of(chunks, model).Where(seen => seen.Window.Id % Every == 0))
            {
                var truth = reference.At(seen.Window.Start.UnixNanoseconds / 1e9);
                var begun = Stopwatch.GetTimestamp();
                var explained = explainer.Explain(seen.Input, seen.State);
                milliseconds += Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
                if (!(Math.Abs(explained.Rate - truth) <= GoodPerMinute))
                    continue;
                var band = (int)Math.Round((truth - RateFeatures.FirstPerMinute) / RateFeatures.StepPerMinute);
                var other = Other(band, random);
                var maps = Maps(explained);
                for (var m = 0; m < maps.Length; m++)
                    wins[m] += Within(maps[m], band, m) > Within(maps[m], other, m) ? 1 : 0;
                for (var s = 0; s < sources.Length; s++)
                    sources[s] += s < explained.Sources.Length ? explained.Sources[s] : explained.Before;
                if (good++ % ShuffledEvery != 0)
                    continue;
                var chance = Maps(untrained.Explain(seen.Input, seen.State));
                for (var m = 0; m < maps.Length; m++)
                    likeness[m] += RankCorrelation(maps[m], chance[m]);
                shuffled++;
            }
        }
        if (good == 0)
            return;
        string[] methods = ["occlusion", "gradients", "gradcam"];
        for (var m = 0; m < methods.Length; m++)
        {
            report.Add($"{set}_{methods[m]}_true_band", 100.0 * wins[m] / good, "%");
            report.Add($"{set}_{methods[m]}_shuffled_rho", likeness[m] / shuffled, "1");
        }
        report.Remark(string.Create(CultureInfo.InvariantCulture, $"{set}: {good} good windows, {shuffled} with shuffled weights; {milliseconds / good:0} ms a window"));
        for (var s = 0; s < sources.Length; s++)
            report.Add($"{set}_lost_without_{(s < RateSource.All.Count ? RateSource.All[s].Name : "before")}", sources[s] / good, "nats");
    }

    private static double[][] Maps(RateExplanation explained) =>
    [
        explained.Bands,
        [.. Enumerable.Range(0, RateFeatures.RateCount).Select(k => explained.Gradients.Sum(source => source[k]))],
        explained.Activation,
    ];

    /// <summary>What a band carries: by occlusion it is measured as a band, by the others it is the sum over its rates.</summary>
    private static double Within(double[] map, int band, int method) => method == 0 ? map[band]
        : map.Where((_, k) => Math.Abs(k - band) <= RateExplainer.BandReach).Sum();

    private static int Other(int band, Random random)
    {
        int other;
        do
            other = random.Next(RateFeatures.RateCount);
        while (Math.Abs(other - band) <= 2 * RateExplainer.BandReach);
        return other;
    }

    private static double RankCorrelation(double[] a, double[] b)
    {
        static double[] Ranks(double[] x)
        {
            var order = Enumerable.Range(0, x.Length).OrderBy(i => x[i]).ToArray();
            var ranks = new double[x.Length];
            for (var i = 0; i < order.Length; i++)
                ranks[order[i]] = i - (x.Length - 1) / 2.0;
            return ranks;
        }
        var (left, right) = (Ranks(a), Ranks(b));
        return left.Zip(right, (x, y) => x * y).Sum() / left.Sum(x => x * x);
    }
}
