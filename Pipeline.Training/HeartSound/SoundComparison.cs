using Pipeline.Training.Torch;
using static TorchSharp.torch;

namespace Pipeline.Training.HeartSound;

/// <summary>How the networks for heart sounds are trained and compared; the same options give the same figures.</summary>
/// <param name="Signals">Signals of the prototype, a fifth of them held out.</param>
/// <param name="Epochs">Its epochs.</param>
/// <param name="Steps">Batches of ours.</param>
/// <param name="Tests">Fresh signals of each generator on which all are scored.</param>
/// <param name="Seed">Seed of weights and draws.</param>
public sealed record SoundComparisonOptions(int Signals = 500, int Epochs = 100, int Steps = 600, int Tests = 300, int Seed = 1);

/// <summary>A row of the table.</summary>
/// <param name="Method">What estimated.</param>
/// <param name="Test">On what.</param>
/// <param name="Count">Signals.</param>
/// <param name="WithValue">Those that got values.</param>
/// <param name="RateError">Mean absolute error of the heart rate, per minute.</param>
/// <param name="VariabilityError">Of the variability, ms.</param>
/// <param name="NoisyRateError">Of the rate where the signal has less than 10 dB; NaN where that is not one number.</param>
public sealed record SoundComparisonRow(
    string Method, string Test, int Count, int WithValue, double RateError, double VariabilityError, double NoisyRateError);

/// <summary>
/// The customer's prototype and our network on signals that neither learnt from: of the customer's generator, and of ours. No signal is split, and no seed is shared between what is learnt and
/// what is scored.
/// </summary>
public sealed class SoundComparison(SoundComparisonOptions options) : IDisposable
{
    private const int TestSeed = 900_000_000;
    private const double Noisy = 10;
    private SoundBeatNetwork? _ours;

    /// <summary>Trains one after the other and yields each row as it is known; <paramref name="told"/> gets what is being done and how far it is, 0 to 1.</summary>
    public IEnumerable<SoundComparisonRow> Run(Action<string, double> told, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(told);
        var pulses = Enumerable.Range(0, options.Tests).Select(i => SoundExample.Pulses(TestSeed + i)).ToArray();
        var sounds = Enumerable.Range(0, options.Tests).Select(i => SoundExample.Sounds(TestSeed + i)).Where(one => one.Beats.Length > 3).ToArray();
        var learnt = Enumerable.Range(0, options.Signals).Select(i => SoundExample.Pulses(options.Seed * 1_000_000 + i)).ToArray();
        var mean = (learnt.Average(one => one.Rate), learnt.Average(one => one.Variability));
        yield return Score("mean of what is learnt", "pulses", pulses, _ => mean);     // what any of them has to be better than
        foreach (var isLogarithmic in (bool[])[false, true])
        {
            var name = isLogarithmic ? "prototype, decibels" : "prototype";
            manual_seed(options.Seed);
            using var prototype = new HeartSoundPrototype(isLogarithmic);
            prototype.Fit(options.Seed, options.Signals, options.Epochs, (epoch, loss) => told($"{name}, loss {loss:F1}", epoch / (double)options.Epochs), stop);
            var held = learnt[(options.Signals - options.Signals / 5)..];
            yield return Score(name, "its fifth, beats / duration", held, prototype.Of, one => 60 * one.Beats.Length / SoundExample.Seconds);
            yield return Score(name, "pulses", pulses, prototype.Of);
        }
        manual_seed(options.Seed);
        _ours = new SoundBeatNetwork();
        _ours.Fit(options.Seed, options.Steps, (step, loss) => told($"beat network, loss {loss:F3}", step / (double)options.Steps), stop);
        yield return Score("beat network", "pulses", pulses, RateOf);
        yield return Score("beat network", "heart sounds", sounds, RateOf);
    }

    /// <summary>Rate of our network, trained, in samples at 1,000 Hz; NaN where it finds too few beats.</summary>
    /// <exception cref="InvalidOperationException"><see cref="Run"/> did not come to its end.</exception>
    public double RateOf(float[] samples) => SoundBeatNetwork.Of((_ours ?? throw new InvalidOperationException("Not trained yet.")).BeatsOf(samples)).Rate;

    /// <inheritdoc/>
    public void Dispose() => _ours?.Dispose();

    private (double Rate, double Variability) RateOf(SoundExample example) => SoundBeatNetwork.Of(_ours!.BeatsOf(example.Samples));

    private static SoundComparisonRow Score(
        string method, string test, SoundExample[] examples, Func<SoundExample, (double Rate, double Variability)> estimate, Func<SoundExample, double>? rateOf = null)
    {
        var found = examples.Select(one => (Example: one, Found: estimate(one))).Where(one => double.IsFinite(one.Found.Rate)).ToList();
        double RateError(IEnumerable<(SoundExample Example, (double Rate, double Variability) Found)> of) =>
            of.Select(one => Math.Abs(one.Found.Rate - (rateOf ?? (example => example.Rate))(one.Example))).DefaultIfEmpty(double.NaN).Average();
        return new SoundComparisonRow(method, test, examples.Length, found.Count, RateError(found),
            found.Average(one => Math.Abs(one.Found.Variability - one.Example.Variability)), RateError(found.Where(one => one.Example.Decibels < Noisy)));
    }
}
