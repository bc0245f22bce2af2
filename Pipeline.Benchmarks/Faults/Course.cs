namespace Pipeline.Benchmarks.Faults;

/// <summary>A quantity over the time of a session: a value each second, straight lines between them.</summary>
internal sealed class Course
{
    private const int SmoothSeconds = 3;     // on either side

    private readonly double[] _values;

    private Course(double[] values) => _values = values;

    /// <summary>The value at a time; before the first and after the last second it stays.</summary>
    public double At(double seconds)
    {
        var at = Math.Clamp(seconds, 0, _values.Length - 1.0);
        var before = Math.Min((int)at, _values.Length - 2);
        return _values[before] + (at - before) * (_values[before + 1] - _values[before]);
    }

    /// <summary>Lines through points in ascending time, their corners rounded over 6 s.</summary>
    public static Course Through(double seconds, params ReadOnlySpan<(double Time, double Value)> points)
    {
        var lines = new double[Count(seconds)];
        for (int i = 0, next = 1; i < lines.Length; i++)
        {
            while (next < points.Length - 1 && points[next].Time < i)
                next++;
            var ((t0, v0), (t1, v1)) = (points[next - 1], points[next]);
            lines[i] = v0 + (v1 - v0) * Math.Clamp((i - t0) / Math.Max(1e-9, t1 - t0), 0, 1);
        }
        var smooth = new double[lines.Length];
        for (var i = 0; i < smooth.Length; i++)
            for (var j = -SmoothSeconds; j <= SmoothSeconds; j++)
                smooth[i] += lines[Math.Clamp(i + j, 0, lines.Length - 1)] / (2 * SmoothSeconds + 1);
        return new Course(smooth);
    }

    /// <summary>Slow noise: of standard deviation <paramref name="deviation"/>, forgotten within <paramref name="memory"/> seconds.</summary>
    public static Course Wander(double seconds, double deviation, double memory, Random random)
    {
        var values = new double[Count(seconds)];
        var kept = Math.Exp(-1 / memory);
        values[0] = deviation * Normal(random);
        for (var i = 1; i < values.Length; i++)
            values[i] = kept * values[i - 1] + Math.Sqrt(1 - kept * kept) * deviation * Normal(random);
        return new Course(values);
    }

    /// <summary>The sum, held between two bounds.</summary>
    public Course Plus(Course other, double least = double.NegativeInfinity, double most = double.PositiveInfinity)
    {
        var values = new double[_values.Length];
        for (var i = 0; i < values.Length; i++)
            values[i] = Math.Clamp(_values[i] + other.At(i), least, most);
        return new Course(values);
    }

    /// <summary>A standard normal number.</summary>
    public static double Normal(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());

    private static int Count(double seconds) => Math.Max(2, (int)Math.Ceiling(seconds) + 2);
}
