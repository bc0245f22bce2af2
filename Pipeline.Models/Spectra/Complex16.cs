using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Pipeline.Models.Spectra;

/// <summary>Sixteen complex numbers in two 512-bit registers: real parts, imaginary parts.</summary>
internal readonly unsafe struct Complex16(Vector512<float> re, Vector512<float> im)
{
    public readonly Vector512<float> Re = re;
    public readonly Vector512<float> Im = im;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Complex16 Load(float* re, float* im) => new(Vector512.Load(re), Vector512.Load(im));

    /// <summary>The same number in every lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Complex16 Broadcast(float* pair) => new(Vector512.Create(pair[0]), Vector512.Create(pair[1]));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(float* re, float* im)
    {
        Re.Store(re);
        Im.Store(im);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Complex16 operator +(Complex16 a, Complex16 b) => new(a.Re + b.Re, a.Im + b.Im);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Complex16 operator -(Complex16 a, Complex16 b) => new(a.Re - b.Re, a.Im - b.Im);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Complex16 operator *(Complex16 a, Complex16 w) => new(
        Avx512F.FusedMultiplySubtract(a.Re, w.Re, a.Im * w.Im), Vector512.FusedMultiplyAdd(a.Re, w.Im, a.Im * w.Re));

    /// <summary>a - i b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Complex16 MinusI(Complex16 a, Complex16 b) => new(a.Re + b.Im, a.Im - b.Re);

    /// <summary>a + i b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Complex16 PlusI(Complex16 a, Complex16 b) => new(a.Re - b.Im, a.Im + b.Re);

    /// <summary>Transform of four numbers lane by lane: (x0..x3) become (X0..X3).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Dft4(ref Complex16 x0, ref Complex16 x1, ref Complex16 x2, ref Complex16 x3)
    {
        Complex16 sum02 = x0 + x2, dif02 = x0 - x2, sum13 = x1 + x3, dif13 = x1 - x3;
        x0 = sum02 + sum13;
        x1 = MinusI(dif02, dif13);
        x2 = sum02 - sum13;
        x3 = PlusI(dif02, dif13);
    }

    /// <summary>Transform of eight numbers lane by lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Dft8(
        ref Complex16 x0, ref Complex16 x1, ref Complex16 x2, ref Complex16 x3,
        ref Complex16 x4, ref Complex16 x5, ref Complex16 x6, ref Complex16 x7)
    {
        Complex16 s04 = x0 + x4, d04 = x0 - x4, s26 = x2 + x6, d26 = x2 - x6;
        Complex16 s15 = x1 + x5, d15 = x1 - x5, s37 = x3 + x7, d37 = x3 - x7;
        Complex16 a0 = s04 + s26, a1 = s04 - s26, b0 = s15 + s37, b1 = s15 - s37;
        Complex16 c0 = MinusI(d04, d26), c1 = PlusI(d04, d26);
        Complex16 e0 = MinusI(d15, d37), e1 = PlusI(d15, d37);
        var h = Vector512.Create(0.70710678118654752f);
        // e0 by exp(-i pi/4), e1 by exp(-3 i pi/4)
        var f0 = new Complex16((e0.Re + e0.Im) * h, (e0.Im - e0.Re) * h);
        var f1 = new Complex16((e1.Im - e1.Re) * h, (e1.Re + e1.Im) * h);
        x0 = a0 + b0;
        x4 = a0 - b0;
        x2 = MinusI(a1, b1);
        x6 = PlusI(a1, b1);
        x1 = c0 + f0;
        x5 = c0 - f0;
        x3 = new Complex16(c1.Re + f1.Re, c1.Im - f1.Im);
        x7 = new Complex16(c1.Re - f1.Re, c1.Im + f1.Im);
    }

    /// <summary>Transposes the 4 x 4 blocks of 128 bits: block l of register k becomes block k of register l.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void TransposeBlocks(ref Complex16 x0, ref Complex16 x1, ref Complex16 x2, ref Complex16 x3)
    {
        var (r0, r1, r2, r3) = Blocks(x0.Re, x1.Re, x2.Re, x3.Re);
        var (i0, i1, i2, i3) = Blocks(x0.Im, x1.Im, x2.Im, x3.Im);
        x0 = new Complex16(r0, i0);
        x1 = new Complex16(r1, i1);
        x2 = new Complex16(r2, i2);
        x3 = new Complex16(r3, i3);
    }

    /// <summary>Transposes, in each block of 128 bits, 4 registers x 4 lanes: lane r of register k becomes lane k of register r.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void TransposeLanes(ref Complex16 x0, ref Complex16 x1, ref Complex16 x2, ref Complex16 x3)
    {
        var (r0, r1, r2, r3) = Lanes(x0.Re, x1.Re, x2.Re, x3.Re);
        var (i0, i1, i2, i3) = Lanes(x0.Im, x1.Im, x2.Im, x3.Im);
        x0 = new Complex16(r0, i0);
        x1 = new Complex16(r1, i1);
        x2 = new Complex16(r2, i2);
        x3 = new Complex16(r3, i3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector512<float>, Vector512<float>, Vector512<float>, Vector512<float>) Blocks(
        Vector512<float> a, Vector512<float> b, Vector512<float> c, Vector512<float> d)
    {
        Vector512<float> ab01 = Avx512F.Shuffle4x128(a, b, 0x44), ab23 = Avx512F.Shuffle4x128(a, b, 0xEE);
        Vector512<float> cd01 = Avx512F.Shuffle4x128(c, d, 0x44), cd23 = Avx512F.Shuffle4x128(c, d, 0xEE);
        return (Avx512F.Shuffle4x128(ab01, cd01, 0x88), Avx512F.Shuffle4x128(ab01, cd01, 0xDD),
            Avx512F.Shuffle4x128(ab23, cd23, 0x88), Avx512F.Shuffle4x128(ab23, cd23, 0xDD));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector512<float>, Vector512<float>, Vector512<float>, Vector512<float>) Lanes(
        Vector512<float> a, Vector512<float> b, Vector512<float> c, Vector512<float> d)
    {
        Vector512<double> abLow = Avx512F.UnpackLow(a, b).AsDouble(), abHigh = Avx512F.UnpackHigh(a, b).AsDouble();
        Vector512<double> cdLow = Avx512F.UnpackLow(c, d).AsDouble(), cdHigh = Avx512F.UnpackHigh(c, d).AsDouble();
        return (Avx512F.UnpackLow(abLow, cdLow).AsSingle(), Avx512F.UnpackHigh(abLow, cdLow).AsSingle(),
            Avx512F.UnpackLow(abHigh, cdHigh).AsSingle(), Avx512F.UnpackHigh(abHigh, cdHigh).AsSingle());
    }
}
