namespace Pipeline.Models.Spectra;

/// <summary>
/// The portable form, and that of fewer than 256 samples: a complex transform of <c>count</c> points, and the steps around it that make it
/// a real transform of twice as many. Immutable.
/// </summary>
internal sealed unsafe class FftPlan : IFftPlan
{
    /// <summary>Floats that <see cref="Align"/> may skip.</summary>
    public const int Alignment = 16;

    private readonly int _count;          // M = N/2 complex points, a power of two, 8 or more
    private readonly int[] _radices;      // product M
    private readonly float[] _twiddles;   // per pass and p: re, im of w^(p k), k = 1..radix-1
    private readonly float[] _unpack;     // [2 x M/2]: -sin, then cos, of pi k / M for k = 1..M/2

    public FftPlan(int count)
    {
        _count = count;
        _radices = Radices(count);
        _twiddles = FftTables.Scalars(count, _radices);
        var half = count / 2;
        _unpack = new float[2 * half];
        for (var k = 1; k <= half; k++)
            (_unpack[half + k - 1], _unpack[k - 1]) = FftTables.Rotation(k, 2 * count);
    }

    /// <summary>The first address in <paramref name="p"/> that is a multiple of 64 bytes.</summary>
    public static float* Align(float* p) => (float*)(((nint)p + 63) & ~63);

    public void Transform(in FftInput input, float* scratch, float* first, float* second)
    {
        var m = _count;
        float* re = scratch, im = re + m, otherRe = im + m, otherIm = otherRe + m;
        Load(input, re, im);
        fixed (float* twiddles = _twiddles)
        {
            var w = twiddles;
            var stride = 1;
            foreach (var radix in _radices)
            {
                var groups = m / (stride * radix);
                if (radix == 4)
                    FftPasses.Radix4(re, im, otherRe, otherIm, w, groups, stride);
                else
                    FftPasses.Radix2(re, im, otherRe, otherIm, w, groups, stride);
                float* doneRe = re, doneIm = im;
                re = otherRe;
                im = otherIm;
                otherRe = doneRe;
                otherIm = doneIm;
                w += 2 * (radix - 1) * groups;
                stride *= radix;
            }
        }
        fixed (float* unpack = _unpack)
            Unpack(re, im, unpack, first, second);
    }

    // Even samples are the real parts, odd ones the imaginary parts.
    private void Load(in FftInput input, float* re, float* im)
    {
        var pairs = input.Count / 2;
        for (var i = 0; i < pairs; i++)
            (re[i], im[i]) = (input[2 * i], input[2 * i + 1]);
        for (var i = pairs; i < _count; i++)
            (re[i], im[i]) = (0, 0);
        if (input.Count % 2 == 1)
            re[pairs] = input[input.Count - 1];
    }

    // Z = E + iO of even and odd samples: E[k] = (Z[k] + conj Z[M-k]) / 2, O[k] = (Z[k] - conj Z[M-k]) / 2i, X[k] = E[k] + w^k O[k],
    // X[M-k] = conj(E[k] - w^k O[k]), w = exp(-2 pi i / 2M).
    private void Unpack(float* re, float* im, float* unpack, float* first, float* second)
    {
        var m = _count;
        Put(first, second, 0, re[0] + im[0], 0);
        Put(first, second, m, re[0] - im[0], 0);
        for (var k = 1; k <= m / 2; k++)
        {
            float evenRe = 0.5f * (re[k] + re[m - k]), evenIm = 0.5f * (im[k] - im[m - k]);
            float oddRe = 0.5f * (im[k] + im[m - k]), oddIm = 0.5f * (re[m - k] - re[k]);
            float c = unpack[m / 2 + k - 1], s = unpack[k - 1];
            float turnedRe = c * oddRe - s * oddIm, turnedIm = c * oddIm + s * oddRe;
            Put(first, second, k, evenRe + turnedRe, evenIm + turnedIm);
            Put(first, second, m - k, evenRe - turnedRe, turnedIm - evenIm);
        }
    }

    private static void Put(float* first, float* second, int k, float re, float im)
    {
        if (second == null)
        {
            first[k] = re * re + im * im;
            return;
        }
        first[k] = re;
        second[k] = im;
    }

    private static int[] Radices(int count)
    {
        var radices = new List<int>();
        for (; count >= 4; count /= 4)
            radices.Add(4);
        if (count == 2)
            radices.Add(2);
        return [.. radices];
    }
}
