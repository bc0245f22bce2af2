using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Pipeline.Models.Spectra;

/// <summary>Sixteen complex numbers in two 512-bit registers; needs AVX-512.</summary>
internal readonly unsafe struct Complex16(Vector512<float> re, Vector512<float> im) : IComplexLanes<Complex16>
{
    public readonly Vector512<float> Re = re;
    public readonly Vector512<float> Im = im;

    public static bool IsSupported => Avx512F.IsSupported;

    public static int Count => 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Complex16 Load(float* re, float* im) => new(Vector512.Load(re), Vector512.Load(im));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Complex16 Broadcast(float* pair) => new(Vector512.Create(pair[0]), Vector512.Create(pair[1]));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Complex16 Read(float* samples, float offset, float* taper)
    {
        Vector512<float> low = Vector512.Load(samples), high = Vector512.Load(samples + 16);
        if (taper != null)
        {
            low = (low - Vector512.Create(offset)) * Vector512.Load(taper);
            high = (high - Vector512.Create(offset)) * Vector512.Load(taper + 16);
        }
        var even = Vector512.Create(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
        var odd = Vector512.Create(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
        return new Complex16(Avx512F.PermuteVar16x32x2(low, even, high), Avx512F.PermuteVar16x32x2(low, odd, high));
    }

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
    public static Complex16 operator *(Complex16 a, Complex16 b) => new(
        Avx512F.FusedMultiplySubtract(a.Re, b.Re, a.Im * b.Im), Avx512F.FusedMultiplyAdd(a.Re, b.Im, a.Im * b.Re));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Complex16 MinusI(Complex16 a, Complex16 b) => new(a.Re + b.Im, a.Im - b.Re);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Complex16 PlusI(Complex16 a, Complex16 b) => new(a.Re - b.Im, a.Im + b.Re);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Complex16 Conjugate() => new(Re, -Im);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Complex16 Half() => new(Re * 0.5f, Im * 0.5f);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Complex16 TurnEighth() => new((Re + Im) * 0.70710678118654752f, (Im - Re) * 0.70710678118654752f);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Complex16 Reverse()
    {
        var order = Vector512.Create(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
        return new Complex16(Avx512F.PermuteVar16x32(Re, order), Avx512F.PermuteVar16x32(Im, order));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Complex16 Mirror(float* beforeRe, float* beforeIm, float* afterRe, float* afterIm)
    {
        var order = Vector512.Create(16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1);
        return new Complex16(
            Avx512F.PermuteVar16x32x2(Vector512.Load(beforeRe), order, Vector512.Load(afterRe)),
            Avx512F.PermuteVar16x32x2(Vector512.Load(beforeIm), order, Vector512.Load(afterIm)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void StorePower(float* to) => Avx512F.FusedMultiplyAdd(Re, Re, Im * Im).Store(to);

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

    /// <summary>Transposes the 4 x 4 blocks: block l of register k becomes block k of register l.</summary>
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

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreBlocks(Complex16 x0, Complex16 x1, Complex16 x2, Complex16 x3, float* re, float* im)
    {
        TransposeBlocks(ref x0, ref x1, ref x2, ref x3);
        x0.Store(re, im);
        x1.Store(re + 64, im + 64);
        x2.Store(re + 128, im + 128);
        x3.Store(re + 192, im + 192);
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
