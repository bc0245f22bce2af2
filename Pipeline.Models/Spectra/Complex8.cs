using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Pipeline.Models.Spectra;

/// <summary>Eight complex numbers in two 256-bit registers; needs AVX2 and FMA.</summary>
internal readonly unsafe struct Complex8(Vector256<float> re, Vector256<float> im) : IComplexLanes<Complex8>
{
    public readonly Vector256<float> Re = re;
    public readonly Vector256<float> Im = im;

    public static bool IsSupported => Avx2.IsSupported && Fma.IsSupported;

    public static int Count => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Complex8 Load(float* re, float* im) => new(Vector256.Load(re), Vector256.Load(im));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Complex8 Broadcast(float* pair) => new(Vector256.Create(pair[0]), Vector256.Create(pair[1]));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Complex8 Read(float* samples, float offset, float* taper)
    {
        Vector256<float> low = Vector256.Load(samples), high = Vector256.Load(samples + 8);
        if (taper != null)
        {
            low = (low - Vector256.Create(offset)) * Vector256.Load(taper);
            high = (high - Vector256.Create(offset)) * Vector256.Load(taper + 8);
        }
        // The shuffles leave pairs in the order 0 2 1 3 of 64-bit quarters.
        return new Complex8(InOrder(Avx.Shuffle(low, high, 0b10_00_10_00)), InOrder(Avx.Shuffle(low, high, 0b11_01_11_01)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(float* re, float* im)
    {
        Re.Store(re);
        Im.Store(im);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Complex8 operator +(Complex8 a, Complex8 b) => new(a.Re + b.Re, a.Im + b.Im);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Complex8 operator -(Complex8 a, Complex8 b) => new(a.Re - b.Re, a.Im - b.Im);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Complex8 operator *(Complex8 a, Complex8 b) => new(
        Fma.MultiplySubtract(a.Re, b.Re, a.Im * b.Im), Fma.MultiplyAdd(a.Re, b.Im, a.Im * b.Re));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Complex8 MinusI(Complex8 a, Complex8 b) => new(a.Re + b.Im, a.Im - b.Re);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Complex8 PlusI(Complex8 a, Complex8 b) => new(a.Re - b.Im, a.Im + b.Re);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Complex8 Conjugate() => new(Re, -Im);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Complex8 Half() => new(Re * 0.5f, Im * 0.5f);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Complex8 TurnEighth() => new((Re + Im) * 0.70710678118654752f, (Im - Re) * 0.70710678118654752f);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Complex8 Reverse()
    {
        var order = Vector256.Create(7, 6, 5, 4, 3, 2, 1, 0);
        return new Complex8(Avx2.PermuteVar8x32(Re, order), Avx2.PermuteVar8x32(Im, order));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Complex8 Mirror(float* beforeRe, float* beforeIm, float* afterRe, float* afterIm)
    {
        var order = Vector256.Create(0, 7, 6, 5, 4, 3, 2, 1);
        return new Complex8(
            Avx2.PermuteVar8x32(Avx.Blend(Vector256.Load(beforeRe), Vector256.Load(afterRe), 1), order),
            Avx2.PermuteVar8x32(Avx.Blend(Vector256.Load(beforeIm), Vector256.Load(afterIm), 1), order));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void StorePower(float* to) => Fma.MultiplyAdd(Re, Re, Im * Im).Store(to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void TransposeLanes(ref Complex8 x0, ref Complex8 x1, ref Complex8 x2, ref Complex8 x3)
    {
        var (r0, r1, r2, r3) = Lanes(x0.Re, x1.Re, x2.Re, x3.Re);
        var (i0, i1, i2, i3) = Lanes(x0.Im, x1.Im, x2.Im, x3.Im);
        x0 = new Complex8(r0, i0);
        x1 = new Complex8(r1, i1);
        x2 = new Complex8(r2, i2);
        x3 = new Complex8(r3, i3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreBlocks(Complex8 x0, Complex8 x1, Complex8 x2, Complex8 x3, float* re, float* im)
    {
        StoreBlocks(x0.Re, x1.Re, x2.Re, x3.Re, re);
        StoreBlocks(x0.Im, x1.Im, x2.Im, x3.Im, im);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreBlocks(Vector256<float> a, Vector256<float> b, Vector256<float> c, Vector256<float> d, float* to)
    {
        Avx.Permute2x128(a, b, 0x20).Store(to);
        Avx.Permute2x128(c, d, 0x20).Store(to + 8);
        Avx.Permute2x128(a, b, 0x31).Store(to + 64);
        Avx.Permute2x128(c, d, 0x31).Store(to + 72);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> InOrder(Vector256<float> v) => Avx2.Permute4x64(v.AsDouble(), 0b11_01_10_00).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector256<float>, Vector256<float>, Vector256<float>, Vector256<float>) Lanes(
        Vector256<float> a, Vector256<float> b, Vector256<float> c, Vector256<float> d)
    {
        Vector256<double> abLow = Avx.UnpackLow(a, b).AsDouble(), abHigh = Avx.UnpackHigh(a, b).AsDouble();
        Vector256<double> cdLow = Avx.UnpackLow(c, d).AsDouble(), cdHigh = Avx.UnpackHigh(c, d).AsDouble();
        return (Avx.UnpackLow(abLow, cdLow).AsSingle(), Avx.UnpackHigh(abLow, cdLow).AsSingle(),
            Avx.UnpackLow(abHigh, cdHigh).AsSingle(), Avx.UnpackHigh(abHigh, cdHigh).AsSingle());
    }
}
