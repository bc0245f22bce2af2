using System.Collections.Concurrent;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Pipeline.Models.Spectra;

/// <summary>
/// Planned discrete Fourier transform of a power-of-two number of real samples, in float32: X[k] = sum x[n] exp(-2 pi i k n / N), not
/// scaled, bins k = 0..N/2. The N samples are taken as N/2 complex ones, transformed by Stockham's autosorting algorithm
/// (Cochran et al. 1967, doi:10.1109/TAU.1967.1161899), and taken apart.
/// <para>
/// A plan is immutable: every thread may use it at once; scratch (8 bytes a point) lies on the stack, so nothing is allocated after
/// construction. The result does not depend on the thread, only on the machine's vector width. A NaN or infinite sample makes every bin
/// NaN. Error against the exact transform: below 1e-6 of the largest bin.
/// </para>
/// </summary>
public sealed class RealFft
{
    /// <summary>Shortest transform.</summary>
    public const int MinLength = 16;

    /// <summary>Longest transform: its scratch takes 128 KiB of stack.</summary>
    public const int MaxLength = 16384;

    private static readonly ConcurrentDictionary<int, RealFft> Plans = new();

    private readonly IFftPlan _plan;

    /// <summary>
    /// Tests choose <paramref name="widestLanes"/> (16, 8 or 1 complex number a vector) to see every way; the product takes the widest that
    /// the machine has.
    /// </summary>
    internal RealFft(int length, int widestLanes)
    {
        Length = length;
        var count = length / 2;
        _plan = (count < FftTables.MinVectorCount ? 1 : widestLanes) switch
        {
            16 => new VectorFft<Complex16>(count),
            8 => new VectorFft<Complex8>(count),
            _ => new FftPlan(count),
        };
    }

    /// <summary>Complex numbers in the widest vectors of this machine.</summary>
    internal static int WidestLanes => Complex16.IsSupported ? 16 : Complex8.IsSupported ? 8 : 1;

    /// <summary>N, the samples that are transformed.</summary>
    public int Length { get; }

    /// <summary>N/2 + 1, the bins that come out; bin k lies at k x rate / N.</summary>
    public int BinCount => Length / 2 + 1;

    /// <summary>The plan for <paramref name="length"/> points: made at the first call, the same one afterwards.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not a power of two from 16 to 16,384.</exception>
    public static RealFft Of(int length)
    {
        if (!BitOperations.IsPow2(length) || length is < MinLength or > MaxLength)
            throw new ArgumentOutOfRangeException(nameof(length), length, $"A power of two from {MinLength} to {MaxLength} is wanted.");
        return Plans.GetOrAdd(length, static n => new RealFft(n, WidestLanes));
    }

    /// <summary>Real and imaginary parts of the spectrum of <paramref name="samples"/>.</summary>
    /// <param name="samples">1 to N samples; those that lack to N count as zeros.</param>
    /// <param name="real">Real parts, [N/2 + 1].</param>
    /// <param name="imaginary">Imaginary parts, [N/2 + 1]; 0 in the first and the last.</param>
    /// <exception cref="ArgumentException">A span has another size. The outputs may not overlap each other.</exception>
    public void Forward(ReadOnlySpan<float> samples, Span<float> real, Span<float> imaginary)
    {
        if (samples.Length == 0 || samples.Length > Length || real.Length != BinCount || imaginary.Length != BinCount)
            throw Sizes(samples.Length, real.Length, imaginary.Length);
        Run(samples, 0, default, real, imaginary);
    }

    /// <summary>
    /// Power of the spectrum of (<paramref name="samples"/> - <paramref name="offset"/>) x <paramref name="taper"/>, in one pass.
    /// </summary>
    /// <param name="samples">1 to N samples; after the taper, those that lack to N count as zeros.</param>
    /// <param name="offset">What is taken off each sample: their mean, or 0.</param>
    /// <param name="taper">One factor a sample.</param>
    /// <param name="power">Power |X[k]|², [N/2 + 1], in the samples' unit squared.</param>
    /// <exception cref="ArgumentException">A span has another size.</exception>
    public void Power(ReadOnlySpan<float> samples, float offset, ReadOnlySpan<float> taper, Span<float> power)
    {
        if (samples.Length == 0 || samples.Length > Length || taper.Length != samples.Length || power.Length != BinCount)
            throw Sizes(samples.Length, taper.Length, power.Length);
        Run(samples, offset, taper, power, default);
    }

    [SkipLocalsInit]
    private unsafe void Run(ReadOnlySpan<float> samples, float offset, ReadOnlySpan<float> taper, Span<float> first, Span<float> second)
    {
        var scratch = stackalloc float[2 * Length + FftPlan.Alignment];
        scratch = FftPlan.Align(scratch);
        fixed (float* x = samples, w = taper, a = first, b = second)
            _plan.Transform(new FftInput(x, samples.Length, offset, w), scratch, a, b);
    }

    private ArgumentException Sizes(int samples, int first, int second) => new(
        $"A transform of {Length} takes 1 to {Length} samples (and as many taper values) and gives {BinCount} bins; "
        + $"{samples} samples and spans of {first} and {second} were given.");
}
