using Pipeline.Models.Estimators.Fetal;
using Pipeline.Models.Features;
using Pipeline.Training.HeartRate;
using Pipeline.Training.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace Pipeline.Training.Fetal;

/// <summary>How the fetal network is trained; the same options and data give the same weights.</summary>
public sealed record FetalTrainingOptions
{
    /// <summary>Batches.</summary>
    public int Steps { get; init; } = 300;

    /// <summary>Simulated labours to learn from, of two minutes.</summary>
    public int Labours { get; init; } = 300;

    /// <summary>Simulated labours to score on.</summary>
    public int HeldOutLabours { get; init; } = 60;

    /// <summary>Greatest learning rate, after the warm-up.</summary>
    public double LearningRate { get; init; } = 4e-3;

    /// <summary>Seed of the weights and of every draw.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Where it runs.</summary>
    public string Device { get; init; } = "cpu";
}

/// <summary>Trains and runs the fetal network: <see cref="RateNetwork"/> on <see cref="FetalFeatures"/>.</summary>
public sealed class FetalTrainer(FetalTrainingOptions options)
{
    private const double TrustWeight = 0.5;
    private const int MostLeads = 4;
    private const double MaxRateHz = 4000;

    /// <summary>The windows of each choice of one to four leads of a recording.</summary>
    public static IEnumerable<FetalSequence> See(FetalRecording recording)
    {
        ArgumentNullException.ThrowIfNull(recording);
        var leads = Math.Min(recording.Leads.Length, MostLeads);
        for (var bits = 1; bits < 1 << leads; bits++)
            yield return FetalSequence.Of(recording.With([.. Enumerable.Range(0, leads).Where(lead => (bits >> lead & 1) != 0)]));
    }

    /// <summary>The windows of a simulated labour, by its number, from 0 on; one that is held out has another one's seed.</summary>
    public static FetalSequence Simulated(int number, bool isHeldOut) =>
        FetalSimulation.Of((isHeldOut ? FetalSimulation.HeldOutSeed : FetalSimulation.TrainingSeed) + number);

    /// <summary>Begins a training; its error is that of the belief's greatest rate, per minute.</summary>
    public TrainingLoop Begin(IReadOnlyList<FetalSequence> sequences)
    {
        manual_seed(options.Seed);
        var device = torch.device(options.Device);
        var network = new RateNetwork(FetalFeatures.InputRowCount);
        network.to(device);
        var batch = new FetalBatch(sequences);
        return new TrainingLoop(network, RateTrainer.Schedule(options.Steps, options.Seed, options.LearningRate), random =>
        {
            batch.Next(random);
            return RateTrainer.Loss(network, batch.Input, batch.Labels, batch.Belief, TrustWeight, device);
        });
    }

    /// <summary>What the network says of each window of a sequence, as in service.</summary>
    public static (float Rate, float Trust, float Sigma)[] Run(RateNetwork network, FetalSequence sequence)
    {
        ArgumentNullException.ThrowIfNull(sequence);
        var input = new float[sequence.Count * FetalFeatures.InputLength];
        for (var w = 0; w < sequence.Count; w++)
            sequence.CopyInput(w, input.AsSpan(w * FetalFeatures.InputLength, FetalFeatures.InputLength));
        return RateTrainer.Run(network, input, [.. Enumerable.Repeat(true, sequence.Count)]);
    }

    /// <summary>Writes the package; returns name and version.</summary>
    public static string Save(string folder, string name, RateNetwork network, IReadOnlyDictionary<string, string> card) =>
        RatePackage.Save(
            folder, name, network, FetalModel.Task, FetalFeatures.Name, ["fecg"], (FetalStage.MinRateHz, MaxRateHz), FetalFeatures.InputRowCount, card);
}
