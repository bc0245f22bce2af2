using Pipeline.Models.State;

namespace Pipeline.Models.Filters;

/// <summary>
/// Mean over the last <c>length</c> samples, which is the mean centred on the sample (length − 1)/2 ago: a low-pass of exactly linear phase
/// at one addition, one subtraction and one multiplication a sample. The sum is replaced each time the ring turns by a second one that
/// grows beside it from zero, so rounding and outliers leave no trace that outlives the ring. Starts on zeros.
/// </summary>
internal struct CentredMean
{
    private readonly float[] _ring;
    private readonly double _inverse;
    private readonly int _half;
    private double _sum;
    private double _fresh;      // of the samples since the ring turned
    private int _at;

    /// <summary>Takes a length of 1 or more samples; an odd one has a middle.</summary>
    public CentredMean(int length)
    {
        _ring = new float[length];
        _inverse = 1.0 / length;
        _half = (length - 1) / 2;
    }

    /// <summary>Sum of the last <c>length</c> samples.</summary>
    public readonly double Sum => _sum;

    /// <summary>Takes a sample; gives the mean.</summary>
    public float Next(float sample)
    {
        Smooth(new Span<float>(ref sample));
        return sample;
    }

    /// <summary>Takes samples; each becomes the mean.</summary>
    public void Smooth(Span<float> samples) => Take(samples, isHighPass: false);

    /// <summary>Takes samples; each becomes the sample that the mean is centred on, less the mean.</summary>
    public void HighPass(Span<float> samples) => Take(samples, isHighPass: true);

    /// <summary>All that changes.</summary>
    public void Transfer(StateTransfer state)
    {
        TransferSum(state);
        state.Within(ref _at, 0, _ring.Length - 1);
        if (state.Fault is null)    // otherwise the place may be anything
            Resume(_at);
    }

    /// <summary>The same without the place in the ring, where that follows from what the owner knows: see <see cref="Resume"/>.</summary>
    public void TransferSum(StateTransfer state)
    {
        state.Values<float>(_ring);
        state.Value(ref _sum);
    }

    /// <summary>
    /// Goes on behind <paramref name="count"/> samples, 0 or more: sets the place in the ring after <see cref="TransferSum"/>.
    /// </summary>
    public void Resume(long count)
    {
        _at = (int)(count % _ring.Length);
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

    // A block at a time: in a chain of filters, sample by sample, each would wait for the sums of the one before.
    private void Take(Span<float> samples, bool isHighPass)
    {
        var (ring, at, half, inverse) = (_ring, _at, _half, _inverse);
        var (sum, fresh) = (_sum, _fresh);
        foreach (ref var sample in samples)
        {
            double wide = sample;
            sum += wide - ring[at];
            fresh += wide;
            ring[at] = sample;
            if (++at == ring.Length)
            {
                at = 0;
                sum = fresh;
                fresh = 0;
            }
            var mean = (float)(sum * inverse);
            var middle = at + half;
            sample = isHighPass ? ring[middle >= ring.Length ? middle - ring.Length : middle] - mean : mean;
        }
        (_at, _sum, _fresh) = (at, sum, fresh);
    }
}
