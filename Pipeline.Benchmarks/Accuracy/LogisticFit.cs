using System.Numerics;

namespace Pipeline.Benchmarks.Accuracy;

/// <summary>A weighted example of a logistic regression; <paramref name="Group"/> is left out together.</summary>
internal readonly record struct LogisticRow(float[] Features, bool IsBeat, float Weight, int Group);

/// <summary>Logistic regression by Newton's method with a small ridge, on rows of which the plain ones are thinned and weighted up.</summary>
internal static class LogisticFit
{
    private const double Ridge = 3;
    private const int Sampled = 7;
    private const int Thinned = 10;
    private const double PlainLogOdds = 3;

    /// <summary>Weights without each group, and last those of all rows.</summary>
    public static float[][] Solve(List<LogisticRow> rows, int count, int groups)
    {
        var weights = new double[count];
        Improve([.. rows.Where((_, i) => i % Sampled == 0).Select(r => r with { Weight = r.Weight * Sampled })], weights, -1, 9);
        var kept = new List<LogisticRow>();
        var plain = 0;
        foreach (var row in rows)
        {
            var odds = Dot(weights, row.Features);
            if ((row.IsBeat ? odds : -odds) <= PlainLogOdds)
                kept.Add(row);
            else if (plain++ % Thinned == 0)
                kept.Add(row with { Weight = row.Weight * Thinned });
        }
        Improve(kept, weights, -1, 3);
        var solved = new float[groups + 1][];
        for (var group = 0; group < groups; group++)
        {
            double[] own = [.. weights];
            Improve(kept, own, group, 3);
            solved[group] = Array.ConvertAll(own, w => (float)w);
        }
        solved[groups] = Array.ConvertAll(weights, w => (float)w);
        return solved;
    }

    private static double Dot(double[] weights, float[] features)
    {
        double sum = 0;
        for (var k = 0; k < features.Length; k++)
            sum += weights[k] * features[k];
        return sum;
    }

    /// <summary>Improves <paramref name="weights"/> in Newton steps over all rows but those of a group; in place.</summary>
    public static void Improve(List<LogisticRow> rows, double[] weights, int without, int rounds)
    {
        var count = weights.Length;
        var stride = (count + Vector<double>.Count - 1) / Vector<double>.Count * Vector<double>.Count;
        var curvature = new double[count * stride];
        var slope = new double[count];
        var x = new double[stride];
        for (var round = 0; round < rounds; round++)
        {
            Array.Clear(curvature);
            Array.Clear(slope);
            foreach (var row in rows)
                if (row.Group != without)
                    Add(row, weights, curvature, slope, x, stride);
            for (var k = 0; k < count; k++)
            {
                curvature[k * stride + k] += Ridge;
                slope[k] -= Ridge * weights[k];
            }
            var step = SolveSymmetric(curvature, slope, stride);
            for (var k = 0; k < count; k++)
                weights[k] += Math.Clamp(step[k], -3, 3);
            if (step.Max(Math.Abs) < 0.02)
                return;
        }
    }

    private static void Add(LogisticRow row, double[] weights, double[] curvature, double[] slope, double[] x, int stride)
    {
        for (var k = 0; k < weights.Length; k++)
            x[k] = row.Features[k];
        var probability = 1 / (1 + Math.Exp(-Dot(weights, row.Features)));
        var error = row.Weight * ((row.IsBeat ? 1 : 0) - probability);
        var bend = row.Weight * Math.Max(probability * (1 - probability), 1e-5);
        for (var k = 0; k < weights.Length; k++)
        {
            slope[k] += error * x[k];
            if (x[k] == 0)
                continue;
            var factor = new Vector<double>(bend * x[k]);
            var line = curvature.AsSpan(k * stride, stride);
            for (var j = k / Vector<double>.Count * Vector<double>.Count; j < stride; j += Vector<double>.Count)
                (new Vector<double>(line[j..]) + factor * new Vector<double>(x, j)).CopyTo(line[j..]);
        }
    }

    /// <summary>Gaussian elimination of the symmetric, positive matrix whose upper triangle stands in <paramref name="matrix"/> [n x stride].</summary>
    private static double[] SolveSymmetric(double[] matrix, double[] right, int stride)
    {
        var n = right.Length;
        double[] m = [.. matrix], y = [.. right];
        for (var i = 0; i < n; i++)
            for (var j = 0; j < i; j++)
                m[i * stride + j] = m[j * stride + i];
        for (var i = 0; i < n; i++)
            for (var k = i + 1; k < n; k++)
            {
                var factor = m[k * stride + i] / m[i * stride + i];
                for (var j = i; j < n; j++)
                    m[k * stride + j] -= factor * m[i * stride + j];
                y[k] -= factor * y[i];
            }
        for (var i = n - 1; i >= 0; i--)
        {
            for (var j = i + 1; j < n; j++)
                y[i] -= m[i * stride + j] * y[j];
            y[i] /= m[i * stride + i];
        }
        return y;
    }
}
