using System.Numerics.Tensors;
using Pipeline.Models.Estimators.Beats;
using Pipeline.Training.Qrs;

namespace Pipeline.Training.Autoencoder;

/// <summary>
/// Draws batches of sequences of beats of one lead, clean and with recorded noise: the noise comes from minutes that the noise stress test does not use (<see cref="NoiseStress.IsNoisy"/>). Beats are
/// jittered, as they are found in noise; the scale is that of the beats before the sequence, or of its first one as at a start.
/// </summary>
internal sealed class BeatBatch
{
    /// <summary>Sequences of a batch, and their beats.</summary>
    public const int Size = 48, Beats = 24;

    private const int Before = 8;               // beats that only the scale learns of
    private const double Cold = 0.25;           // share of sequences without
    private const double Clean = 0.2;           // share without noise
    private const double LeastDecibels = -2, MostDecibels = 24;
    private const double Jitter = 0.008;        // s, standard deviation
    private const double FalseBeats = 0.04;     // share of beats that lie anywhere, as noise makes them
    private const double Reach = 0.05;          // s beyond the middle between two beats that counts
    private const int Points = BeatRow.Points, Numbers = BeatRow.InputNumbers;
    private static readonly string[] Kinds = ["em", "em", "ma", "bw"];

    private readonly BeatSequence[] _sequences;
    private readonly (string Kind, BeatLead Lead, double Rms)[] _noises;
    private readonly double _noiseHz;
    private readonly float[] _points = new float[Points], _noisy = new float[Points], _clean = new float[Points];

    public BeatBatch(IReadOnlyList<BeatSequence> sequences, IReadOnlyDictionary<string, EcgRecording> noises)
    {
        _sequences = [.. sequences.Where(one => one.Places.Length > Before + Beats + 4)];
        _noises = [.. Kinds.Where(noises.ContainsKey).SelectMany(kind => noises[kind].Leads.Select(lead => (kind, new BeatLead(lead, noises[kind].RateHz), Rms(lead, noises[kind].RateHz))))];
        _noiseHz = noises.Count > 0 ? noises.First().Value.RateHz : 0;
    }

    /// <summary>[beats x sequences x 100]: without noise, and with.</summary>
    public float[] Quiet { get; } = new float[Beats * Size * Numbers];

    /// <summary>The same with noise.</summary>
    public float[] Noisy { get; } = new float[Beats * Size * Numbers];

    /// <summary>[beats x sequences x 97]: what the denoised waves are to be.</summary>
    public float[] Targets { get; } = new float[Beats * Size * Points];

    /// <summary>[beats x sequences x 97]: 1 for a point that is the beat's own, 0 for one of its neighbours'.</summary>
    public float[] Own { get; } = new float[Beats * Size * Points];

    /// <summary>[beats x sequences]: 1 for a normal beat.</summary>
    public float[] Normal { get; } = new float[Beats * Size];

    /// <summary>Draws a batch.</summary>
    public void Next(Random random)
    {
        Array.Clear(Quiet);
        Array.Clear(Noisy);
        Array.Clear(Targets);
        Array.Clear(Own);
        Array.Clear(Normal);
        for (var s = 0; s < Size; s++)
            Fill(s, _sequences[random.Next(_sequences.Length)], random);
    }

    private void Fill(int s, BeatSequence from, Random random)
    {
        var lead = random.Next(from.Leads.Length);
        var first = Before + 2 + random.Next(from.Places.Length - Before - Beats - 4);
        var (noise, noiseFrom, gain) = Noise(from, lead, random);
        var (quietScale, noisyScale, pace) = (new BeatScale(), new BeatScale(), new BeatPace());
        var sign = random.Next(2) == 0 ? -1f : 1f;      // a lead may be the wrong way round
        var warm = random.NextDouble() < Cold ? 0 : Before;
        Span<float> ignored = stackalloc float[Numbers];
        for (var k = -warm; k < Beats; k++)
        {
            var b = first + k;
            var isFalse = k > 0 && noise is not null && random.NextDouble() < FalseBeats;
            var place = isFalse ? from.Places[b - 1] + (0.3 + 0.5 * random.NextDouble()) * (from.Places[b] - from.Places[b - 1]) : from.Places[b] + Jitter * Draw(random) * from.RateHz;
            var early = pace.Take(place / from.RateHz);
            if (!from.Leads[lead].TryCut(place, _points) || !from.Leads[lead].TryCutClean(place, _clean))
                continue;
            TensorPrimitives.Multiply(_points, sign, _points);
            Array.Clear(_noisy);
            if (noise?.TryCut(noiseFrom + (place - from.Places[first]) / from.RateHz * _noiseHz, _noisy) == true)
                TensorPrimitives.Multiply(_noisy, gain, _noisy);
            TensorPrimitives.Add(_noisy, _points, _noisy);
            var at = Math.Max(k, 0) * Size + s;
            var scale = noisyScale;
            Describe(ref quietScale, _points, early, k < 0 ? ignored : Quiet.AsSpan(at * Numbers, Numbers));
            Describe(ref noisyScale, _noisy, early, k < 0 ? ignored : Noisy.AsSpan(at * Numbers, Numbers));
            if (k < 0)
                continue;
            TensorPrimitives.Multiply(_clean, sign / (k == 0 && warm == 0 ? noisyScale.Size : scale.Size), Targets.AsSpan(at * Points, Points));
            var (left, right) = (isFalse ? from.Places[b - 1] : from.Places[b - 1], isFalse ? from.Places[b] : from.Places[b + 1]);
            Fill(Own.AsSpan(at * Points, Points), (place - left) / from.RateHz, (right - place) / from.RateHz);
            Normal[at] = from.AreNormal[b] && !isFalse ? 1 : 0;
        }
    }

    private (BeatLead? Lead, double From, float Gain) Noise(BeatSequence from, int lead, Random random)
    {
        if (_noises.Length == 0 || random.NextDouble() < Clean)
            return default;
        var (_, noise, rms) = _noises[random.Next(_noises.Length)];
        double start;
        do
            start = (0.02 + 0.94 * random.NextDouble()) * noise.Count;
        while (NoiseStress.IsNoisy(start, _noiseHz) || NoiseStress.IsNoisy(start + 30 * _noiseHz, _noiseHz));
        var decibels = LeastDecibels + (MostDecibels - LeastDecibels) * random.NextDouble();
        return (noise, start, (float)(from.Heights[lead] / Math.Sqrt(8) / rms * Math.Pow(10, -decibels / 20)));
    }

    private static void Describe(ref BeatScale scale, ReadOnlySpan<float> points, float early, Span<float> numbers)
    {
        Span<float> centred = stackalloc float[Points];
        var mean = TensorPrimitives.Sum(points) / Points;
        TensorPrimitives.Subtract(points, mean, centred);
        scale.Describe(centred, mean, early, numbers);
    }

    private static void Fill(Span<float> own, double since, double until)
    {
        for (var p = 0; p < own.Length; p++)
        {
            var seconds = (p - BeatCut.Before) / (double)BeatCut.RateHz;
            own[p] = seconds > -0.375 * since - Reach && seconds < 0.625 * until + Reach ? 1 : 0;
        }
    }

    /// <summary>Mean RMS of a second, as the noise stress test has it.</summary>
    private static double Rms(float[] noise, double rateHz)
    {
        var second = (int)rateHz;
        return Enumerable.Range(0, Math.Min(300, noise.Length / second)).Average(frame =>
        {
            var one = noise.AsSpan(frame * second, second);
            var mean = TensorPrimitives.Sum<float>(one) / second;
            return Math.Sqrt(Math.Max(0, TensorPrimitives.SumOfSquares<float>(one) / second - mean * mean));
        });
    }

    private static double Draw(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
