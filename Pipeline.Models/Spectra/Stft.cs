using System.Numerics;

namespace Pipeline.Models.Spectra;

/// <summary>
/// Short-time Fourier transform: power spectra |X[k]|² of one frame of samples after another, X[k] = sum w[n] x[n] exp(-2 pi i k n / N), w
/// a periodic Hann taper, not scaled. Bin k lies at k x rate / N. Zeros fill a frame up to N, so that a spectrum has more bins than the
/// frame resolves where that is wanted. A frame that holds a NaN has NaN in every bin. Immutable and thread-safe; allocates nothing after
/// construction.
/// </summary>
public sealed class Stft
{
    private readonly RealFft _fft;
    private readonly float[] _taper;    // [windowLength]

    /// <summary>Makes the plan.</summary>
    /// <param name="windowLength">Samples of a frame, 1 or more.</param>
    /// <param name="padding">N is the least power of two that is at least this many times the frame, 16 to 16,384.</param>
    /// <exception cref="ArgumentOutOfRangeException">A length below 1 or above what the longest transform takes.</exception>
    public Stft(int windowLength, int padding = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(windowLength, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(padding, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(windowLength, RealFft.MaxLength / padding);
        _fft = RealFft.Of(Math.Max(RealFft.MinLength, (int)BitOperations.RoundUpToPowerOf2((uint)(windowLength * padding))));
        _taper = [.. Tapers.Hann(windowLength).Select(w => (float)w)];
    }

    /// <summary>N, points of the transform.</summary>
    public int TransformLength => _fft.Length;

    /// <summary>Bins of a spectrum: N/2 + 1.</summary>
    public int BinCount => _fft.BinCount;

    /// <summary>Power of one frame.</summary>
    /// <param name="frame">[windowLength], oldest first; NaN is missing.</param>
    /// <param name="power">[<see cref="BinCount"/>], in the samples' unit squared.</param>
    /// <param name="offset">What is taken off each sample before the taper: the frame's mean, or 0.</param>
    /// <exception cref="ArgumentException">A span has another size.</exception>
    public void Power(ReadOnlySpan<float> frame, Span<float> power, float offset = 0) => _fft.Power(frame, offset, _taper, power);
}
