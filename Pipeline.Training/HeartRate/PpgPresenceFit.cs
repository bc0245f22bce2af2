using System.Globalization;
using System.Text;
using Pipeline.Models.Estimators.Ppg;
using Pipeline.Training.Torch;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Pipeline.Training.HeartRate;

/// <summary>A window of the fit.</summary>
/// <param name="Features"><see cref="PpgPresenceFeatures"/> of it.</param>
/// <param name="IsPulse">Whether there is a pulse.</param>
/// <param name="Weight">Its share in the loss, above 0.</param>
internal readonly record struct PpgPresenceRow(float[] Features, bool IsPulse, double Weight);

/// <summary>
/// Fits the network of <see cref="PpgPresenceWeights"/>: weighted logistic loss with a ridge, all windows in each of AdamW's steps. The same
/// windows and seed give the same weights on one thread of libtorch.
/// </summary>
/// <param name="Units">[units x (features, offset of the unit, its weight)], of four digits as they are printed.</param>
/// <param name="Offset">Added to the units' sum.</param>
internal sealed record PpgPresenceFit(float[] Units, double Offset)
{
    /// <summary>Steps of a whole fit.</summary>
    public const int AllSteps = 2_000;

    private const double LearningRate = 0.02, Ridge = 1e-4;
    private const double Constant = 1e-6;       // deviation of a number that says nothing
    private const int Inputs = PpgPresenceFeatures.Count, LineLength = 130;

    /// <summary>Log-odds of a pulse.</summary>
    public double LogOdds(ReadOnlySpan<float> features) => PpgPresenceWeights.LogOdds(features, Units, Offset);

    /// <summary>Fits to <paramref name="rows"/>; pulses and windows without one count alike. Needs libtorch.</summary>
    public static PpgPresenceFit Of(IReadOnlyList<PpgPresenceRow> rows, int seed, CancellationToken stop, int steps = AllSteps)
    {
        var mean = Each(k => rows.Average(row => row.Features[k]));
        var deviation = Each(k => Math.Sqrt(rows.Average(row => Math.Pow(row.Features[k] - mean[k], 2))) + 1e-9);
        var sums = rows.ToLookup(row => row.IsPulse, row => row.Weight);
        var (with, without) = (sums[true].Sum(), sums[false].Sum());
        using var scope = NewDisposeScope();
        using var inputs = tensor(rows.SelectMany(row => Each(k => (row.Features[k] - mean[k]) / deviation[k])).Select(x => (float)x).ToArray())
            .reshape(rows.Count, Inputs);
        using var signs = tensor(rows.Select(row => row.IsPulse ? -1f : 1).ToArray());
        using var shares = tensor(rows.Select(row => (float)(row.Weight / (row.IsPulse ? with : without) / 2)).ToArray());
        manual_seed(seed);
        var (hidden, output) = (nn.Linear(Inputs, PpgPresenceWeights.Units), nn.Linear(PpgPresenceWeights.Units, 1));
        using var loop = new TrainingLoop(
            nn.Sequential(("hidden", hidden), ("output", output)),
            new TrainingSchedule(steps, seed, LearningRate, 0, step => 0.5 + 0.5 * Math.Cos(Math.PI * step / steps)), _ => Loss());
        while (loop.Step < loop.Steps)
        {
            stop.ThrowIfCancellationRequested();
            loop.Next();
        }
        return From(hidden, output, mean, deviation);

        BatchLoss Loss()
        {
            var odds = output.forward(hidden.forward(inputs).tanh()).squeeze(1);
            var loss = (nn.functional.softplus(odds * signs) * shares).sum();
            return new BatchLoss(loss + Ridge * (hidden.weight!.square().sum() + output.weight!.square().sum()), loss.detach());
        }
    }

    /// <summary>As it stands in <see cref="PpgPresenceWeights"/>.</summary>
    public string Text()
    {
        var text = new StringBuilder(string.Create(CultureInfo.InvariantCulture, $"    private const double Offset = {Offset};\n"));
        foreach (var unit in Units.Chunk(Inputs + 2))
        {
            var line = "       ";
            foreach (var number in unit.Select(w => string.Create(CultureInfo.InvariantCulture, $" {w}f,")))
            {
                if (line.Length + number.Length > LineLength)
                {
                    text.AppendLine(line);
                    line = "       ";
                }
                line += number;
            }
            text.AppendLine(line);
        }
        return text.ToString();
    }

    private static PpgPresenceFit From(Linear hidden, Linear output, double[] mean, double[] deviation)
    {
        // not null: both have weights and offsets
        float[] of = hidden.weight!.ToArray(), offsets = hidden.bias!.ToArray(), last = output.weight!.ToArray();
        var units = new List<float>();
        for (var unit = 0; unit < PpgPresenceWeights.Units; unit++)
        {
            var slopes = Each(k => deviation[k] < Constant ? 0 : of[unit * Inputs + k] / deviation[k]);
            units.AddRange([.. slopes.Select(Rounded), Rounded(offsets[unit] - slopes.Zip(mean, (w, m) => w * m).Sum()), Rounded(last[unit])]);
        }
        return new PpgPresenceFit([.. units], Math.Round(output.bias!.ToArray()[0], 3));
    }

    private static float Rounded(double number) =>
        float.Parse(number.ToString("G4", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);

    private static double[] Each(Func<int, double> number) => [.. Enumerable.Range(0, Inputs).Select(number)];
}
