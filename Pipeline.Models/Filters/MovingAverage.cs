namespace Pipeline.Models.Filters;

/// <summary>
/// Mean of the last <c>length</c> samples, this one included, of those that are there: causal, later than the signal by (length - 1) / 2
/// samples. NaN when none of them is there. At the start fewer are averaged. Owns its ring; allocates nothing after construction.
/// </summary>
public sealed class MovingAverage
{
    private readonly float[] _ring;
    private int _at;
    private int _count;
    private double _sum;

    /// <summary>An average over <paramref name="length"/> samples.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Less than 1.</exception>
    public MovingAverage(int length)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        _ring = new float[length];
        Reset();
    }

    /// <summary>Samples that are averaged.</summary>
    public int Length => _ring.Length;

    /// <summary>Forgets all samples.</summary>
    public void Reset()
    {
        Array.Fill(_ring, float.NaN);
        (_at, _count, _sum) = (0, 0, 0);
    }

    /// <summary>Takes the next sample (NaN: missing) and gives the mean.</summary>
    public float Next(float sample)
    {
        var leaves = _ring[_at];
        _ring[_at] = sample;
        if (!float.IsNaN(leaves))
            (_sum, _count) = (_sum - leaves, _count - 1);
        if (!float.IsNaN(sample))
            (_sum, _count) = (_sum + sample, _count + 1);
        if (++_at == _ring.Length)
            Restart();
        return _count == 0 ? float.NaN : (float)(_sum / _count);
    }

    /// <summary>As <see cref="Next"/> for each of <paramref name="samples"/>.</summary>
    /// <exception cref="ArgumentException"><paramref name="averages"/> has another length.</exception>
    public void Filter(ReadOnlySpan<float> samples, Span<float> averages)
    {
        if (averages.Length != samples.Length)
            throw new ArgumentException($"{samples.Length} samples need as much room; {averages.Length} was given.", nameof(averages));
        for (var i = 0; i < samples.Length; i++)
            averages[i] = Next(samples[i]);
    }

    // Adds up anew once a turn, so that rounding never piles up.
    private void Restart()
    {
        _at = 0;
        _sum = 0;
        foreach (var sample in _ring)
            _sum += float.IsNaN(sample) ? 0 : sample;
    }
}
