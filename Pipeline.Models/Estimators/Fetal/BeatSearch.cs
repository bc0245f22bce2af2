using System.Numerics.Tensors;

namespace Pipeline.Models.Estimators.Fetal;

/// <summary>What the beats of one heart look like.</summary>
/// <param name="SlopeSamples">Samples over which the slope is averaged.</param>
/// <param name="Half">Samples of the template on each side of the beat.</param>
/// <param name="Intervals">Possible intervals.</param>
internal readonly record struct BeatForm(int SlopeSamples, int Half, BeatIntervals Intervals)
{
    // 40 ms and 60 ms: noise beside a beat of a small fetus may be higher, and must not hide it. Beside a mother's beat lie her own waves.
    private const int FetalReach = FetalLattice.LeastReach, MaternalReach = 15;

    /// <summary>The mother's: 40 to 162 a minute, QRS complexes of some 100 ms.</summary>
    public static readonly BeatForm Mother = new(7, 15, new BeatIntervals(92, 375, 4, MaternalReach));

    /// <summary>The fetus's: 83 to 214 a minute, QRS complexes of some 50 ms.</summary>
    public static readonly BeatForm Fetus = new(5, 7, new BeatIntervals(70, 180, 12, FetalReach));

    /// <summary>Intervals of a fetus with bradycardia: 46 to 94 a minute.</summary>
    public static readonly BeatIntervals SlowFetus = new(160, 325, 12, FetalReach);
}

/// <summary>
/// Finds a heart's beats in one signal of which nothing is known: tracks its slope, then twice what is like the median beat so far. Owns
/// its scratch: one thread at a time.
/// </summary>
internal sealed class BeatSearch(FetalLattice lattice, LocalLevel level, ColumnSort sort)
{
    private const float Tiny = 1e-12f;
    private const int Rounds = 2;

    /// <summary>Score of a signal in which nothing was found.</summary>
    public const float Nothing = -9;

    private readonly float[] _strength = new float[FetalTiming.WindowSamples];
    private readonly float[] _level = new float[FetalTiming.WindowSamples];
    private readonly float[] _column = new float[FetalTiming.MostBeats];
    private readonly int[] _inner = new int[FetalTiming.MostBeats];

    /// <summary>Writes the beats, ascending, and returns how many; <paramref name="score"/> says how alike and how regular they are, 1.5 at
    /// best.</summary>
    /// <param name="signal">The signal, a window at most; its size does not matter.</param>
    /// <param name="form">Whose beats.</param>
    /// <param name="beats">Place for <see cref="FetalTiming.MostBeats"/>.</param>
    /// <param name="score">Median likeness of the beats to their mean + 0.5 x part of the window that they cover − 4 x median change of the
    /// interval, as a part of it.</param>
    public int Find(ReadOnlySpan<float> signal, in BeatForm form, Span<int> beats, out float score)
    {
        var strength = _strength.AsSpan(0, signal.Length);
        Slopes(signal, form.SlopeSamples, strength);
        var count = lattice.Track(strength, form.Intervals, default, beats);
        Levels(signal);
        Span<float> template = stackalloc float[2 * form.Half + 1];
        score = Nothing;
        for (var round = 0; round < Rounds; round++)
        {
            count = Within(beats[..count], form.Half, signal.Length - form.Half, beats);
            if (count < 4)
                return count;
            Compare(signal, beats[..count], template, strength);
            count = lattice.Track(strength, form.Intervals, default, beats);
        }
        score = Score(signal, beats[..count], form.Half, template);
        return count;
    }

    /// <summary>How much each sample is like the median beat, 0 or more; false where fewer than four beats lie wholly in the
    /// window.</summary>
    public bool TryCompare(ReadOnlySpan<float> signal, ReadOnlySpan<int> beats, int half, Span<float> strength)
    {
        var count = Within(beats, half, signal.Length - half, _inner);
        if (count < 4)
            return false;
        Levels(signal);
        Span<float> template = stackalloc float[2 * half + 1];
        Compare(signal, _inner.AsSpan(0, count), template, strength);
        TensorPrimitives.Max(strength, 0f, strength);
        return true;
    }

    private void Compare(ReadOnlySpan<float> signal, ReadOnlySpan<int> beats, Span<float> template, Span<float> strength)
    {
        MedianBeat(signal, beats, template.Length / 2, template);
        Likeness(signal, template, strength);
        TensorPrimitives.Divide(strength, _level.AsSpan(0, signal.Length), strength);
    }

    private void Levels(ReadOnlySpan<float> signal)
    {
        var levels = _level.AsSpan(0, signal.Length);
        level.RootMeanSquares(signal, FetalTiming.LevelSamples, levels);
        TensorPrimitives.Add(levels, Tiny, levels);
    }

    /// <summary>Slope over two samples, without its sign, averaged and divided by its own level.</summary>
    private void Slopes(ReadOnlySpan<float> signal, int samples, Span<float> strength)
    {
        var count = signal.Length;
        strength[0] = strength[count - 1] = 0;
        TensorPrimitives.Subtract(signal[2..], signal[..(count - 2)], strength[1..(count - 1)]);
        TensorPrimitives.Abs(strength, strength);
        level.Means(strength, samples, strength);
        level.Means(strength, FetalTiming.LevelSamples, _level.AsSpan(0, count));
        var levels = _level.AsSpan(0, count);
        TensorPrimitives.Add(levels, Tiny, levels);
        TensorPrimitives.Divide(strength, levels, strength);
    }

    private void MedianBeat(ReadOnlySpan<float> signal, ReadOnlySpan<int> beats, int half, Span<float> template)
    {
        sort.Begin(template.Length);
        foreach (var at in beats)
            signal.Slice(at - half, template.Length).CopyTo(sort.Add());
        sort.Medians(template);
        TensorPrimitives.Subtract(template, TensorPrimitives.Sum(template) / template.Length, template);
    }

    /// <summary>Σ template[k] x signal[i + k − half]; outside the window the signal is 0.</summary>
    private static void Likeness(ReadOnlySpan<float> signal, ReadOnlySpan<float> template, Span<float> likeness)
    {
        var half = template.Length / 2;
        likeness.Clear();
        for (var k = 0; k < template.Length; k++)
        {
            var shift = k - half;
            var from = signal[Math.Max(0, shift)..Math.Min(signal.Length, signal.Length + shift)];
            var to = likeness.Slice(Math.Max(0, -shift), from.Length);
            TensorPrimitives.MultiplyAdd(from, template[k], to, to);
        }
    }

    private float Score(ReadOnlySpan<float> signal, ReadOnlySpan<int> beats, int half, Span<float> mean)
    {
        var inner = _inner.AsSpan(0, Within(beats, half, signal.Length - half, _inner));
        if (inner.Length < 4)
            return Nothing;
        mean.Clear();
        Span<float> beat = stackalloc float[mean.Length];
        foreach (var at in inner)
        {
            Centred(signal, at, half, beat);
            TensorPrimitives.Add(mean, beat, mean);
        }
        var norm = TensorPrimitives.Norm<float>(mean);
        var likeness = _column.AsSpan(0, inner.Length);
        for (var b = 0; b < inner.Length; b++)
        {
            Centred(signal, inner[b], half, beat);
            likeness[b] = TensorPrimitives.Dot<float>(beat, mean) / (TensorPrimitives.Norm<float>(beat) * norm + Tiny);
        }
        var alike = Medians.Of(likeness);
        var covered = Math.Min(1, inner.Length * Medians.OfIntervals(beats) / signal.Length);
        return alike + 0.5f * covered - 4 * Jitter(inner);
    }

    private static void Centred(ReadOnlySpan<float> signal, int at, int half, Span<float> beat)
    {
        var samples = signal.Slice(at - half, beat.Length);
        TensorPrimitives.Subtract(samples, TensorPrimitives.Sum(samples) / samples.Length, beat);
    }

    /// <summary>Median change from one interval to the next, as a part of the median interval; 1 where there are no two
    /// intervals.</summary>
    private float Jitter(ReadOnlySpan<int> beats)
    {
        if (beats.Length < 3)
            return 1;
        var changes = _column.AsSpan(0, beats.Length - 2);
        for (var i = 0; i < changes.Length; i++)
            changes[i] = Math.Abs(beats[i + 2] - 2 * beats[i + 1] + beats[i]);
        return Medians.Of(changes) / Medians.OfIntervals(beats);
    }

    /// <summary>Those of <paramref name="beats"/> in [<paramref name="from"/>, <paramref name="to"/>); how many.</summary>
    private static int Within(ReadOnlySpan<int> beats, int from, int to, Span<int> inner)
    {
        var count = 0;
        foreach (var at in beats)
            if (at >= from && at < to)
                inner[count++] = at;
        return count;
    }
}
