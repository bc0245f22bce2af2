using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Pipeline.Models.Spectra;

/// <summary>
/// The transform of <see cref="FftPlan"/> on machines with AVX-512, for M = 128 complex points and more. M = 128 runs in the registers as
/// 8 x 4 x 4; larger ones in passes of radix 4, 4 (which put the lanes in order on the way) and then 8 and 4 with whole vectors. Tables and
/// scratch are aligned to 64 bytes. Immutable.
/// </summary>
internal sealed unsafe class Fft512
{
    public const int MinCount = 128;
    private const int Lanes = 16;
    private const int Block = 2 * Lanes;   // floats of one complex vector in a table

    private static readonly Vector512<int> Even = Vector512.Create(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    private static readonly Vector512<int> Odd = Even + Vector512<int>.One;

    private readonly int _count;
    private readonly int[] _radices;    // after the first two passes
    private readonly Table _lanes;      // twiddles of the passes whose lanes differ
    private readonly Table _scalars;    // twiddles of the others: pairs
    private readonly Table _unpack;     // [M/32] complex vectors: exp(-pi i k / M) / 2

    public Fft512(int count)
    {
        _count = count;
        _radices = count == MinCount ? [] : Radices(count / 16);
        _lanes = new Table(count == MinCount ? FftTables.Of128() : FftTables.OfFirstPasses(count));
        _scalars = new Table(FftTables.Scalars(count / 16, _radices));
        _unpack = new Table(FftTables.OfUnpack(count));
    }

    public static bool IsSupported => Avx512F.IsSupported;

    /// <summary>As <see cref="FftPlan.Transform"/>.</summary>
    public void Transform(in FftInput input, float* scratch, float* first, float* second)
    {
        float* re = scratch, im = re + _count, otherRe = im + _count, otherIm = otherRe + _count;
        var source = input.Samples;
        var taper = input.Taper;
        if (input.Count < 2 * _count)
        {
            Pad(input, otherRe, 2 * _count);
            source = otherRe;
            taper = null;
        }
        if (_count == MinCount)
        {
            Transform128(source, input.Offset, taper, re, im);
        }
        else
        {
            First(source, input.Offset, taper, re, im);
            Second(re, im, otherRe, otherIm);
            var w = _scalars.At;
            var stride = Lanes;
            foreach (var radix in _radices)
            {
                float* fromRe = otherRe, fromIm = otherIm;
                otherRe = re;
                otherIm = im;
                re = fromRe;
                im = fromIm;
                var groups = _count / (stride * radix);
                if (radix == 8)
                    Radix8(re, im, otherRe, otherIm, w, groups, stride);
                else
                    Radix4(re, im, otherRe, otherIm, w, groups, stride);
                w += 2 * (radix - 1) * groups;
                stride *= radix;
            }
            re = otherRe;
            im = otherIm;
        }
        if (second == null)
            UnpackPower(re, im, first);
        else
            Unpack(re, im, first, second);
    }

    private static void Pad(in FftInput input, float* to, int length)
    {
        var i = 0;
        for (; i + Lanes <= input.Count; i += Lanes)
            Read(input.Samples + i, input.Offset, input.Taper == null ? null : input.Taper + i).Store(to + i);
        for (; i < input.Count; i++)
            to[i] = input[i];
        for (; i < length; i++)
            to[i] = 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Read(float* samples, float offset, float* taper) => taper == null
        ? Vector512.Load(samples)
        : (Vector512.Load(samples) - Vector512.Create(offset)) * Vector512.Load(taper);

    // Sixteen complex numbers from 32 samples: even ones are real parts.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Complex16 Read(float* samples, float offset, float* taper, int at)
    {
        var low = Read(samples + at, offset, taper == null ? null : taper + at);
        var high = Read(samples + at + Lanes, offset, taper == null ? null : taper + at + Lanes);
        return new Complex16(Avx512F.PermuteVar16x32x2(low, Even, high), Avx512F.PermuteVar16x32x2(low, Odd, high));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Complex16 Twiddle(float* table, int index) => Complex16.Load(table + index * Block, table + index * Block + Lanes);

    // n = 16 a + 4 b + c, k = d + 8 e + 32 f: an 8-point transform over a for every lane (b, c), then 4 over b, then 4 over c.
    private void Transform128(float* samples, float offset, float* taper, float* re, float* im)
    {
        var x0 = Read(samples, offset, taper, 0);
        var x1 = Read(samples, offset, taper, Block);
        var x2 = Read(samples, offset, taper, 2 * Block);
        var x3 = Read(samples, offset, taper, 3 * Block);
        var x4 = Read(samples, offset, taper, 4 * Block);
        var x5 = Read(samples, offset, taper, 5 * Block);
        var x6 = Read(samples, offset, taper, 6 * Block);
        var x7 = Read(samples, offset, taper, 7 * Block);
        Complex16.Dft8(ref x0, ref x1, ref x2, ref x3, ref x4, ref x5, ref x6, ref x7);
        x1 *= Twiddle(_lanes.At, 0);
        x2 *= Twiddle(_lanes.At, 1);
        x3 *= Twiddle(_lanes.At, 2);
        x4 *= Twiddle(_lanes.At, 3);
        x5 *= Twiddle(_lanes.At, 4);
        x6 *= Twiddle(_lanes.At, 5);
        x7 *= Twiddle(_lanes.At, 6);
        Dft16(ref x0, ref x1, ref x2, ref x3, _lanes.At + 7 * Block);
        Dft16(ref x4, ref x5, ref x6, ref x7, _lanes.At + 7 * Block);
        Interleave(x0, x4, re, im);
        Interleave(x1, x5, re + Block, im + Block);
        Interleave(x2, x6, re + 2 * Block, im + 2 * Block);
        Interleave(x3, x7, re + 3 * Block, im + 3 * Block);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Dft16(ref Complex16 x0, ref Complex16 x1, ref Complex16 x2, ref Complex16 x3, float* table)
    {
        Complex16.TransposeBlocks(ref x0, ref x1, ref x2, ref x3);
        Complex16.Dft4(ref x0, ref x1, ref x2, ref x3);
        x1 *= Twiddle(table, 0);
        x2 *= Twiddle(table, 1);
        x3 *= Twiddle(table, 2);
        Complex16.TransposeLanes(ref x0, ref x1, ref x2, ref x3);
        Complex16.Dft4(ref x0, ref x1, ref x2, ref x3);
    }

    // Lane 4 d + e of the first holds d, of the second d + 4, at k = d + 8 e: in order, 32 numbers.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Interleave(Complex16 a, Complex16 b, float* re, float* im)
    {
        var low = Vector512.Create(0, 4, 8, 12, 16, 20, 24, 28, 1, 5, 9, 13, 17, 21, 25, 29);
        var high = Vector512.Create(2, 6, 10, 14, 18, 22, 26, 30, 3, 7, 11, 15, 19, 23, 27, 31);
        Avx512F.PermuteVar16x32x2(a.Re, low, b.Re).Store(re);
        Avx512F.PermuteVar16x32x2(a.Re, high, b.Re).Store(re + Lanes);
        Avx512F.PermuteVar16x32x2(a.Im, low, b.Im).Store(im);
        Avx512F.PermuteVar16x32x2(a.Im, high, b.Im).Store(im + Lanes);
    }

    // Radix 4, stride 1. Leaves number (p, k), p = 16 B + 4 l + r, at 64 B + 16 r + 4 l + k, which costs half the shuffles of 4 p + k.
    private void First(float* samples, float offset, float* taper, float* re, float* im)
    {
        var leg = _count / 2;   // floats: two a complex sample, a quarter of them
        var w = _lanes.At;
        for (var at = 0; at < leg; at += Block, w += 3 * Block, re += 4 * Lanes, im += 4 * Lanes)
        {
            var x0 = Read(samples, offset, taper, at);
            var x1 = Read(samples, offset, taper, at + leg);
            var x2 = Read(samples, offset, taper, at + 2 * leg);
            var x3 = Read(samples, offset, taper, at + 3 * leg);
            Complex16.Dft4(ref x0, ref x1, ref x2, ref x3);
            x1 *= Twiddle(w, 0);
            x2 *= Twiddle(w, 1);
            x3 *= Twiddle(w, 2);
            Complex16.TransposeLanes(ref x0, ref x1, ref x2, ref x3);
            x0.Store(re, im);
            x1.Store(re + Lanes, im + Lanes);
            x2.Store(re + 2 * Lanes, im + 2 * Lanes);
            x3.Store(re + 3 * Lanes, im + 3 * Lanes);
        }
    }

    // Radix 4, stride 4: takes what First left and gives the natural order.
    private void Second(float* re, float* im, float* toRe, float* toIm)
    {
        var leg = _count / 4;
        var w = _lanes.At + 3 * Block * (_count / (4 * Lanes));
        for (var at = 0; at < leg; at += 4 * Lanes, toRe += 16 * Lanes, toIm += 16 * Lanes)
            for (var r = 0; r < 4; r++, w += 3 * Block)
            {
                float* ar = re + at + r * Lanes, ai = im + at + r * Lanes;
                var x0 = Complex16.Load(ar, ai);
                var x1 = Complex16.Load(ar + leg, ai + leg);
                var x2 = Complex16.Load(ar + 2 * leg, ai + 2 * leg);
                var x3 = Complex16.Load(ar + 3 * leg, ai + 3 * leg);
                Complex16.Dft4(ref x0, ref x1, ref x2, ref x3);
                x1 *= Twiddle(w, 0);
                x2 *= Twiddle(w, 1);
                x3 *= Twiddle(w, 2);
                Complex16.TransposeBlocks(ref x0, ref x1, ref x2, ref x3);
                float* br = toRe + r * Lanes, bi = toIm + r * Lanes;
                x0.Store(br, bi);
                x1.Store(br + 4 * Lanes, bi + 4 * Lanes);
                x2.Store(br + 8 * Lanes, bi + 8 * Lanes);
                x3.Store(br + 12 * Lanes, bi + 12 * Lanes);
            }
    }

    private static void Radix4(float* re, float* im, float* toRe, float* toIm, float* w, int groups, int stride)
    {
        var leg = groups * stride;
        for (var p = 0; p < groups; p++, w += 6, toRe += 3 * stride, toIm += 3 * stride)
            for (var q = 0; q < stride; q += Lanes, re += Lanes, im += Lanes, toRe += Lanes, toIm += Lanes)
            {
                var x0 = Complex16.Load(re, im);
                var x1 = Complex16.Load(re + leg, im + leg);
                var x2 = Complex16.Load(re + 2 * leg, im + 2 * leg);
                var x3 = Complex16.Load(re + 3 * leg, im + 3 * leg);
                Complex16.Dft4(ref x0, ref x1, ref x2, ref x3);
                if (groups > 1)
                {
                    x1 *= Complex16.Broadcast(w);
                    x2 *= Complex16.Broadcast(w + 2);
                    x3 *= Complex16.Broadcast(w + 4);
                }
                x0.Store(toRe, toIm);
                x1.Store(toRe + stride, toIm + stride);
                x2.Store(toRe + 2 * stride, toIm + 2 * stride);
                x3.Store(toRe + 3 * stride, toIm + 3 * stride);
            }
    }

    private static void Radix8(float* re, float* im, float* toRe, float* toIm, float* w, int groups, int stride)
    {
        var leg = groups * stride;
        for (var p = 0; p < groups; p++, w += 14, toRe += 7 * stride, toIm += 7 * stride)
            for (var q = 0; q < stride; q += Lanes, re += Lanes, im += Lanes, toRe += Lanes, toIm += Lanes)
            {
                var x0 = Complex16.Load(re, im);
                var x1 = Complex16.Load(re + leg, im + leg);
                var x2 = Complex16.Load(re + 2 * leg, im + 2 * leg);
                var x3 = Complex16.Load(re + 3 * leg, im + 3 * leg);
                var x4 = Complex16.Load(re + 4 * leg, im + 4 * leg);
                var x5 = Complex16.Load(re + 5 * leg, im + 5 * leg);
                var x6 = Complex16.Load(re + 6 * leg, im + 6 * leg);
                var x7 = Complex16.Load(re + 7 * leg, im + 7 * leg);
                Complex16.Dft8(ref x0, ref x1, ref x2, ref x3, ref x4, ref x5, ref x6, ref x7);
                if (groups > 1)
                {
                    x1 *= Complex16.Broadcast(w);
                    x2 *= Complex16.Broadcast(w + 2);
                    x3 *= Complex16.Broadcast(w + 4);
                    x4 *= Complex16.Broadcast(w + 6);
                    x5 *= Complex16.Broadcast(w + 8);
                    x6 *= Complex16.Broadcast(w + 10);
                    x7 *= Complex16.Broadcast(w + 12);
                }
                x0.Store(toRe, toIm);
                x1.Store(toRe + stride, toIm + stride);
                x2.Store(toRe + 2 * stride, toIm + 2 * stride);
                x3.Store(toRe + 3 * stride, toIm + 3 * stride);
                x4.Store(toRe + 4 * stride, toIm + 4 * stride);
                x5.Store(toRe + 5 * stride, toIm + 5 * stride);
                x6.Store(toRe + 6 * stride, toIm + 6 * stride);
                x7.Store(toRe + 7 * stride, toIm + 7 * stride);
            }
    }

    private void UnpackPower(float* re, float* im, float* power)
    {
        var m = _count;
        for (var k = 0; k < m / 2; k += Lanes)
        {
            var (low, high) = Pair(re, im, k);
            Vector512.FusedMultiplyAdd(low.Re, low.Re, low.Im * low.Im).Store(power + k);
            Reverse(Vector512.FusedMultiplyAdd(high.Re, high.Re, high.Im * high.Im)).Store(power + m - k - (Lanes - 1));
        }
        power[m / 2] = re[m / 2] * re[m / 2] + im[m / 2] * im[m / 2];
    }

    private void Unpack(float* re, float* im, float* real, float* imaginary)
    {
        var m = _count;
        for (var k = 0; k < m / 2; k += Lanes)
        {
            var (low, high) = Pair(re, im, k);
            low.Store(real + k, imaginary + k);
            new Complex16(Reverse(high.Re), Reverse(high.Im)).Store(real + m - k - (Lanes - 1), imaginary + m - k - (Lanes - 1));
        }
        (real[m / 2], imaginary[m / 2]) = (re[m / 2], -im[m / 2]);
    }

    // X[k] and X[M-k] for sixteen k, by the formula beside FftPlan.Unpack. Only aligned vectors are read, so that each comes straight from a
    // store; Z[M-k] is put together from two.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private (Complex16 Low, Complex16 High) Pair(float* re, float* im, int k)
    {
        int before = _count - k - Lanes, after = (_count - k) & (_count - 1);
        var a = Complex16.Load(re + k, im + k);
        var b = new Complex16(Mirror(re + before, re + after), Mirror(im + before, im + after));
        var half = Vector512.Create(0.5f);
        var even = new Complex16((a.Re + b.Re) * half, (a.Im - b.Im) * half);
        var odd = new Complex16(a.Im + b.Im, b.Re - a.Re) * Complex16.Load(_unpack.At + 2 * k, _unpack.At + 2 * k + Lanes);
        return (even + odd, new Complex16(even.Re - odd.Re, odd.Im - even.Im));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Mirror(float* before, float* after) => Avx512F.PermuteVar16x32x2(
        Vector512.Load(before), Vector512.Create(16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1), Vector512.Load(after));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Reverse(Vector512<float> v) =>
        Avx512F.PermuteVar16x32(v, Vector512.Create(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0));

    // Eights as far as they go, but not where they would leave a 2.
    private static int[] Radices(int count)
    {
        var radices = new List<int>();
        for (; count > 1; count /= radices[^1])
            radices.Add(count % 8 == 0 && count != 16 ? 8 : 4);
        return [.. radices];
    }

    /// <summary>Numbers that never move, from an address that is a multiple of 64.</summary>
    private readonly struct Table
    {
        private readonly float[] _pinned;
        public readonly float* At;

        public Table(IEnumerable<float> values)
        {
            float[] numbers = [.. values];
            _pinned = GC.AllocateArray<float>(numbers.Length + FftPlan.Alignment, pinned: true);
            At = FftPlan.Align((float*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_pinned)));
            numbers.CopyTo(new Span<float>(At, numbers.Length));
        }
    }
}
