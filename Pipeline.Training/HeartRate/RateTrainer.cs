using Pipeline.Models.Estimators.Ppg;
using Pipeline.Models.Features;
using Pipeline.Training.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace Pipeline.Training.HeartRate;

/// <summary>How the heart-rate network is trained; the same options and data give the same weights.</summary>
public sealed record RateTrainingOptions
{
    /// <summary>Batches; each is <see cref="RateBatch.Size"/> sequences of <see cref="RateBatch.Windows"/> windows.</summary>
    public int Steps { get; init; } = 660;

    /// <summary>Greatest learning rate, after the warm-up.</summary>
    public double LearningRate { get; init; } = 4e-3;

    /// <summary>Seed of the weights and of every draw.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Speeds at which each recording is also played.</summary>
    public IReadOnlyList<double> Stretches { get; init; } = [0.7, 0.775, 0.85, 0.925, 1, 1.075, 1.15, 1.225, 1.3];

    /// <summary>Constants of the classical likelihood.</summary>
    internal PpgConstants Constants { get; init; } = PpgConstants.Default;

    /// <summary>
    /// The same options with other constants, as <c>pipeline bench accuracy-ppg --fit</c> prints them: <c>NAME VALUE, NAME VALUE …</c>.
    /// </summary>
    /// <exception cref="FormatException">They are not all there, or something else is.</exception>
    public RateTrainingOptions WithConstants(string text) => this with
    {
        Constants = PpgFitConstant.Parse(text.Trim()) ?? throw new FormatException(
            $"NAME VALUE, NAME VALUE … is wanted, with {string.Join(' ', PpgFitConstant.All.Select(one => one.Name))}."),
    };

    /// <summary>Where it runs.</summary>
    public string Device { get; init; } = "cpu";
}

/// <summary>How a network does on one recording.</summary>
/// <param name="Recording">The recording.</param>
/// <param name="Windows">Windows that were scored.</param>
/// <param name="MeanError">Mean absolute error, per minute; NaN without windows.</param>
/// <param name="Near">Part of the windows less than 5 per minute off.</param>
/// <param name="Covered">Part of the windows within 1.645 σ: 0.9 when σ is right.</param>
public sealed record RateScore(RateRecording Recording, int Windows, double MeanError, double Near, double Covered);

/// <summary>Trains and scores heart-rate networks.</summary>
public sealed class RateTrainer(RateTrainingOptions options)
{
    private const int Rates = RateFeatures.RateCount;
    private const double WeightDecay = 1e-3, TrustWeight = 0.1;
    private const double NearPerMinute = 5;
    private const double IntervalSigmas = 1.645;   // of a normal distribution, 90 % lie within

    /// <summary>
    /// Fits the constants of the classical likelihood anew, from round numbers, to everybody of <paramref name="recordings"/> but
    /// <paramref name="held"/>, of whom no sample and no reference enters; for <see cref="RateTrainingOptions.WithConstants"/>.
    /// <paramref name="progress"/> gets the number of each finished round, 0 for the start, and the remaining error.
    /// </summary>
    public static string FitConstants(
        IReadOnlyList<RateRecording> recordings, IReadOnlySet<string> held, Action<int, double> progress, CancellationToken stop) =>
        PpgFitConstant.Text(PpgFit.Of([.. PpgFitRecording.From(recordings).Where(r => !held.Contains(r.Subject))], progress, stop));

    /// <summary>The windows of a recording as the network is to see them.</summary>
    public RateSequence See(RateRecording recording) => RateSequence.From(recording, options.Constants);

    /// <summary>
    /// Begins a training on the recordings of <paramref name="sequences"/>; its error is that of the belief's greatest rate, per minute.
    /// </summary>
    public TrainingLoop Begin(IReadOnlyList<RateSequence> sequences) => Begin(sequences, [() => new RateNetwork()])[0];

    /// <summary>
    /// Begins trainings of several networks on the same recordings: each gets the weights that it would get alone. Batches are drawn once
    /// where the loops are stepped in turn.
    /// </summary>
    public IReadOnlyList<TrainingLoop> Begin(IReadOnlyList<RateSequence> sequences, IReadOnlyList<Func<RateArchitecture>> networks)
    {
        ArgumentNullException.ThrowIfNull(networks);
        var device = torch.device(options.Device);
        var batch = new RateBatch(sequences, options.Stretches, options.Constants);
        var schedule = Schedule(options.Steps, options.Seed, options.LearningRate);
        var drawn = -1;
        return [.. networks.Select(Begin)];

        TrainingLoop Begin(Func<RateArchitecture> create)
        {
            manual_seed(options.Seed);
            var network = create();
            network.to(device);
            TrainingLoop? loop = null;
            loop = new TrainingLoop(network, schedule, random =>
            {
                if (drawn != loop!.Step)    // not null: it runs after its construction
                    batch.Next(random);
                drawn = loop.Step;
                return Loss(network, batch, device);
            });
            return loop;
        }
    }

    /// <summary>
    /// Runs the network over a sequence as a stream would: rate, trust and posterior standard deviation (per minute) of each window; NaN
    /// where no PPG can be used.
    /// </summary>
    public static (float Rate, float Trust, float Sigma)[] Run(RateArchitecture network, RateSequence sequence)
    {
        ArgumentNullException.ThrowIfNull(sequence);
        return Run(network, sequence.Input(), sequence.Present);
    }

    /// <summary>The same over inputs [windows x rows x 85], of which some are not <paramref name="present"/>.</summary>
    internal static (float Rate, float Trust, float Sigma)[] Run(RateArchitecture network, float[] input, bool[] present)
    {
        ArgumentNullException.ThrowIfNull(network);
        using var still = no_grad();
        using var scope = NewDisposeScope();
        using var pause = CollectionPause.Begin();
        network.eval();
        var results = new (float Rate, float Trust, float Sigma)[present.Length];
        Array.Fill(results, (float.NaN, 0, float.NaN));
        var length = input.Length / Math.Max(1, present.Length);
        foreach (var course in Courses(present))
        {
            using var inner = NewDisposeScope();
            var rows = new float[course.Count * length];
            for (var i = 0; i < course.Count; i++)
                input.AsSpan(course[i] * length, length).CopyTo(rows.AsSpan(i * length));
            var answers = network.Forward(
                tensor(rows, [1, course.Count, length / Rates, Rates]), network.Start(full([1, Rates], (1.0 / Rates))));
            var (belief, trust) = (answers.Answer.ToArray(), answers.Trust.sigmoid().ToArray());
            for (var i = 0; i < course.Count; i++)
            {
                var (rate, sigma) = RateReadout.Read(belief.AsSpan(i * Rates, Rates));
                results[course[i]] = (rate, trust[i], sigma);
            }
        }
        return results;
    }

    /// <summary>The windows with a pulse, cut where so many are without that the state starts anew.</summary>
    private static List<List<int>> Courses(bool[] present)
    {
        var courses = new List<List<int>>();
        var silent = RateFeatures.SilentWindows;
        for (var w = 0; w < present.Length; w++)
        {
            if (!present[w])
            {
                silent++;
                continue;
            }
            if (silent >= RateFeatures.SilentWindows)
                courses.Add([]);
            courses[^1].Add(w);
            silent = 0;
        }
        return courses;
    }

    /// <summary>Scores the network on a sequence, every labelled window.</summary>
    public static RateScore Score(RateArchitecture network, RateSequence sequence)
    {
        ArgumentNullException.ThrowIfNull(sequence);
        var results = Run(network, sequence);
        double sum = 0;
        int count = 0, near = 0, covered = 0;
        for (var w = 0; w < results.Length; w++)
        {
            if (float.IsNaN(sequence.Labels[w]) || float.IsNaN(results[w].Rate))
                continue;
            var error = Math.Abs(results[w].Rate - sequence.Labels[w]);
            sum += error;
            count++;
            near += error < NearPerMinute ? 1 : 0;
            covered += error <= IntervalSigmas * results[w].Sigma ? 1 : 0;
        }
        return new RateScore(sequence.Recording, count, sum / count, near / (double)count, covered / (double)count);
    }

    /// <summary>A warm-up of 30 steps, then a cosine down to 2 % of the greatest learning rate.</summary>
    internal static TrainingSchedule Schedule(int steps, int seed, double learningRate)
    {
        return new TrainingSchedule(steps, seed, learningRate, WeightDecay, Factor);

        double Factor(int step)
        {
            const int warmUp = 30;
            if (step < warmUp)
                return (step + 1.0) / warmUp;
            var along = (step - warmUp) / (double)Math.Max(1, steps - warmUp);
            return 0.02 + 0.98 * (1 + Math.Cos(Math.PI * Math.Min(1, along))) / 2;
        }
    }

    /// <summary>The network's answer to a batch, held against its references.</summary>
    internal static BatchLoss Loss(RateArchitecture network, RateBatch batch, Device device) =>
        Loss(network, batch.Input, batch.Labels, batch.Belief, TrustWeight, device);

    /// <summary>
    /// The network's answer to inputs [batch x windows x rows x 85] from the start beliefs [batch x 85] on, held against references [batch x windows].
    /// </summary>
    internal static BatchLoss Loss(RateArchitecture network, float[] input, float[] labels, float[] belief, double trustWeight, Device device)
    {
        const int size = RateBatch.Size, windows = RateBatch.Windows;
        var x = tensor(input, [size, windows, input.Length / (size * windows * Rates), Rates]).to(device);
        var answers = network.Forward(x, network.Start(tensor(belief, [size, Rates]).to(device)));
        return RateTargets.Of(labels, device).Loss(answers.Logits, answers.Answer, answers.Trust, trustWeight);
    }
}
