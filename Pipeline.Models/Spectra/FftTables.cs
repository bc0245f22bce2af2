namespace Pipeline.Models.Spectra;

/// <summary>Twiddle factors, computed in double and rounded once.</summary>
internal static class FftTables
{
    /// <summary>Fewest complex points of a <see cref="VectorFft{T}"/>.</summary>
    public const int MinVectorCount = 128;

    /// <summary>exp(-2 pi i numerator / denominator).</summary>
    public static (float Cos, float Sin) Rotation(long numerator, int denominator)
    {
        var (sin, cos) = Math.SinCos(-2 * Math.PI * (numerator % denominator) / denominator);
        return ((float)cos, (float)sin);
    }

    /// <summary>
    /// For each pass, over transforms of <paramref name="count"/>, count / radix, ... points, and each p: w^(p k) for k = 1..radix-1, as
    /// pairs.
    /// </summary>
    public static float[] Scalars(int count, int[] radices)
    {
        var twiddles = new List<float>();
        for (var (length, pass) = (count, 0); pass < radices.Length; length /= radices[pass++])
            for (var p = 0; p < length / radices[pass]; p++)
                for (var k = 1; k < radices[pass]; k++)
                {
                    var (cos, sin) = Rotation(p * k, length);
                    twiddles.Add(cos);
                    twiddles.Add(sin);
                }
        return [.. twiddles];
    }

    /// <summary>For <see cref="Fft128"/>: 7 vectors of w128^(lane k), then 3 of w16^((lane mod 4) k).</summary>
    public static IEnumerable<float> Of128() =>
        Enumerable.Range(1, 7).SelectMany(k => Vector(lane => Rotation(lane * k, 128)))
            .Concat(Enumerable.Range(1, 3).SelectMany(k => Vector(lane => Rotation(lane % 4 * k, 16))));

    /// <summary>
    /// For the first two passes of <see cref="VectorFft{T}"/> in vectors of <paramref name="lanes"/>: per vector and k = 1..3, w^(p k).
    /// </summary>
    public static IEnumerable<float> OfFirstPasses(int count, int lanes)
    {
        var first =
            from block in Enumerable.Range(0, count / (4 * lanes))
            from k in Enumerable.Range(1, 3)
            from number in Vector(lane => Rotation(((long)lanes * block + lane) * k, count), lanes)
            select number;
        var second =
            from block in Enumerable.Range(0, count / (16 * lanes))
            from r in Enumerable.Range(0, 4)
            from k in Enumerable.Range(1, 3)
            from number in Vector(lane => Rotation(((long)lanes * block + lane / 4 * 4 + r) * k, count / 4), lanes)
            select number;
        return first.Concat(second);
    }

    /// <summary>-i exp(-pi i k / count) / 2 for k = 0..count/2 - 1, a vector of <paramref name="lanes"/> at a time.</summary>
    public static IEnumerable<float> OfUnpack(int count, int lanes) =>
        Enumerable.Range(0, count / (2 * lanes))
            .SelectMany(v => Vector(lane => Rotation(2 * (lanes * v + lane) + count, 4 * count), lanes)).Select(x => 0.5f * x);

    /// <summary>The real parts of all lanes, then the imaginary parts.</summary>
    private static IEnumerable<float> Vector(Func<int, (float Cos, float Sin)> number, int lanes = 16)
    {
        var numbers = Enumerable.Range(0, lanes).Select(number).ToArray();
        return numbers.Select(n => n.Cos).Concat(numbers.Select(n => n.Sin));
    }
}
