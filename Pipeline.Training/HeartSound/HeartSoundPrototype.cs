using Pipeline.Models.Spectra;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Pipeline.Training.HeartSound;

/// <summary>
/// The customer's prototype, as it was described: 500 signals of 5 s (<see cref="SoundExample.Pulses"/>); spectrogram of 256 samples, 128 of them shared, 129 × 38; four 3 × 3 convolutions
/// (32, 64, 128, 128), each with 2 × 2 max pooling; dense 256 and 128 with dropout 0.5; two heads, heart rate (linear) and its variability (ReLU); Adam, mean squared error, 100 epochs,
/// batches of 32, a fifth held out. It learns beats / duration as the rate. Here to be compared with; nothing serves it.
/// </summary>
internal sealed class HeartSoundPrototype : nn.Module
{
    private const int Window = 256, Hop = 128, Bins = Window / 2 + 1, Frames = 38, Batch = 32, Flat = 128 * (Bins / 16) * (Frames / 16);
    private const double LearningRate = 1e-3;
    private readonly bool _isLogarithmic;
    private readonly Sequential _body;
    private readonly Linear _rate = nn.Linear(128, 1), _variability = nn.Linear(128, 1);

    /// <param name="isLogarithmic">Whether it sees decibels, in place of power as it is.</param>
    public HeartSoundPrototype(bool isLogarithmic)
        : base(nameof(HeartSoundPrototype))
    {
        _isLogarithmic = isLogarithmic;
        _body = nn.Sequential(
            nn.Conv2d(1, 32, 3, padding: 1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(32, 64, 3, padding: 1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(64, 128, 3, padding: 1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(128, 128, 3, padding: 1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Flatten(), nn.Linear(Flat, 256), nn.ReLU(), nn.Dropout(0.5), nn.Linear(256, 128), nn.ReLU(), nn.Dropout(0.5));
        RegisterComponents();
    }

    /// <summary>Trains on <paramref name="signals"/> signals of the customer's generator, a fifth held out; calls <paramref name="told"/> with each epoch and its loss.</summary>
    public void Fit(int seed, int signals, int epochs, Action<int, double> told, CancellationToken stop)
    {
        var (random, learnt) = (new Random(seed), signals - signals / 5);
        var examples = Enumerable.Range(0, learnt).Select(i => SoundExample.Pulses(seed * 1_000_000 + i)).ToArray();
        using var inputs = Inputs(examples);
        using var targets = tensor([.. examples.SelectMany(one => new[] { (float)(60 * one.Beats.Length / SoundExample.Seconds), (float)one.Variability })], [learnt, 2]);
        using var optimizer = optim.Adam(parameters(), LearningRate);
        train();
        for (var epoch = 0; epoch < epochs; epoch++)
        {
            stop.ThrowIfCancellationRequested();
            var order = Enumerable.Range(0, learnt).Select(i => (long)i).ToArray();
            random.Shuffle(order);
            var (sum, count) = (0.0, 0);
            foreach (var rows in order.Chunk(Batch))
            {
                using var scope = NewDisposeScope();
                using var chosen = tensor(rows);
                var loss = nn.functional.mse_loss(Forward(inputs[chosen]), targets[chosen]) * 2;    // the sum of both heads' losses
                optimizer.zero_grad();
                loss.backward();
                optimizer.step();
                sum += loss.item<float>();
                count++;
            }
            told(epoch + 1, sum / count);
        }
        eval();
    }

    /// <summary>Rate per minute and variability, ms, of an example.</summary>
    public (double Rate, double Variability) Of(SoundExample example)
    {
        using var scope = NewDisposeScope();
        using var still = no_grad();
        var outputs = Forward(Inputs([example])).data<float>();
        return (outputs[0], outputs[1]);
    }

    /// <summary>[B, 1, 129, 38] → [B, 2]: rate, variability.</summary>
    private Tensor Forward(Tensor inputs)
    {
        var features = _body.forward(inputs);
        return cat([_rate.forward(features), _variability.forward(features).relu()], 1);
    }

    private Tensor Inputs(SoundExample[] examples)
    {
        var values = new float[examples.Length * Bins * Frames];
        var (stft, power) = (new Stft(Window), new float[Bins]);
        for (var e = 0; e < examples.Length; e++)
            for (var f = 0; f < Frames; f++)
            {
                var samples = examples[e].Samples.AsSpan(f * Hop, Window);
                stft.Power(samples, power, System.Numerics.Tensors.TensorPrimitives.Sum(samples) / Window);
                for (var b = 0; b < Bins; b++)
                    values[(e * Bins + b) * Frames + f] = _isLogarithmic ? 10 * MathF.Log10(power[b] / Window + 1e-10f) / 20 : power[b] / Window;
            }
        return tensor(values, [examples.Length, 1, Bins, Frames]);
    }
}
