using System.Runtime.CompilerServices;

namespace Pipeline.Models.Spectra;

/// <summary>Transforms of four and eight numbers, lane by lane, in place and in order.</summary>
internal static class Butterflies
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Dft4<T>(ref T x0, ref T x1, ref T x2, ref T x3)
        where T : struct, IComplexLanes<T>
    {
        T sum02 = x0 + x2, dif02 = x0 - x2, sum13 = x1 + x3, dif13 = x1 - x3;
        x0 = sum02 + sum13;
        x1 = T.MinusI(dif02, dif13);
        x2 = sum02 - sum13;
        x3 = T.PlusI(dif02, dif13);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Dft8<T>(ref T x0, ref T x1, ref T x2, ref T x3, ref T x4, ref T x5, ref T x6, ref T x7)
        where T : struct, IComplexLanes<T>
    {
        T s04 = x0 + x4, d04 = x0 - x4, s26 = x2 + x6, d26 = x2 - x6;
        T s15 = x1 + x5, d15 = x1 - x5, s37 = x3 + x7, d37 = x3 - x7;
        T a0 = s04 + s26, a1 = s04 - s26, b0 = s15 + s37, b1 = s15 - s37;
        T c0 = T.MinusI(d04, d26), c1 = T.PlusI(d04, d26);
        T e0 = T.MinusI(d15, d37).TurnEighth(), e1 = T.PlusI(d15, d37).TurnEighth();
        x0 = a0 + b0;
        x1 = c0 + e0;
        x2 = T.MinusI(a1, b1);
        x3 = T.MinusI(c1, e1);
        x4 = a0 - b0;
        x5 = c0 - e0;
        x6 = T.PlusI(a1, b1);
        x7 = T.PlusI(c1, e1);
    }
}
