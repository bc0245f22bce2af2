namespace Pipeline.Models.Spectra;

/// <summary>
/// Some complex numbers side by side in two registers, real parts and imaginary parts; a block is four of them (128 bits of each register).
/// With it the passes of <see cref="VectorFft{T}"/> are written once for every width.
/// </summary>
internal unsafe interface IComplexLanes<T>
    where T : struct, IComplexLanes<T>
{
    /// <summary>Numbers in it; a multiple of 4.</summary>
    static abstract int Count { get; }

    /// <summary>Consecutive numbers from split memory.</summary>
    static abstract T Load(float* re, float* im);

    /// <summary>The pair at <paramref name="pair"/> in every lane.</summary>
    static abstract T Broadcast(float* pair);

    /// <summary>
    /// Consecutive numbers from 2 x count samples, less the offset, times the taper if there is one: even ones are real parts.
    /// </summary>
    static abstract T Read(float* samples, float offset, float* taper);

    void Store(float* re, float* im);

    static abstract T operator +(T a, T b);

    static abstract T operator -(T a, T b);

    static abstract T operator *(T a, T b);

    /// <summary>a - i b.</summary>
    static abstract T MinusI(T a, T b);

    /// <summary>a + i b.</summary>
    static abstract T PlusI(T a, T b);

    T Conjugate();

    T Half();

    /// <summary>Times exp(-i pi / 4).</summary>
    T TurnEighth();

    /// <summary>Lanes in the opposite order.</summary>
    T Reverse();

    /// <summary>Numbers [after, before + count - 1, ..., before + 1]: what mirrors a vector at the transform's length.</summary>
    static abstract T Mirror(float* beforeRe, float* beforeIm, float* afterRe, float* afterIm);

    /// <summary>Squares of the magnitudes.</summary>
    void StorePower(float* to);

    /// <summary>Transposes, in each block, 4 registers x 4 lanes: lane r of register k becomes lane k of register r.</summary>
    static abstract void TransposeLanes(ref T x0, ref T x1, ref T x2, ref T x3);

    /// <summary>Stores block l of the four registers, one after the other, at 64 l.</summary>
    static abstract void StoreBlocks(T x0, T x1, T x2, T x3, float* re, float* im);
}
