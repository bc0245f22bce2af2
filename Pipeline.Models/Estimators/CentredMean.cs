using System.Runtime.CompilerServices;
using Pipeline.Models.State;

namespace Pipeline.Models.Estimators;

/// <summary>
/// Mean over the last <c>length</c> samples, which is the mean centred on the sample (length − 1)/2 ago: a low-pass of exactly linear phase
/// at one addition, one subtraction and one multiplication a sample. The sum is taken afresh each time the ring turns (a second sum grows
/// beside it), so rounding and outliers leave no trace that outlives the ring. Starts on zeros.
/// </summary>
internal struct CentredMean
{
    private readonly float[] _ring;
    private readonly double _inverse;
    private readonly int _half;
    private double _sum;
    private double _fresh;      // of the samples since the ring turned
    private int _at;

    /// <summary>Takes an odd length of 1 or more samples.</summary>
    public CentredMean(int length)
    {
        _ring = new float[length];
        _inverse = 1.0 / length;
        _half = (length - 1) / 2;
    }

    /// <summary>Samples by which the mean lags behind the input.</summary>
    public readonly int Delay => _half;

    /// <summary>Takes a sample; gives the mean, and the sample it is centred on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Next(float sample, out float centre)
    {
        var ring = _ring;
        var at = _at;
        double wide = sample;
        var sum = _sum + (wide - ring[at]);
        var fresh = _fresh + wide;
        ring[at] = sample;
        if (++at == ring.Length)
        {
            at = 0;
            sum = fresh;
            fresh = 0;
        }
        _at = at;
        _sum = sum;
        _fresh = fresh;
        var middle = at + _half;
        centre = ring[middle >= ring.Length ? middle - ring.Length : middle];
        return (float)(sum * _inverse);
    }

    /// <summary>Takes a sample; gives the mean.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Next(float sample) => Next(sample, out _);

    /// <summary>All that changes.</summary>
    public void Transfer(StateTransfer state)
    {
        state.Values<float>(_ring);
        state.Value(ref _sum);
        state.Within(ref _at, 0, _ring.Length - 1);
        _fresh = 0;
        foreach (var sample in _ring.AsSpan(0, _at))
            _fresh += sample;
    }

    /// <summary>Back to zeros.</summary>
    public void Clear()
    {
        Array.Clear(_ring);
        _sum = _fresh = 0;
        _at = 0;
    }
}
