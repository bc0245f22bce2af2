using Pipeline.Models.Estimators.Ppg;
using Pipeline.Models.Features;

namespace Pipeline.Training.HeartRate;

/// <summary>
/// Draws batches: parts of recordings, played at another speed, or simulated ones (<see cref="RateSimulation"/>), all with augmentation
/// (<see cref="RateAugmentation"/>), and the start belief of each. Every random number of a batch comes from the generator of
/// <see cref="Next"/>.
/// </summary>
public sealed class RateBatch
{
    /// <summary>Sequences of a batch.</summary>
    public const int Size = 16;

    /// <summary>Windows of a sequence.</summary>
    public const int Windows = 48;

    private const int Rates = RateFeatures.RateCount;
    private const int InputLength = RateFeatures.InputRowCount * Rates;
    private const double WindowSeconds = 8;
    private const double HopSeconds = 2;
    private const double SimulatedShare = 0.2;

    private readonly IReadOnlyList<RateSequence> _sequences;
    private readonly IReadOnlyList<double> _speeds;
    private readonly PpgConstants _constants;
    private readonly Dictionary<RateRecording, RateSignalLevels> _levels;
    private readonly double[] _cumulative;
    private readonly float[] _rows = new float[RateSequence.RowLength];
    private Random _random = new(0);
    private RateAugmentation _augmentation;

    /// <summary>Batches from the recordings of <paramref name="sequences"/>, each played at one of <paramref name="speeds"/>.</summary>
    public RateBatch(IReadOnlyList<RateSequence> sequences, IReadOnlyList<double> speeds)
        : this(sequences, speeds, PpgConstants.Default)
    {
    }

    /// <summary>The same with other constants of the classical likelihood, which are randomised too.</summary>
    internal RateBatch(IReadOnlyList<RateSequence> sequences, IReadOnlyList<double> speeds, PpgConstants constants)
    {
        ArgumentNullException.ThrowIfNull(sequences);
        (_sequences, _speeds, _constants, _augmentation) = (sequences, speeds, constants, new RateAugmentation(_random));
        _levels = sequences.ToDictionary(s => s.Recording, s => new RateSignalLevels(s.Recording));
        var sets = sequences.GroupBy(s => s.Recording.Set).ToDictionary(g => g.Key, g => g.Count());
        double sum = 0;
        _cumulative = [.. sequences.Select(s => sum += 1.0 / Math.Sqrt(sets[s.Recording.Set]))];
    }

    /// <summary>[batch x windows x 14 x 85].</summary>
    public float[] Input { get; } = new float[Size * Windows * InputLength];

    /// <summary>[batch x windows]; NaN where there is no reference.</summary>
    public float[] Labels { get; } = new float[Size * Windows];

    /// <summary>[batch x 85]: belief before the first window, sum 1.</summary>
    public float[] Belief { get; } = new float[Size * Rates];

    /// <summary>Draws a batch.</summary>
    public void Next(Random random)
    {
        (_random, _augmentation) = (random, new RateAugmentation(random));
        Array.Clear(Input);
        Array.Fill(Labels, float.NaN);
        for (var b = 0; b < Size; b++)
        {
            if (Chance(SimulatedShare))
                FillSimulated(b);
            else
                Fill(b, Draw());
            SetStartBelief(random, Belief.AsSpan(b * Rates, Rates));
        }
    }

    private RateSequence Draw()
    {
        var at = _random.NextDouble() * _cumulative[^1];
        return _sequences[Math.Min(Array.FindIndex(_cumulative, c => c > at), _sequences.Count - 1)];
    }

    private double Speed() => _speeds[_random.Next(_speeds.Count)];

    private bool Chance(double probability) => _random.NextDouble() < probability;

    private void Fill(int index, RateSequence sequence)
    {
        var recording = sequence.Recording;
        var speed = Speed();
        var rate = recording.RateHz * speed;
        var length = (int)Math.Round(WindowSeconds * rate);
        var total = recording.Ppg[0].Length;
        var all = Math.Max(0, (int)Math.Floor((total / rate - WindowSeconds) / HopSeconds + 1e-9) + 1);
        var first = Chance(0.25) || all <= Windows ? 0 : _random.Next(all - Windows + 1);
        var count = Math.Min(Windows, all - first);
        if (count == 0)
            return;
        int StartOf(int window) => Math.Min((int)Math.Ceiling(window * HopSeconds * rate - 1e-9), total - length);
        var from = StartOf(first);
        var starts = new int[count];
        var labels = new float[count];
        for (var w = 0; w < count; w++)
        {
            starts[w] = StartOf(first + w) - from;
            labels[w] = (float)(sequence.ReferenceAt((from + starts[w] + length / 2.0) / recording.RateHz - WindowSeconds / 2) * speed);
        }
        Fill(index, Cut(recording, rate, from, starts[^1] + length), starts, labels,
            sequence.MotionLevelBefore(first * HopSeconds * speed));
    }

    private void FillSimulated(int index)
    {
        var (excerpt, labels) = new RateSimulation(_random).Draw(Windows);
        Fill(index, excerpt, [.. Enumerable.Range(0, Windows).Select(w => (int)(w * HopSeconds * excerpt.RateHz))], labels,
            float.NegativeInfinity);
    }

    private void Fill(int index, RateExcerpt excerpt, int[] starts, float[] labels, float level)
    {
        Augment(excerpt);
        var axes = Chance(0.1) ? [] : excerpt.Acc;
        var (skipsMotionFit, scalesBins) = (Chance(0.5), Chance(0.3));
        var window = new RateWindow(excerpt.RateHz, (int)Math.Round(WindowSeconds * excerpt.RateHz)) { Constants = RandomConstants() };
        for (var w = 0; w < starts.Length; w++)
        {
            if (window.Make(excerpt.Ppg, axes, starts[w], _rows, out var motion))
                Labels[index * Windows + w] = labels[w] is >= 38 and <= 232 ? labels[w] : float.NaN;
            if (skipsMotionFit)
                SkipMotionFit(_rows);
            if (scalesBins)
                ScaleBins(_rows);
            RateFeatures.Input(_rows, RateSequence.RelativeMotion(motion, ref level),
                Input.AsSpan((index * Windows + w) * InputLength, InputLength));
        }
    }

    // The constants were fitted to recordings of the training, where the likelihood is better than it will be on others.
    private PpgConstants RandomConstants() => PpgFitConstant.OfEvidence.Aggregate(
        _constants, (constants, one) => one.With(constants, one.Get(constants) * Math.Pow(one.Step, _augmentation.Normal())));

    /// <summary>Copies samples of some or all PPG channels, in random order, and of all axes.</summary>
    private RateExcerpt Cut(RateRecording recording, double rateHz, int from, int count)
    {
        var levels = _levels[recording];
        var channels = Enumerable.Range(0, levels.Ppg.Length).ToArray();
        if (Chance(0.3))
        {
            _random.Shuffle(channels);
            channels = channels[..(1 + _random.Next(channels.Length))];
        }
        float[] Copy(float[] samples) => samples.AsSpan(from, count).ToArray();
        return new RateExcerpt(
            rateHz, [.. channels.Select(c => Copy(recording.Ppg[c]))], [.. recording.Acc.Take(PpgMotionFit.MaxAxes).Select(Copy)],
            [.. channels.Select(c => levels.Ppg[c])], levels.Acc);
    }

    private void Augment(RateExcerpt excerpt)
    {
        if (Chance(0.5))
            _augmentation.ScaleLowFrequencies(excerpt);
        if (Chance(0.5))
        {
            var other = Draw().Recording;
            _augmentation.AddRecordedMotion(excerpt, other, _levels[other], Speed());
        }
        if (Chance(0.3))
            _augmentation.AddPeriodicMotion(excerpt);
        if (Chance(0.3))
            _augmentation.AddIrregularMotion(excerpt);
        if (Chance(0.2))
            _augmentation.AddNoise(excerpt);
    }

    // The motion fit fails on some sensors; without this the network relies on it there too (a new sensor: 3.9 instead of 2.9 per minute).
    private static void SkipMotionFit(float[] rows) => rows.AsSpan(0, 2 * Rates).CopyTo(rows.AsSpan(RateFeatures.CleanRow * Rates));

    private void ScaleBins(float[] rows)
    {
        for (var i = 0; i < RateFeatures.HalfRow * Rates; i++)
            if (i / Rates is < RateFeatures.MotionRow or >= RateFeatures.CleanRow)
                rows[i] *= (float)Math.Exp(0.3 * _augmentation.Normal());
    }

    /// <summary>Uniform; in a fifth of the sequences a peak at a random rate, so that the network learns to leave a wrong belief.</summary>
    internal static void SetStartBelief(Random random, Span<float> belief)
    {
        belief.Fill(1f / Rates);
        if (random.NextDouble() >= 0.2)
            return;
        var at = random.NextDouble() * (Rates - 1);
        var sd = 0.7 + 2 * random.NextDouble();
        var certainty = 1 - Math.Pow(10, -4 * random.NextDouble());
        double sum = 0;
        for (var k = 0; k < Rates; k++)
            sum += Math.Exp(-0.5 * (k - at) * (k - at) / (sd * sd));
        for (var k = 0; k < Rates; k++)
            belief[k] = (float)(certainty * Math.Exp(-0.5 * (k - at) * (k - at) / (sd * sd)) / sum + (1 - certainty) / Rates);
    }
}
