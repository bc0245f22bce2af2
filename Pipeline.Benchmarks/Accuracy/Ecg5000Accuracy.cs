using System.Globalization;
using Pipeline.Host.Networks;
using Pipeline.Models.Estimators.Beats;
using Pipeline.Training.Autoencoder;
using Pipeline.Training.Evaluation;
using Pipeline.Training.Torch;
using static TorchSharp.torch;

namespace Pipeline.Benchmarks.Accuracy;

/// <summary>
/// The reconstruction of <see cref="BeatAutoencoder"/> on ECG5000's training part (UCR archive, 500 single beats of one patient of BIDMC-CHF, 292 normal): trained on four fifths of the normal beats, AUC of the others against all
/// abnormal ones; the mean of five folds. Beats come without an order, so the LSTM knows nothing before each.
/// </summary>
internal sealed class Ecg5000Accuracy : IBenchmark
{
    private const int Folds = 5, Seeds = 3;
    private const double Noise = 0.3;           // of a beat whose standard deviation is 1
    private const int Points = BeatRow.Points, Numbers = BeatRow.InputNumbers;

    /// <inheritdoc/>
    public string Name => "accuracy-ecg5000";

    /// <inheritdoc/>
    public string Summary => "autoencoder of an ECG trained on normal beats of ECG5000 TRAIN: AUC, five folds";

    /// <inheritdoc/>
    public Task RunAsync(Report report, CancellationToken stop)
    {
        if (RecordingsFolder.Find(report, "ucr") is not { } folder)
            return Task.CompletedTask;
        Trainings.NeedLibtorch("cpu");
        var rows = File.ReadLines(Path.Combine(folder, "ECG5000_TRAIN.tsv")).Select(line => Array.ConvertAll(line.Split('\t'), field => float.Parse(field, CultureInfo.InvariantCulture))).ToList();
        float[][] normal = [.. rows.Where(row => row[0] == 1).Select(Describe)], abnormal = [.. rows.Where(row => row[0] != 1).Select(Describe)];
        var areas = new List<double>();
        for (var seed = 1; seed <= (report.Quick ? 1 : Seeds); seed++)
        {
            var own = new List<double>();
            for (var fold = 0; fold < Folds; fold++)
            {
                stop.ThrowIfCancellationRequested();
                var network = Train([.. normal.Where((_, i) => i % Folds != fold)], seed, report.Quick ? 10 : 400);
                own.Add(RankAuc.Of(Errors(network, abnormal), Errors(network, [.. normal.Where((_, i) => i % Folds == fold)])));
            }
            report.Remark(string.Create(CultureInfo.InvariantCulture, $"seed {seed}: {string.Join(' ', own.Select(area => area.ToString("F4", CultureInfo.InvariantCulture)))}"));
            areas.Add(own.Average());
        }
        report.Add("auc", areas.Average(), "1", new Reference("two principal components of the normal beats", 0.993));
        return Task.CompletedTask;
    }

    /// <summary>A beat of 140 points as a row of the network.</summary>
    private static float[] Describe(float[] row)
    {
        var numbers = new float[Numbers];
        numbers[0] = 1;
        for (var p = 0; p < Points; p++)
        {
            var at = p * (row.Length - 2) / (double)(Points - 1);
            var i = Math.Min((int)at, row.Length - 3);
            numbers[^(Points - p)] = (float)(row[1 + i] + (at - i) * (row[2 + i] - row[1 + i]));
        }
        return numbers;
    }

    private static BeatAutoencoder Train(float[][] beats, int seed, int steps)
    {
        manual_seed(seed);
        var clean = Rows(beats);
        var wanted = clean.narrow(2, Numbers - Points, Points);
        var network = new BeatAutoencoder();
        // Not disposed: it would take the network with it.
        var loop = new TrainingLoop(network, new TrainingSchedule(steps, seed, 5e-3, 1e-3, step => 0.01 + 0.99 * (1 + Math.Cos(Math.PI * step / steps)) / 2), _ =>
        {
            var loss = (network.Reconstruct(clean + randn_like(clean) * Noise) - wanted).square().mean();
            return new BatchLoss(loss, loss.detach());
        });
        while (loop.Step < loop.Steps)
            loop.Next();
        return network;
    }

    private static Tensor Rows(float[][] beats) => tensor(beats.SelectMany(beat => beat).ToArray(), [1, beats.Length, Numbers]);

    private static double[] Errors(BeatAutoencoder network, float[][] beats)
    {
        using var scope = NewDisposeScope();
        using var still = no_grad();
        var rows = Rows(beats);
        return [.. (network.Reconstruct(rows) - rows.narrow(2, Numbers - Points, Points)).square().mean([2]).reshape(-1).data<float>().Select(error => (double)error)];
    }
}
