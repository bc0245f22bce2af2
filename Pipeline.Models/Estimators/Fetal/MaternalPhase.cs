using System.Numerics.Tensors;

namespace Pipeline.Models.Estimators.Fetal;

/// <summary>
/// Where in her beats the mother disturbs: the fetus is not in step with her, so what a signal has at the same offset from most of her R
/// peaks is hers. The signal is divided by that level, where it is above the usual one. Owns its scratch: one thread at a time.
/// </summary>
internal sealed class MaternalPhase(LocalLevel level, ColumnSort sort)
{
    private const int MostPhases = ColumnSort.MostColumns;
    private const int MostBeats = 64;
    private const double Part = 0.6;
    private const int SmoothSamples = 9;

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
        sort.Begin(_length);
        foreach (var at in _beats.AsSpan(0, _count))
        {
            var row = sort.Add();
            var from = at - _before;
            var (low, high) = (Math.Clamp(-from, 0, _length), Math.Clamp(strength.Length - from, 0, _length));
            row[..low].Clear();
            if (high > low)
                TensorPrimitives.Abs(strength[(from + low)..(from + high)], row[low..high]);
            row[Math.Max(low, high)..].Clear();
        }
        sort.Ranked((int)(Part * _count), noise);
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
