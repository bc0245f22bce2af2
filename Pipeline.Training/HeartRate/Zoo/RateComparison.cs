using System.Diagnostics;
using Pipeline.Models.Packages;
using Pipeline.Training.Evaluation;

namespace Pipeline.Training.HeartRate.Zoo;

/// <summary>What an architecture costs.</summary>
/// <param name="Parameters">Trained numbers.</param>
/// <param name="Mflop">Millions of floating-point operations a window.</param>
/// <param name="Microseconds">Time a window on ONNX Runtime, one thread, in batches of 64: the least of several runs.</param>
public sealed record RateCost(long Parameters, double Mflop, double Microseconds);

/// <summary>
/// Trains architectures on the same recordings, step by step in turn, so that each batch is made once for all, and scores them. The weights
/// are those that <see cref="RateTrainer.Begin(IReadOnlyList{RateSequence})"/> gives one alone. One thread.
/// </summary>
/// <param name="networks">The architectures.</param>
/// <param name="options">How each is trained.</param>
public sealed class RateComparison(IReadOnlyList<NamedArchitecture> networks, RateTrainingOptions options)
{
    private const int BatchSize = 64, TimedRuns = 20;

    private readonly RateTrainer _trainer = new(options);
    private readonly Dictionary<RateRecording, RateSequence> _sequences = [];

    /// <summary>
    /// For each architecture the recordings <paramref name="held"/>, every window with a reference, by a network trained on
    /// <paramref name="trained"/>; a window without a usable PPG has no value. <paramref name="stepped"/> is told after each step of each.
    /// </summary>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public IReadOnlyList<IReadOnlyList<ScoredRecording>> Score(
        IReadOnlyList<RateRecording> trained, IReadOnlyList<RateRecording> held, Action stepped, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(stepped);
        var loops = _trainer.Begin([.. trained.Select(SequenceOf)], [.. networks.Select(network => network.Create)]);
        try
        {
            while (loops[0].Step < loops[0].Steps)
                foreach (var loop in loops)
                {
                    stop.ThrowIfCancellationRequested();
                    loop.Next();
                    stepped();
                }
            return [.. loops.Select(loop => held.Select(r => Score((RateArchitecture)loop.Network, SequenceOf(r))).ToList())];
        }
        finally
        {
            foreach (var loop in loops)
                loop.Dispose();
        }
    }

    /// <summary>The recordings by <see cref="WienerPhaseVocoder"/>, which nothing is trained for.</summary>
    public IReadOnlyList<ScoredRecording> ScoreWienerPhaseVocoder(IReadOnlyList<RateRecording> recordings) =>
        [.. recordings.Select(SequenceOf).Select(WienerPhaseVocoder.Score)];

    /// <summary>Name of <see cref="ScoreWienerPhaseVocoder"/> in tables.</summary>
    public static string WienerPhaseVocoderName => WienerPhaseVocoder.Name;

    /// <summary>What an architecture costs, whatever its weights.</summary>
    public static RateCost CostOf(NamedArchitecture architecture)
    {
        ArgumentNullException.ThrowIfNull(architecture);
        using var network = architecture.Create();
        network.eval();
        using var session = new OnnxSession(network.ToOnnx(), [BatchSize]);
        var least = double.MaxValue;
        for (var run = 0; run < TimedRuns; run++)
        {
            var start = Stopwatch.GetTimestamp();
            session.Run(BatchSize);
            least = Math.Min(least, Stopwatch.GetElapsedTime(start).TotalMicroseconds / BatchSize);
        }
        return new RateCost(network.parameters().Sum(p => p.numel()), network.Flop / 1e6, least);
    }

    private static ScoredRecording Score(RateArchitecture network, RateSequence sequence)
    {
        var answers = RateTrainer.Run(network, sequence);
        var recording = sequence.Recording;
        return new ScoredRecording(recording.Set, recording.Subject, recording.Name, [.. Enumerable.Range(0, sequence.Count)
            .Where(w => !float.IsNaN(sequence.Labels[w]))
            .Select(w => new ScoredWindow(2 * w, sequence.Labels[w], answers[w].Rate, answers[w].Sigma, answers[w].Trust, 1, float.IsNaN(answers[w].Rate) ? "none" : "ok"))]);
    }

    private RateSequence SequenceOf(RateRecording recording) =>
        _sequences.TryGetValue(recording, out var made) ? made : _sequences[recording] = _trainer.See(recording);
}
