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

/// <summary>Trains and scores <see cref="RateNetwork"/>.</summary>
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
    public TrainingLoop Begin(IReadOnlyList<RateSequence> sequences)
    {
        manual_seed(options.Seed);
        var device = torch.device(options.Device);
        var network = new RateNetwork();
        network.to(device);
        var batch = new RateBatch(sequences, options.Stretches, options.Constants);
        var schedule = Schedule(options.Steps, options.Seed, options.LearningRate);
        return new TrainingLoop(network, schedule, random =>
        {
            batch.Next(random);
            return Loss(network, batch, device);
        });
    }

    /// <summary>
    /// Runs the network over a sequence as a stream would: rate, trust and posterior standard deviation (per minute) of each window; NaN
    /// where no PPG can be used.
    /// </summary>
    public static (float Rate, float Trust, float Sigma)[] Run(RateNetwork network, RateSequence sequence)
    {
        ArgumentNullException.ThrowIfNull(sequence);
        return Run(network, sequence.Input(), sequence.Present);
    }

    /// <summary>The same over inputs [windows x rows x 85], of which some are not <paramref name="present"/>.</summary>
    internal static (float Rate, float Trust, float Sigma)[] Run(RateNetwork network, float[] input, bool[] present)
    {
        ArgumentNullException.ThrowIfNull(network);
        using var still = no_grad();
        using var scope = NewDisposeScope();
        using var pause = CollectionPause.Begin();
        var seen = network.Encode(tensor(input, [present.Length, input.Length / Math.Max(1, present.Length) / Rates, Rates]));
        var filter = network.Filter();
        var state = Start();
        var results = new (float, float, float)[present.Length];
        var silent = 0;
        for (var w = 0; w < present.Length; w++)
        {
            using var inner = NewDisposeScope();
            if (!present[w])
            {
                results[w] = (float.NaN, 0, float.NaN);
                silent++;
                continue;
            }
            if (silent >= RateFeatures.SilentWindows)
                state = Start();
            silent = 0;
            var answer = network.Step(filter, seen.At(w), state);
            var (rate, sigma) = RateReadout.Read(answer.Answer.ToArray());
            results[w] = (rate, answer.Trust.sigmoid().item<float>(), sigma);
            state = answer.Next;
            state.Keep();
        }
        return results;
    }

    /// <summary>Scores the network on a sequence, every labelled window.</summary>
    public static RateScore Score(RateNetwork network, RateSequence sequence)
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

    private static RateState Start() => RateState.From(full([1, Rates], (1.0 / Rates)));

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
    internal static BatchLoss Loss(RateNetwork network, RateBatch batch, Device device) =>
        Loss(network, batch.Input, batch.Labels, batch.Belief, TrustWeight, device);

    /// <summary>
    /// The network's answer to inputs [batch x windows x rows x 85] from the start beliefs [batch x 85] on, held against references [batch x windows].
    /// </summary>
    internal static BatchLoss Loss(RateNetwork network, float[] input, float[] labels, float[] belief, double trustWeight, Device device)
    {
        const int size = RateBatch.Size, windows = RateBatch.Windows;
        var x = tensor(input, [size * windows, input.Length / (size * windows * Rates), Rates]).to(device);
        var seen = network.Encode(x).Windows(size, windows);
        var filter = network.Filter();
        var state = RateState.From(tensor(belief, [size, Rates]).to(device));
        var answers = new RateAnswer[windows];
        for (var w = 0; w < windows; w++)
        {
            answers[w] = network.Step(filter, seen[w], state);
            state = answers[w].Next;
        }
        Tensor All(Func<RateAnswer, Tensor> part) => stack([.. answers.Select(part)], 1);
        return RateTargets.Of(labels, device).Loss(All(a => a.Logits), All(a => a.Answer), All(a => a.Trust).squeeze(2), trustWeight);
    }
}
