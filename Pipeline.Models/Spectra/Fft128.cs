using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Pipeline.Models.Spectra;

/// <summary>
/// 128 complex points (256 samples) in sixteen 512-bit registers, from load to store: n = 16 a + 4 b + c, k = d + 8 e + 32 f; eight over a
/// for every lane (b, c), then four over b, then four over c.
/// </summary>
internal static unsafe class Fft128
{
    /// <summary>Complex points.</summary>
    public const int Count = 128;

    private const int Block = 32;   // floats of one complex vector

    /// <summary>
    /// Spectrum of the complex samples, in order, in (re, im); <paramref name="table"/> is <see cref="FftTables.Of128"/>.
    /// </summary>
    public static void Transform(float* samples, float offset, float* taper, float* table, float* re, float* im)
    {
        var x0 = Read(samples, offset, taper, 0);
        var x1 = Read(samples, offset, taper, 1);
        var x2 = Read(samples, offset, taper, 2);
        var x3 = Read(samples, offset, taper, 3);
        var x4 = Read(samples, offset, taper, 4);
        var x5 = Read(samples, offset, taper, 5);
        var x6 = Read(samples, offset, taper, 6);
        var x7 = Read(samples, offset, taper, 7);
        Butterflies.Dft8(ref x0, ref x1, ref x2, ref x3, ref x4, ref x5, ref x6, ref x7);
        x1 *= Twiddle(table, 0);
        x2 *= Twiddle(table, 1);
        x3 *= Twiddle(table, 2);
        x4 *= Twiddle(table, 3);
        x5 *= Twiddle(table, 4);
        x6 *= Twiddle(table, 5);
        x7 *= Twiddle(table, 6);
        Dft16(ref x0, ref x1, ref x2, ref x3, table + 7 * Block);
        Dft16(ref x4, ref x5, ref x6, ref x7, table + 7 * Block);
        Interleave(x0, x4, re, im);
        Interleave(x1, x5, re + Block, im + Block);
        Interleave(x2, x6, re + 2 * Block, im + 2 * Block);
        Interleave(x3, x7, re + 3 * Block, im + 3 * Block);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Complex16 Read(float* samples, float offset, float* taper, int block) =>
        Complex16.Read(samples + block * Block, offset, taper == null ? null : taper + block * Block);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Complex16 Twiddle(float* table, int index) =>
        Complex16.Load(table + index * Block, table + index * Block + Complex16.Count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Dft16(ref Complex16 x0, ref Complex16 x1, ref Complex16 x2, ref Complex16 x3, float* table)
    {
        Complex16.TransposeBlocks(ref x0, ref x1, ref x2, ref x3);
        Butterflies.Dft4(ref x0, ref x1, ref x2, ref x3);
        x1 *= Twiddle(table, 0);
        x2 *= Twiddle(table, 1);
        x3 *= Twiddle(table, 2);
        Complex16.TransposeLanes(ref x0, ref x1, ref x2, ref x3);
        Butterflies.Dft4(ref x0, ref x1, ref x2, ref x3);
    }

    // Lane 4 d + e of the first holds d, of the second d + 4, at k = d + 8 e: in order, 32 numbers.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Interleave(Complex16 a, Complex16 b, float* re, float* im)
    {
        var low = Vector512.Create(0, 4, 8, 12, 16, 20, 24, 28, 1, 5, 9, 13, 17, 21, 25, 29);
        var high = Vector512.Create(2, 6, 10, 14, 18, 22, 26, 30, 3, 7, 11, 15, 19, 23, 27, 31);
        Avx512F.PermuteVar16x32x2(a.Re, low, b.Re).Store(re);
        Avx512F.PermuteVar16x32x2(a.Re, high, b.Re).Store(re + 16);
        Avx512F.PermuteVar16x32x2(a.Im, low, b.Im).Store(im);
        Avx512F.PermuteVar16x32x2(a.Im, high, b.Im).Store(im + 16);
    }
}
