using Pipeline.Models.Estimators.Ppg;
using Pipeline.Models.Features;

namespace Pipeline.Training;

/// <summary>
/// Draws batches: parts of recordings, played at another speed, or simulated ones (<see cref="RateSimulation"/>), all varied
/// (<see cref="RateVariation"/>), and the belief with which each begins.
/// Every number of a batch comes from the generator that it is given.
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
    private readonly Dictionary<RateRecording, RateLoudness> _loudness;
    private readonly double[] _cumulative;
    private readonly float[] _rows = new float[RateSequence.RowLength];
    private Random _random = new(0);
    private RateVariation _variation;

    /// <summary>Batches from the recordings of <paramref name="sequences"/>, each played at one of <paramref name="speeds"/>.</summary>
    public RateBatch(IReadOnlyList<RateSequence> sequences, IReadOnlyList<double> speeds)
        : this(sequences, speeds, PpgConstants.Default)
    {
    }

    /// <summary>The same with other constants of the classical likelihood, which are varied too.</summary>
    internal RateBatch(IReadOnlyList<RateSequence> sequences, IReadOnlyList<double> speeds, PpgConstants constants)
    {
        ArgumentNullException.ThrowIfNull(sequences);
        (_sequences, _speeds, _constants, _variation) = (sequences, speeds, constants, new RateVariation(_random));
        _loudness = sequences.ToDictionary(s => s.Recording, s => new RateLoudness(s.Recording));
        var sets = sequences.GroupBy(s => s.Recording.Set).ToDictionary(g => g.Key, g => g.Count());
        double sum = 0;
        _cumulative = [.. sequences.Select(s => sum += 1.0 / Math.Sqrt(sets[s.Recording.Set]))];
    }

    /// <summary>[batch x windows x 14 x 85].</summary>
    public float[] Input { get; } = new float[Size * Windows * InputLength];

    /// <summary>[batch x windows]; NaN where there is no reference.</summary>
    public float[] Labels { get; } = new float[Size * Windows];

    /// <summary>[batch x 85]: what is believed before the first window.</summary>
    public float[] Belief { get; } = new float[Size * Rates];

    /// <summary>Draws a batch.</summary>
    public void Next(Random random)
    {
        (_random, _variation) = (random, new RateVariation(random));
        Array.Clear(Input);
        Array.Fill(Labels, float.NaN);
        for (var b = 0; b < Size; b++)
        {
            if (Chance(SimulatedShare))
                FillSimulated(b);
            else
                Fill(b, Draw());
            Believe(Belief.AsSpan(b * Rates, Rates));
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
        Fill(index, Cut(recording, rate, from, starts[^1] + length), starts, labels, sequence.MotionLevelBefore(first * HopSeconds * speed));
    }

    private void FillSimulated(int index)
    {
        var (excerpt, labels) = new RateSimulation(_random).Draw(Windows);
        Fill(index, excerpt, [.. Enumerable.Range(0, Windows).Select(w => (int)(w * HopSeconds * excerpt.RateHz))], labels, float.NegativeInfinity);
    }

    private void Fill(int index, RateExcerpt excerpt, int[] starts, float[] labels, float level)
    {
        Vary(excerpt);
        var axes = Chance(0.1) ? [] : excerpt.Acc;
        var (keepsMotion, speckled) = (Chance(0.5), Chance(0.3));
        var window = new RateWindow(excerpt.RateHz, (int)Math.Round(WindowSeconds * excerpt.RateHz)) { Constants = Estranged() };
        for (var w = 0; w < starts.Length; w++)
        {
            if (window.Make(excerpt.Ppg, axes, starts[w], _rows, out var motion))
                Labels[index * Windows + w] = labels[w] is >= 38 and <= 232 ? labels[w] : float.NaN;
            if (keepsMotion)
                KeepMotion(_rows);
            if (speckled)
                Speckle(_rows);
            RateFeatures.Input(_rows, RateSequence.RelativeMotion(motion, ref level), Input.AsSpan((index * Windows + w) * InputLength, InputLength));
        }
    }

    // The constants were fitted to recordings of the training: there the likelihood is better than it will be on others.
    private PpgConstants Estranged() => PpgFitConstant.OfEvidence.Aggregate(
        _constants, (constants, one) => one.With(constants, one.Get(constants) * Math.Pow(one.Step, _variation.Normal())));

    /// <summary>Samples of some, or all, PPG channels in any order, and of all axes.</summary>
    private RateExcerpt Cut(RateRecording recording, double rateHz, int from, int count)
    {
        var loudness = _loudness[recording];
        var channels = Enumerable.Range(0, loudness.Ppg.Length).ToArray();
        if (Chance(0.3))
        {
            _random.Shuffle(channels);
            channels = channels[..(1 + _random.Next(channels.Length))];
        }
        float[] Copy(float[] samples) => samples.AsSpan(from, count).ToArray();
        return new RateExcerpt(
            rateHz, [.. channels.Select(c => Copy(recording.Ppg[c]))], [.. recording.Acc.Take(PpgMotionFit.MaxAxes).Select(Copy)],
            [.. channels.Select(c => loudness.Ppg[c])], loudness.Acc);
    }

    private void Vary(RateExcerpt excerpt)
    {
        if (Chance(0.5))
            _variation.Shelve(excerpt);
        if (Chance(0.5))
        {
            var other = Draw().Recording;
            _variation.Move(excerpt, other, _loudness[other], Speed());
        }
        if (Chance(0.3))
            _variation.Swing(excerpt);
        if (Chance(0.3))
            _variation.Shake(excerpt);
        if (Chance(0.2))
            _variation.Disturb(excerpt);
    }

    // The motion fit does not fit every sensor: without this the network believes it there too (a new sensor: 3.9 instead of 2.9 per minute).
    private static void KeepMotion(float[] rows) => rows.AsSpan(0, 2 * Rates).CopyTo(rows.AsSpan(RateFeatures.CleanRow * Rates));

    private void Speckle(float[] rows)
    {
        for (var i = 0; i < RateFeatures.HalfRow * Rates; i++)
            if (i / Rates is < RateFeatures.MotionRow or >= RateFeatures.CleanRow)
                rows[i] *= (float)Math.Exp(0.3 * _variation.Normal());
    }

    /// <summary>Mostly nothing is known; in a fifth of the sequences, to learn what to do about it, something wrong is.</summary>
    private void Believe(Span<float> belief)
    {
        belief.Fill(1f / Rates);
        if (!Chance(0.2))
            return;
        var at = _random.NextDouble() * (Rates - 1);
        var sd = 0.7 + 2 * _random.NextDouble();
        var certainty = 1 - Math.Pow(10, -4 * _random.NextDouble());
        double sum = 0;
        for (var k = 0; k < Rates; k++)
            sum += Math.Exp(-0.5 * (k - at) * (k - at) / (sd * sd));
        for (var k = 0; k < Rates; k++)
            belief[k] = (float)(certainty * Math.Exp(-0.5 * (k - at) * (k - at) / (sd * sd)) / sum + (1 - certainty) / Rates);
    }
}
