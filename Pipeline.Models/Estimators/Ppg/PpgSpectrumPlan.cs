using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Pipeline.Models.Estimators.Ppg;

/// <summary>
/// Power spectra of one window at the rates at which a heart can beat: decimation to 25–50 Hz, removal of mean and straight line, Hann
/// taper, and a Fourier sum straight at the wanted frequencies. Immutable, shared by all streams of the same rate; about 150 KiB.
/// </summary>
/// <remarks>
/// Not the <see cref="Spectra.RealFft"/>: the frequencies are not its bins. A nonuniform transform over it costs about the same, and in a
/// window without any pulse, where nothing but rounding is left at these frequencies, its rounding is larger and moves the estimates.
/// </remarks>
internal sealed class PpgSpectrumPlan
{
    /// <summary>
    /// Frequencies: 15, 17.5 … 480 per minute, so that half and twice of every rate of <see cref="PpgRateBelief"/> is there too.
    /// </summary>
    public const int BinCount = 187;

    /// <summary>Lowest frequency, per minute.</summary>
    public const double FirstPerMinute = 15;

    /// <summary>Distance of neighbours, per minute; an 8 s window resolves 7.5, so that lines between bins are not lost.</summary>
    public const double StepPerMinute = 2.5;

    /// <summary>Channels whose spectra are made in one pass over the tables.</summary>
    public const int Lanes = 4;

    private static readonly SharedPlans<(double Rate, int Length), PpgSpectrumPlan> Plans = new();

    private readonly int _decimation;
    private readonly int _rawCount;
    private readonly int _foldedCount;
    private readonly float[] _cosine;   // [bins x folded], tapered
    private readonly float[] _sine;     // [bins x folded], tapered

    private PpgSpectrumPlan(double rateHz, int rawCount)
    {
        _rawCount = rawCount;
        _decimation = Math.Max(1, (int)Math.Floor(rateHz / 25 + 1e-9));
        SampleCount = _decimation == 1 ? rawCount : (rawCount - (2 * _decimation - 1)) / _decimation + 1;
        RateHz = rateHz / _decimation;
        _foldedCount = ((SampleCount + 1) / 2 + Vector256<float>.Count - 1) / Vector256<float>.Count * Vector256<float>.Count;
        _cosine = new float[BinCount * _foldedCount];
        _sine = new float[BinCount * _foldedCount];
        var half = SampleCount / 2;
        for (var bin = 0; bin < BinCount; bin++)
        {
            var turn = 2 * Math.PI * (FirstPerMinute + StepPerMinute * bin) / 60 / RateHz;
            for (var i = 0; i < half; i++)
            {
                var offset = i + (SampleCount % 2 == 0 ? 0.5 : 1);
                var taper = 0.5 + 0.5 * Math.Cos(2 * Math.PI * offset / SampleCount);
                _cosine[bin * _foldedCount + i] = (float)(taper * Math.Cos(turn * offset));
                _sine[bin * _foldedCount + i] = (float)(taper * Math.Sin(turn * offset));
            }
            if (SampleCount % 2 != 0)
                _cosine[bin * _foldedCount + half] = 1;
        }
    }

    /// <summary>Samples of a decimated window.</summary>
    public int SampleCount { get; }

    /// <summary>Rate of a decimated window, 25 to 50 Hz (that of the stream below 50 Hz).</summary>
    public double RateHz { get; }

    /// <summary>Floats that <see cref="Power"/> needs as scratch.</summary>
    public int ScratchCount => 2 * Lanes * _foldedCount;

    /// <summary>
    /// The plan for windows of <paramref name="rawCount"/> samples at <paramref name="rateHz"/>; the tables are made at the first call.
    /// </summary>
    public static PpgSpectrumPlan For(double rateHz, int rawCount) =>
        Plans.Get((rateHz, rawCount), key => new PpgSpectrumPlan(key.Rate, key.Length));

    /// <summary>
    /// Decimates a window without missing samples (weights rise and fall linearly over two periods of the new rate, which damps what would
    /// fold below 8 Hz by 20 dB or more) and takes its mean and straight line away.
    /// </summary>
    public void Decimate(ReadOnlySpan<float> raw, Span<float> decimated)
    {
        if (raw.Length != _rawCount || decimated.Length != SampleCount)
            throw new ArgumentException($"{raw.Length} → {decimated.Length} samples; the plan is for {_rawCount} → {SampleCount}.");
        var mean = 0.0;
        foreach (var value in raw)
            mean += value;
        var offset = (float)(mean / raw.Length);   // first of all: counts with a large offset would cost float its digits
        var d = _decimation;
        var scale = 1f / (d * d);
        for (var i = 0; i < decimated.Length; i++)
        {
            var middle = raw.Slice(i * d, 2 * d - 1);
            var sum = d * (middle[d - 1] - offset);
            for (var k = 1; k < d; k++)
                sum += (d - k) * (middle[d - 1 - k] - offset + (middle[d - 1 + k] - offset));
            decimated[i] = sum * scale;
        }
        RemoveLine(decimated);
    }

    /// <summary>
    /// Tapered power of up to <see cref="Lanes"/> decimated windows, [lanes x samples] in and [lanes x bins] out; only bins from
    /// <paramref name="firstBin"/>, <paramref name="binCount"/> of them, are written.
    /// </summary>
    public void Power(
        ReadOnlySpan<float> samples, int lanes, Span<float> power, Span<float> scratch, int firstBin = 0, int binCount = BinCount)
    {
        // x(+t) ± x(−t) about the window's middle: the cosine sum needs the even part alone, the sine sum the odd one: half the work.
        var even = scratch[..(Lanes * _foldedCount)];
        var odd = scratch.Slice(Lanes * _foldedCount, Lanes * _foldedCount);
        even.Clear();
        odd.Clear();
        var half = SampleCount / 2;
        for (var lane = 0; lane < lanes; lane++)
        {
            var x = samples.Slice(lane * SampleCount, SampleCount);
            var e = even.Slice(lane * _foldedCount, _foldedCount);
            var o = odd.Slice(lane * _foldedCount, _foldedCount);
            for (var i = 0; i < half; i++)
            {
                var after = x[SampleCount - half + i];
                var before = x[half - 1 - i];
                e[i] = after + before;
                o[i] = after - before;
            }
            if (SampleCount % 2 != 0)
                e[half] = x[half];
        }
        for (var bin = firstBin; bin < firstBin + binCount; bin++)
            PowerAt(bin, even, odd, lanes, power);
    }

    private void PowerAt(int bin, ReadOnlySpan<float> even, ReadOnlySpan<float> odd, int lanes, Span<float> power)
    {
        var cosine = MemoryMarshal.Cast<float, Vector256<float>>(_cosine.AsSpan(bin * _foldedCount, _foldedCount));
        var sine = MemoryMarshal.Cast<float, Vector256<float>>(_sine.AsSpan(bin * _foldedCount, _foldedCount));
        for (var lane = 0; lane < lanes; lane++)
        {
            var e = MemoryMarshal.Cast<float, Vector256<float>>(even.Slice(lane * _foldedCount, _foldedCount));
            var o = MemoryMarshal.Cast<float, Vector256<float>>(odd.Slice(lane * _foldedCount, _foldedCount));
            var real = Vector256<float>.Zero;
            var imaginary = Vector256<float>.Zero;
            for (var i = 0; i < cosine.Length && i < sine.Length && i < e.Length && i < o.Length; i++)
            {
                real = Vector256.FusedMultiplyAdd(cosine[i], e[i], real);
                imaginary = Vector256.FusedMultiplyAdd(sine[i], o[i], imaginary);
            }
            var re = Vector256.Sum(real);
            var im = Vector256.Sum(imaginary);
            power[lane * BinCount + bin] = re * re + im * im;
        }
    }

    private static void RemoveLine(Span<float> x)
    {
        var middle = (x.Length - 1) / 2.0;
        double sum = 0, moment = 0;
        for (var i = 0; i < x.Length; i++)
        {
            sum += x[i];
            moment += (i - middle) * x[i];
        }
        var mean = sum / x.Length;
        var slope = moment / (x.Length * ((double)x.Length * x.Length - 1) / 12);
        for (var i = 0; i < x.Length; i++)
            x[i] -= (float)(mean + slope * (i - middle));
    }
}
