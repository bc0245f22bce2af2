namespace Pipeline.Tests.Graph;

/// <summary>The steps of a signal graph, each as its definition says, over whole streams in double.</summary>
internal static class Naive
{
    public static double[] FillMean(float[] samples, int window)
    {
        var filled = samples.Select(x => (double)x).ToArray();
        for (var i = 0; i < filled.Length; i++)
            if (double.IsNaN(filled[i]))
            {
                var present = samples[(i / window * window)..Math.Min(samples.Length, (i / window + 1) * window)].Where(x => !float.IsNaN(x)).ToArray();
                filled[i] = present.Length == 0 ? double.NaN : present.Average(x => (double)x);
            }
        return filled;
    }

    public static double[] Normalise(double[] samples, int window)
    {
        var normal = new double[samples.Length];
        for (var start = 0; start < samples.Length; start += window)
        {
            var end = Math.Min(samples.Length, start + window);
            var present = samples[start..end].Where(x => !double.IsNaN(x)).ToArray();
            var mean = present.Length == 0 ? double.NaN : present.Average();
            var deviation = present.Length == 0 ? double.NaN : Math.Sqrt(present.Average(x => (x - mean) * (x - mean)));
            for (var i = start; i < end; i++)
                normal[i] = double.IsNaN(samples[i]) ? double.NaN : deviation > 1e-6 * Math.Abs(mean) ? (samples[i] - mean) / deviation : 0;
        }
        return normal;
    }

    public static double[] Linear(double[] samples, int up, int down)
    {
        var output = new List<double>();
        for (long k = 0; k * down < (long)samples.Length * up; k++)
        {
            var (i, part) = ((int)(k * down / up), k * down % up / (double)up);
            var after = samples[Math.Min(i + 1, samples.Length - 1)];
            output.Add(part == 0 ? samples[i] : samples[i] + (after - samples[i]) * part);
        }
        return [.. output];
    }
}
