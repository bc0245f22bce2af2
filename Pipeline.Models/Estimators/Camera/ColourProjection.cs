using System.Numerics.Tensors;

namespace Pipeline.Models.Estimators.Camera;

/// <summary>How a face's red, green and blue become one trace of the pulse.</summary>
internal enum ColourMethod
{
    /// <summary>Plane orthogonal to the skin's tone (Wang et al. 2017, https://doi.org/10.1109/TBME.2016.2609282).</summary>
    Pos,

    /// <summary>Chrominance (de Haan and Jeanne 2013, https://doi.org/10.1109/TBME.2013.2266196).</summary>
    Chrom,

    /// <summary>Green less red, each over its mean: changes of the light's strength cancel.</summary>
    GreenLessRed,

    /// <summary>Green less blue, the same.</summary>
    GreenLessBlue,

    /// <summary>Green over its mean (Verkruysse et al. 2008, https://doi.org/10.1364/OE.16.021434).</summary>
    Green,
}

/// <summary>
/// Projects colours onto the pulse, in stretches of <see cref="StretchSeconds"/> that overlap and begin at fixed places of the stream: each
/// colour over the stretch's mean, so that neither skin nor lamp enters, two combinations in which changes of the light's strength cancel,
/// and the second scaled to the first, so that what is left of movement cancels, too. The stretches are added up; one that moves far more
/// than the others (a movement, a lamp) is scaled down. A sample is the same in every window that holds all of its stretches.
/// </summary>
internal static class ColourProjection
{
    /// <summary>Length of a stretch: more than one beat of a slow heart.</summary>
    public const double StretchSeconds = 1.6;

    private const int StepsInStretch = 8;
    private const float MostMovement = 2;       // times the median of the stretches' deviations
    private const int MostStretches = 256;

    /// <summary>Samples of a stretch.</summary>
    public static int StretchOf(double rateHz) => Math.Max(StepsInStretch, (int)Math.Round(StretchSeconds * rateHz));

    /// <summary>
    /// Writes the trace of a window whose first sample is <paramref name="start"/> of the stream. <paramref name="colours"/>: red, green
    /// and blue, each as long as the <paramref name="trace"/>, none missing, means above 0. The trace is less sure in its first and last
    /// stretch.
    /// </summary>
    public static void Make(ColourMethod method, ReadOnlySpan<float> colours, long start, double rateHz, Span<float> trace)
    {
        var length = Math.Min(StretchOf(rateHz), trace.Length);
        var step = Math.Max(1, length / StepsInStretch);
        Span<float> first = stackalloc float[length], second = stackalloc float[length];
        Span<float> deviations = stackalloc float[MostStretches], sorted = stackalloc float[MostStretches];
        Span<float> weights = stackalloc float[trace.Length];
        var begin = (int)((step - start % step) % step);
        begin = begin + length > trace.Length ? 0 : begin;
        var count = Math.Min(MostStretches, (trace.Length - length) / step + 1);
        count -= begin + (count - 1) * step + length > trace.Length ? 1 : 0;
        for (var s = 0; s < count; s++)
            deviations[s] = Project(method, colours, begin + s * step, first, second);
        deviations[..count].CopyTo(sorted);
        sorted[..count].Sort();
        var most = MostMovement * sorted[count / 2];
        trace.Clear();
        weights.Clear();
        for (var s = 0; s < count; s++)
        {
            var at = begin + s * step;
            Project(method, colours, at, first, second);
            var scale = deviations[s] > most ? most / deviations[s] : 1;
            TensorPrimitives.MultiplyAdd(first, scale, trace.Slice(at, length), trace.Slice(at, length));
            TensorPrimitives.Add(weights.Slice(at, length), 1, weights.Slice(at, length));
        }
        for (var i = 0; i < trace.Length; i++)
            trace[i] = weights[i] > 0 ? trace[i] / weights[i] : 0;
    }

    /// <summary>The trace of one stretch, without its mean, in <paramref name="first"/>; answers its deviation.</summary>
    private static float Project(ColourMethod method, ReadOnlySpan<float> colours, int at, Span<float> first, Span<float> second)
    {
        var (length, window) = (first.Length, colours.Length / 3);
        var r = colours.Slice(at, length);
        var g = colours.Slice(window + at, length);
        var b = colours.Slice(2 * window + at, length);
        var (perRed, perGreen, perBlue) = (length / TensorPrimitives.Sum(r), length / TensorPrimitives.Sum(g), length / TensorPrimitives.Sum(b));
        for (var i = 0; i < length; i++)
        {
            var (redPart, greenPart, bluePart) = (r[i] * perRed - 1, g[i] * perGreen - 1, b[i] * perBlue - 1);
            (first[i], second[i]) = method switch
            {
                ColourMethod.Pos => (greenPart - bluePart, greenPart + bluePart - 2 * redPart),
                ColourMethod.Chrom => (2 * greenPart - 3 * redPart, 1.5f * (redPart - bluePart) + greenPart),
                ColourMethod.GreenLessRed => (greenPart - redPart, 0),
                ColourMethod.GreenLessBlue => (greenPart - bluePart, 0),
                _ => (greenPart, 0),
            };
        }
        var deviation = Deviation(first);
        if (method is ColourMethod.Pos or ColourMethod.Chrom && Deviation(second) is > 0 and var other)
            TensorPrimitives.MultiplyAdd(second, deviation / other, first, first);
        return Deviation(first);
    }

    /// <summary>Standard deviation of samples whose mean is about 0; takes it away.</summary>
    private static float Deviation(Span<float> samples)
    {
        TensorPrimitives.Subtract(samples, TensorPrimitives.Sum<float>(samples) / samples.Length, samples);
        return MathF.Sqrt(TensorPrimitives.SumOfSquares<float>(samples) / samples.Length);
    }
}
