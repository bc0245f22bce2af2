using System.Numerics.Tensors;

namespace Pipeline.Models.Estimators.Fetal;

/// <summary>
/// Where in her beats the mother disturbs: the fetus is not in step with her, so what a signal has at the same offset from most of her R peaks is hers. The signal is divided by that level,
/// where it is above the usual one. Owns its scratch: one thread at a time.
/// </summary>
internal sealed class MaternalPhase(LocalLevel level)
{
    private const int MostPhases = 512;
    private const int MostBeats = 64;
    private const double Part = 0.6;
    private const int SmoothSamples = 9;

    private readonly float[] _column = new float[MostBeats];
    private readonly float[] _noise = new float[MostPhases], _sorted = new float[MostPhases];
    private readonly int[] _beats = new int[MostBeats];
    private int _count, _before, _length;

    /// <summary>Takes the mother's beats of the window.</summary>
    public void Take(ReadOnlySpan<int> beats)
    {
        _count = Math.Min(beats.Length, MostBeats);
        beats[.._count].CopyTo(_beats);
        if (_count < 5)
            return;
        _length = Math.Min(MostPhases, (int)Medians.OfIntervals(beats));
        _before = (int)(0.35 * _length);
    }

    /// <summary>Divides <paramref name="strength"/> by what it usually has at the same offset from an R peak.</summary>
    public void Divide(Span<float> strength)
    {
        if (_count < 5)
            return;
        var noise = _noise.AsSpan(0, _length);
        for (var k = 0; k < _length; k++)
        {
            for (var b = 0; b < _count; b++)
            {
                var i = _beats[b] - _before + k;
                _column[b] = (uint)i < (uint)strength.Length ? Math.Abs(strength[i]) : 0;
            }
            noise[k] = Medians.Select(_column.AsSpan(0, _count), (int)(Part * _count));
        }
        level.Means(noise, SmoothSamples, noise);
        noise.CopyTo(_sorted);
        var usual = Medians.Of(_sorted.AsSpan(0, _length)) + 1e-9f;
        TensorPrimitives.Divide(noise, usual, noise);
        TensorPrimitives.Max(noise, 1f, noise);
        // Of two beats that hold a sample the later one counts.
        for (var b = 0; b < _count; b++)
        {
            var from = _beats[b] - _before;
            var end = Math.Min(from + _length, b + 1 < _count ? _beats[b + 1] - _before : int.MaxValue);
            var (low, high) = (Math.Max(0, from), Math.Min(strength.Length, end));
            if (high > low)
                TensorPrimitives.Divide(strength[low..high], noise.Slice(low - from, high - low), strength[low..high]);
        }
    }
}
