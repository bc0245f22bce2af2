using System.Numerics.Tensors;
using Pipeline.Models.Features;

namespace Pipeline.Training;

/// <summary>
/// Draws batches of sequences and varies them: another speed, motion of another recording mixed into the PPG, noise, a motion fit that
/// explains nothing, no accelerometer. Every
/// number of a batch comes from the generator that it is given.
/// </summary>
public sealed class RateBatch
{
    /// <summary>Sequences of a batch.</summary>
    public const int Size = 16;

    /// <summary>Windows of a sequence.</summary>
    public const int Windows = 48;

    private const int Rates = RateFeatures.RateCount;
    private static readonly int Row = RateSequence.RowLength;

    private readonly IReadOnlyList<RateSequence[]> _recordings;   // every speed of each
    private readonly double[] _cumulative;
    private Random _random = new(0);

    /// <summary>Batches from <paramref name="recordings"/>: for each its sequences at all speeds, the speed 1 among them.</summary>
    public RateBatch(IReadOnlyList<RateSequence[]> recordings)
    {
        ArgumentNullException.ThrowIfNull(recordings);
        _recordings = recordings;
        var sets = recordings.GroupBy(r => r[0].Recording.Set).ToDictionary(g => g.Key, g => g.Count());
        double sum = 0;
        _cumulative = recordings.Select(r => sum += 1.0 / Math.Sqrt(sets[r[0].Recording.Set])).ToArray();
    }

    /// <summary>[batch x windows x 12 x 85].</summary>
    public float[] Input { get; } = new float[Size * Windows * RateFeatures.InputRowCount * Rates];

    /// <summary>[batch x windows]; NaN where there is no reference.</summary>
    public float[] Labels { get; } = new float[Size * Windows];

    /// <summary>Draws a batch.</summary>
    public void Next(Random random)
    {
        _random = random;
        var rows = new float[Windows * Row];
        var motion = new float[Windows];
        for (var b = 0; b < Size; b++)
        {
            var sequence = Draw();
            var start = _random.NextDouble() < 0.25 || sequence.Count <= Windows ? 0 : _random.Next(sequence.Count - Windows + 1);
            var count = Math.Min(Windows, sequence.Count - start);
            Array.Clear(rows);
            sequence.Spectra.AsSpan(start * Row, count * Row).CopyTo(rows);
            sequence.Motion.AsSpan(start, count).CopyTo(motion);
            motion.AsSpan(count).Fill(float.NaN);
            for (var w = 0; w < Windows; w++)
                Labels[b * Windows + w] = w < count && sequence.Labels[start + w] is >= 38 and <= 232 ? sequence.Labels[start + w] : float.NaN;
            var level = MotionLevel(sequence, start);
            if (_random.NextDouble() < 0.4)
                MixMotion(rows, count);
            if (_random.NextDouble() < 0.5)
                KeepMotion(rows);
            if (_random.NextDouble() < 0.3)
                Speckle(rows);
            if (_random.NextDouble() < 0.05)
                DropMotion(rows, motion);
            for (var w = 0; w < Windows; w++)
            {
                level = float.IsNaN(motion[w]) ? level : Math.Max(level, motion[w]);
                var relative = float.IsNaN(motion[w]) ? 0 : Math.Clamp(motion[w] - level, -3, 0);
                RateFeatures.Input(
                    rows.AsSpan(w * Row, Row), relative,
                    Input.AsSpan((b * Windows + w) * RateFeatures.InputRowCount * Rates, RateFeatures.InputRowCount * Rates));
            }
        }
    }

    /// <summary>A standard normal number.</summary>
    private double Normal() => Math.Sqrt(-2 * Math.Log(1 - _random.NextDouble())) * Math.Cos(2 * Math.PI * _random.NextDouble());

    private RateSequence Draw()
    {
        var at = _random.NextDouble() * _cumulative[^1];
        var speeds = _recordings[Math.Min(Array.FindIndex(_cumulative, c => c > at), _recordings.Count - 1)];
        return speeds[_random.Next(speeds.Length)];
    }

    // The greatest motion before the cut is known to a stream that has run since the start.
    private static float MotionLevel(RateSequence sequence, int start)
    {
        var level = float.NegativeInfinity;
        for (var w = 0; w < start; w++)
            level = float.IsNaN(sequence.Motion[w]) ? level : Math.Max(level, sequence.Motion[w]);
        return level;
    }

    private void MixMotion(float[] rows, int count)
    {
        var other = Draw();
        if (other.Count == 0 || float.IsNaN(other.Motion[0]))
            return;
        var start = other.Count <= Windows ? 0 : _random.Next(other.Count - Windows + 1);
        var strength = _random.NextDouble() < 0.3 ? 0 : (float)Math.Exp(-0.3 + Normal());
        var twice = (float)Math.Exp(0.5 * Normal());
        var seen = (float)Math.Exp(0.7 * Normal());
        var tilt = 0.7 * Normal();
        var left = _random.NextDouble() < 0.3 ? 1 : 0.5f * _random.NextSingle();   // of the motion after it was taken out
        var on = _random.NextDouble() < 0.5;
        for (var w = 0; w < count && start + w < other.Count; w++)
        {
            if (_random.NextDouble() < 0.04)
                on = !on;
            if (!on)
                continue;
            var own = rows.AsSpan(w * Row, Row);
            var motion = other.Spectra.AsSpan((start + w) * Row, Row);
            for (var k = 0; k < Rates; k++)
            {
                var m = strength * (float)Math.Exp(tilt * (2.0 * k / (Rates - 1) - 1));
                own[k] += m * motion[4 * Rates + k];
                own[Rates + k] += m * motion[4 * Rates + k];
                own[2 * Rates + k] += 0.7f * m * motion[4 * Rates + k];
                own[3 * Rates + k] += m * twice * motion[6 * Rates + k];
                own[RateFeatures.CleanRow * Rates + k] += left * m * motion[4 * Rates + k];
                own[(RateFeatures.CleanRow + 1) * Rates + k] += left * m * motion[4 * Rates + k];
                for (var r = RateFeatures.MotionRow; r < RateFeatures.CleanRow; r++)
                    own[r * Rates + k] = (own[r * Rates + k] + seen * motion[r * Rates + k]) / (1 + seen);
            }
            Normalise(own);
        }
    }

    private void Speckle(float[] rows)
    {
        for (var w = 0; w < Windows; w++)
        {
            var own = rows.AsSpan(w * Row, Row);
            for (var i = 0; i < Row; i++)
                if (i / Rates is < RateFeatures.MotionRow or >= RateFeatures.CleanRow)
                    own[i] *= (float)Math.Exp(0.3 * Normal());
            Normalise(own);
        }
    }

    // The motion fit does not fit every sensor: without this the network believes it there too (new sensor: 3.45 instead of 1.71 per minute).
    private static void KeepMotion(float[] rows)
    {
        for (var w = 0; w < Windows; w++)
        {
            var own = rows.AsSpan(w * Row, Row);
            own[..(2 * Rates)].CopyTo(own[(RateFeatures.CleanRow * Rates)..]);
        }
    }

    private static void DropMotion(float[] rows, float[] motion)
    {
        for (var w = 0; w < Windows; w++)
            rows.AsSpan(w * Row + RateFeatures.MotionRow * Rates, (RateFeatures.CleanRow - RateFeatures.MotionRow) * Rates).Clear();
        KeepMotion(rows);
        Array.Fill(motion, float.NaN);
    }

    /// <summary>The PPG rows by the sum of the first, those less motion by that of their first.</summary>
    private static void Normalise(Span<float> rows)
    {
        Scale(rows[..(RateFeatures.MotionRow * Rates)]);
        Scale(rows[(RateFeatures.CleanRow * Rates)..]);
    }

    private static void Scale(Span<float> rows) =>
        TensorPrimitives.Divide(rows, TensorPrimitives.Sum<float>(rows[..Rates]) + 1e-12f, rows);
}
