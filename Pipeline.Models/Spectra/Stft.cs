using System.Numerics.Tensors;

namespace Pipeline.Models.Spectra;

/// <summary>Which taper a frame is multiplied with.</summary>
public enum Taper
{
    /// <summary>Periodic Hann: 0.5 - 0.5 cos(2 pi n / N).</summary>
    Hann,

    /// <summary>Periodic Hamming: 0.54 - 0.46 cos(2 pi n / N).</summary>
    Hamming,

    /// <summary>No taper.</summary>
    Rectangular,
}

/// <summary>What a bin's number means.</summary>
public enum SpectrumScaling
{
    /// <summary>|X[k]|² of the tapered frame, as it is.</summary>
    Raw,

    /// <summary>One-sided power spectrum, unit²: a sine of amplitude A at a bin gives A²/2 there.</summary>
    Spectrum,

    /// <summary>One-sided power spectral density, unit²/Hz: its sum times the bin width is the frame's mean square.</summary>
    Density,
}

/// <summary>
/// Short-time Fourier transform: power spectra of frames of <c>windowLength</c> samples every <c>hop</c> samples. Frame f covers the samples
/// [f x hop, f x hop + windowLength), half-open; only whole frames are taken, nothing is padded. A frame that holds a NaN has NaN in every
/// bin. Immutable and thread-safe; allocates nothing after construction.
/// </summary>
public sealed class Stft
{
    private readonly RealFft _fft;
    private readonly float[] _taper;     // [windowLength]; holds the scale too
    private readonly float _edgeScale;   // bins 0 and N/2 of a one-sided spectrum are not doubled

    /// <summary>Makes the plan.</summary>
    /// <param name="windowLength">Samples of a frame: a power of two from 16 to 16,384.</param>
    /// <param name="hop">Samples from one frame's start to the next one's; 1 to <paramref name="windowLength"/>.</param>
    /// <param name="rateHz">Samples per second; matters for <see cref="SpectrumScaling.Density"/> and <see cref="FrequencyOf"/> only.</param>
    /// <param name="taper">Taper.</param>
    /// <param name="scaling">What a bin means.</param>
    /// <param name="removeMean">Whether each frame's own mean is taken off before the taper.</param>
    /// <exception cref="ArgumentOutOfRangeException">A length, hop or rate outside its range.</exception>
    public Stft(
        int windowLength, int hop, double rateHz, Taper taper = Taper.Hann, SpectrumScaling scaling = SpectrumScaling.Raw,
        bool removeMean = false)
    {
        _fft = RealFft.Of(windowLength);
        if (hop < 1 || hop > windowLength)
            throw new ArgumentOutOfRangeException(nameof(hop), hop, $"1 to the window's {windowLength} is wanted.");
        if (!double.IsFinite(rateHz) || rateHz <= 0)
            throw new ArgumentOutOfRangeException(nameof(rateHz), rateHz, "A finite positive rate is wanted.");
        Hop = hop;
        RateHz = rateHz;
        RemovesMean = removeMean;
        _taper = Scaled(Tapers.Create(taper, windowLength), scaling, rateHz);
        _edgeScale = scaling == SpectrumScaling.Raw ? 1 : 0.5f;
    }

    /// <summary>Samples of a frame.</summary>
    public int WindowLength => _fft.Length;

    /// <summary>Samples from one frame to the next.</summary>
    public int Hop { get; }

    /// <summary>Samples per second.</summary>
    public double RateHz { get; }

    /// <summary>Whether each frame's mean is taken off.</summary>
    public bool RemovesMean { get; }

    /// <summary>Bins of a frame: half the window's length and one.</summary>
    public int BinCount => _fft.BinCount;

    /// <summary>Whole frames in <paramref name="sampleCount"/> samples.</summary>
    public int FrameCount(int sampleCount) => sampleCount < WindowLength ? 0 : 1 + (sampleCount - WindowLength) / Hop;

    /// <summary>Middle frequency, in Hz, of <paramref name="bin"/>.</summary>
    public double FrequencyOf(int bin) => bin * RateHz / WindowLength;

    /// <summary>Power of every whole frame of <paramref name="samples"/>.</summary>
    /// <param name="samples">Samples, oldest first; NaN is missing.</param>
    /// <param name="power">[frames x bins], row after row; frames by <see cref="FrameCount"/>.</param>
    /// <exception cref="ArgumentException"><paramref name="power"/> has another size.</exception>
    public void Transform(ReadOnlySpan<float> samples, Span<float> power)
    {
        var frames = FrameCount(samples.Length);
        if (power.Length != frames * BinCount)
            throw new ArgumentException($"{samples.Length} samples give {frames} frames of {BinCount} bins; room for {power.Length} was given.", nameof(power));
        for (var f = 0; f < frames; f++)
        {
            var frame = samples.Slice(f * Hop, WindowLength);
            var row = power.Slice(f * BinCount, BinCount);
            _fft.Power(frame, RemovesMean ? TensorPrimitives.Sum(frame) / frame.Length : 0, _taper, row);
            row[0] *= _edgeScale;
            row[^1] *= _edgeScale;
        }
    }

    private static float[] Scaled(double[] taper, SpectrumScaling scaling, double rateHz)
    {
        var sum = taper.Sum();
        var power = scaling switch
        {
            SpectrumScaling.Spectrum => 2 / (sum * sum),
            SpectrumScaling.Density => 2 / (rateHz * taper.Sum(w => w * w)),
            _ => 1,
        };
        var amplitude = Math.Sqrt(power);
        return [.. taper.Select(w => (float)(w * amplitude))];
    }
}
