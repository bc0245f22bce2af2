using System.Runtime.CompilerServices;

namespace Pipeline.Models.Spectra;

/// <summary>
/// The transform of <see cref="FftPlan"/> with vectors from the first sample to the last bin: passes of radix 4 and 4, which put the lanes
/// in order on the way, then 8 and 4 with whole vectors. 128 points in vectors of sixteen stay in the registers (<see cref="Fft128"/>).
/// Tables and scratch are aligned to 64 bytes. Immutable.
/// </summary>
/// <typeparam name="T">The vectors.</typeparam>
internal sealed unsafe class VectorFft<T> : IFftPlan
    where T : struct, IComplexLanes<T>
{
    private readonly int _count;
    private readonly int[] _radices;      // after the first two passes
    private readonly FftTable _lanes;     // twiddles of the passes whose lanes differ
    private readonly FftTable _scalars;   // twiddles of the others: pairs
    private readonly FftTable _unpack;    // per vector: -i exp(-pi i k / M) / 2
    private readonly bool _inRegisters;

    /// <summary>For <paramref name="count"/> complex points, <see cref="FftTables.MinVectorCount"/> or more.</summary>
    public VectorFft(int count)
    {
        _count = count;
        _inRegisters = count == Fft128.Count && T.Count == 16;
        _radices = _inRegisters ? [] : Radices(count / 16);
        _lanes = new FftTable(_inRegisters ? FftTables.Of128() : FftTables.OfFirstPasses(count, T.Count));
        _scalars = new FftTable(FftTables.Scalars(count / 16, _radices));
        _unpack = new FftTable(FftTables.OfUnpack(count, T.Count));
    }

    private static int Block => 2 * T.Count;   // floats of one complex vector in a table

    public void Transform(in FftInput input, float* scratch, float* first, float* second)
    {
        float* here = scratch, there = scratch + 2 * _count;   // each [M] real and then [M] imaginary parts
        var source = input.Samples;
        var taper = input.Taper;
        if (input.Count < 2 * _count)
        {
            input.CopyTo(there, 2 * _count);
            source = there;
            taper = null;
        }
        if (_inRegisters)
        {
            Fft128.Transform(source, input.Offset, taper, _lanes.At, here, here + _count);
        }
        else
        {
            First(source, input.Offset, taper, here, here + _count);
            Second(here, here + _count, there, there + _count);
            here = Rest(there, here);
        }
        if (second == null)
            UnpackPower(here, here + _count, first);
        else
            Unpack(here, here + _count, first, second);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Read(float* samples, float offset, float* taper, int at) =>
        T.Read(samples + at, offset, taper == null ? null : taper + at);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Twiddle(float* table, int index) => T.Load(table + index * Block, table + index * Block + T.Count);

    // Radix 4, stride 1. Leaves number (p, k), p = n B + 4 l + r in vectors of n, at 4 n B + n r + 4 l + k: half the shuffles of 4 p + k.
    private void First(float* samples, float offset, float* taper, float* re, float* im)
    {
        var leg = _count / 2;   // floats: two a complex sample, a quarter of them
        var w = _lanes.At;
        for (var at = 0; at < leg; at += Block, w += 3 * Block, re += 4 * T.Count, im += 4 * T.Count)
        {
            var x0 = Read(samples, offset, taper, at);
            var x1 = Read(samples, offset, taper, at + leg);
            var x2 = Read(samples, offset, taper, at + 2 * leg);
            var x3 = Read(samples, offset, taper, at + 3 * leg);
            Butterflies.Dft4(ref x0, ref x1, ref x2, ref x3);
            x1 *= Twiddle(w, 0);
            x2 *= Twiddle(w, 1);
            x3 *= Twiddle(w, 2);
            T.TransposeLanes(ref x0, ref x1, ref x2, ref x3);
            x0.Store(re, im);
            x1.Store(re + T.Count, im + T.Count);
            x2.Store(re + 2 * T.Count, im + 2 * T.Count);
            x3.Store(re + 3 * T.Count, im + 3 * T.Count);
        }
    }

    // Radix 4, stride 4: takes what First left and gives the natural order.
    private void Second(float* re, float* im, float* toRe, float* toIm)
    {
        var leg = _count / 4;
        var w = _lanes.At + 3 * Block * (_count / (4 * T.Count));
        for (var at = 0; at < leg; at += 4 * T.Count, toRe += 16 * T.Count, toIm += 16 * T.Count)
            for (var r = 0; r < 4; r++, w += 3 * Block)
            {
                float* ar = re + at + r * T.Count, ai = im + at + r * T.Count;
                var x0 = T.Load(ar, ai);
                var x1 = T.Load(ar + leg, ai + leg);
                var x2 = T.Load(ar + 2 * leg, ai + 2 * leg);
                var x3 = T.Load(ar + 3 * leg, ai + 3 * leg);
                Butterflies.Dft4(ref x0, ref x1, ref x2, ref x3);
                x1 *= Twiddle(w, 0);
                x2 *= Twiddle(w, 1);
                x3 *= Twiddle(w, 2);
                T.StoreBlocks(x0, x1, x2, x3, toRe + 16 * r, toIm + 16 * r);
            }
    }

    // The other passes, to and fro, from stride 16 on; says where the result is.
    private float* Rest(float* here, float* there)
    {
        var w = _scalars.At;
        var stride = 16;
        foreach (var radix in _radices)
        {
            var groups = _count / (stride * radix);
            if (radix == 8)
                Radix8(here, here + _count, there, there + _count, w, groups, stride);
            else
                Radix4(here, here + _count, there, there + _count, w, groups, stride);
            var done = here;
            here = there;
            there = done;
            w += 2 * (radix - 1) * groups;
            stride *= radix;
        }
        return here;
    }

    private static void Radix4(float* re, float* im, float* toRe, float* toIm, float* w, int groups, int stride)
    {
        var leg = groups * stride;
        for (var p = 0; p < groups; p++, w += 6, toRe += 3 * stride, toIm += 3 * stride)
            for (var q = 0; q < stride; q += T.Count, re += T.Count, im += T.Count, toRe += T.Count, toIm += T.Count)
            {
                var x0 = T.Load(re, im);
                var x1 = T.Load(re + leg, im + leg);
                var x2 = T.Load(re + 2 * leg, im + 2 * leg);
                var x3 = T.Load(re + 3 * leg, im + 3 * leg);
                Butterflies.Dft4(ref x0, ref x1, ref x2, ref x3);
                if (groups > 1)
                {
                    x1 *= T.Broadcast(w);
                    x2 *= T.Broadcast(w + 2);
                    x3 *= T.Broadcast(w + 4);
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
            for (var q = 0; q < stride; q += T.Count, re += T.Count, im += T.Count, toRe += T.Count, toIm += T.Count)
            {
                var x0 = T.Load(re, im);
                var x1 = T.Load(re + leg, im + leg);
                var x2 = T.Load(re + 2 * leg, im + 2 * leg);
                var x3 = T.Load(re + 3 * leg, im + 3 * leg);
                var x4 = T.Load(re + 4 * leg, im + 4 * leg);
                var x5 = T.Load(re + 5 * leg, im + 5 * leg);
                var x6 = T.Load(re + 6 * leg, im + 6 * leg);
                var x7 = T.Load(re + 7 * leg, im + 7 * leg);
                Butterflies.Dft8(ref x0, ref x1, ref x2, ref x3, ref x4, ref x5, ref x6, ref x7);
                if (groups > 1)
                {
                    x1 *= T.Broadcast(w);
                    x2 *= T.Broadcast(w + 2);
                    x3 *= T.Broadcast(w + 4);
                    x4 *= T.Broadcast(w + 6);
                    x5 *= T.Broadcast(w + 8);
                    x6 *= T.Broadcast(w + 10);
                    x7 *= T.Broadcast(w + 12);
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
        for (var k = 0; k < m / 2; k += T.Count)
        {
            var (low, high) = Pair(re, im, k);
            low.StorePower(power + k);
            high.Reverse().StorePower(power + m - k - (T.Count - 1));
        }
        power[m / 2] = re[m / 2] * re[m / 2] + im[m / 2] * im[m / 2];
    }

    private void Unpack(float* re, float* im, float* real, float* imaginary)
    {
        var m = _count;
        for (var k = 0; k < m / 2; k += T.Count)
        {
            var (low, high) = Pair(re, im, k);
            low.Store(real + k, imaginary + k);
            high.Conjugate().Reverse().Store(real + m - k - (T.Count - 1), imaginary + m - k - (T.Count - 1));
        }
        (real[m / 2], imaginary[m / 2]) = (re[m / 2], -im[m / 2]);
    }

    // X[k] and the conjugate of X[M-k] for a vector of k, by the formula beside FftPlan.Unpack. Only aligned vectors are read, so that each
    // comes straight from a store; Z[M-k] is put together from two.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private (T Low, T High) Pair(float* re, float* im, int k)
    {
        int before = _count - k - T.Count, after = (_count - k) & (_count - 1);
        var a = T.Load(re + k, im + k);
        var b = T.Mirror(re + before, im + before, re + after, im + after).Conjugate();
        var even = (a + b).Half();
        var odd = (a - b) * T.Load(_unpack.At + 2 * k, _unpack.At + 2 * k + T.Count);
        return (even + odd, even - odd);
    }

    // Eights as far as they go, but not where they would leave a 2.
    private static int[] Radices(int count)
    {
        var radices = new List<int>();
        for (; count > 1; count /= radices[^1])
            radices.Add(count % 8 == 0 && count != 16 ? 8 : 4);
        return [.. radices];
    }
}
