using Pipeline.Models;
using Pipeline.Models.Estimators.Fetal;
using Pipeline.Models.Features;
using Pipeline.Training.HeartRate;

namespace Pipeline.Training.Fetal;

/// <summary>Windows that have a fetal rate.</summary>
/// <param name="Count">How many, of those with a reference.</param>
/// <param name="Near">How many of them are within 10 % of it.</param>
/// <param name="ErrorSum">Sum of their absolute errors, per minute.</param>
/// <param name="Claims">How many have a rate where there is no fetus.</param>
public readonly record struct FetalWindows(int Count, int Near, double ErrorSum, int Claims)
{
    private const double Close = 0.1;       // part of the rate

    /// <summary>Both.</summary>
    public static FetalWindows operator +(FetalWindows a, FetalWindows b) => new(a.Count + b.Count, a.Near + b.Near, a.ErrorSum + b.ErrorSum, a.Claims + b.Claims);

    /// <summary>With one more window that has the rate <paramref name="value"/>.</summary>
    public FetalWindows With(double value, double reference)
    {
        if (reference == 0)
            return this with { Claims = Claims + 1 };
        var error = Math.Abs(value - reference);
        return new FetalWindows(Count + 1, Near + (error <= Close * reference ? 1 : 0), ErrorSum + error, Claims);
    }
}

/// <summary>How the classical estimator, a network alone and both joined do on the windows of a recording.</summary>
/// <param name="Fetal">Windows with a reference.</param>
/// <param name="Empty">Windows without a fetus.</param>
/// <param name="Classical">The classical estimator's.</param>
/// <param name="Network">The network's, alone, where it is as sure as it has to be to confirm a track.</param>
/// <param name="Joined">What is served.</param>
public sealed record FetalScore(int Fetal, int Empty, FetalWindows Classical, FetalWindows Network, FetalWindows Joined)
{
    /// <summary>Of a recording.</summary>
    public static FetalScore Of(RateNetwork network, FetalSequence sequence)
    {
        ArgumentNullException.ThrowIfNull(sequence);
        var answers = FetalTrainer.Run(network, sequence);
        return Of(sequence, w => answers[w]);
    }

    /// <summary>Of a recording, by a package.</summary>
    public static FetalScore Of(FetalModel model, FetalSequence sequence)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(sequence);
        var (input, state, output) = (new float[model.InputLength], new float[model.StateLength], new float[model.OutputLength]);
        return Of(sequence, w =>
        {
            sequence.CopyInput(w, input);
            model.Forward(input, state, output);
            var (rate, sigma) = RateReadout.Read(output.AsSpan(0, RateFeatures.RateCount));
            return (rate, output[RateFeatures.RateCount], sigma);
        });
    }

    /// <summary>Both together.</summary>
    public static FetalScore operator +(FetalScore a, FetalScore b)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        return new FetalScore(a.Fetal + b.Fetal, a.Empty + b.Empty, a.Classical + b.Classical, a.Network + b.Network, a.Joined + b.Joined);
    }

    private static FetalScore Of(FetalSequence sequence, Func<int, (float Rate, float Trust, float Sigma)> answerOf)
    {
        var (fetal, empty) = (0, 0);
        FetalWindows classical = default, network = default, joined = default;
        for (var w = 0; w < sequence.Count; w++)
        {
            var reference = sequence.Labels[w];
            var (rate, trust, sigma) = answerOf(w);
            if (double.IsNaN(reference))
                continue;
            (fetal, empty) = reference > 0 ? (fetal + 1, empty) : (fetal, empty + 1);
            classical = Add(classical, sequence.Taken[w].Classical, reference);
            joined = Add(joined, FetalQuestion.Join(sequence.Taken[w], rate, sigma, trust, ""), reference);
            if (trust >= FetalQuestion.SureToConfirm)
                network = network.With(rate, reference);
        }
        return new FetalScore(fetal, empty, classical, network, joined);
    }

    private static FetalWindows Add(in FetalWindows windows, in Estimate estimate, double reference) =>
        estimate.Status == EstimateStatus.Ok ? windows.With(estimate.Value, reference) : windows;
}
