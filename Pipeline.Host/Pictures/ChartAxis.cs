using System.Globalization;

namespace Pipeline.Host.Pictures;

/// <summary>An axis of a picture: what it shows, from where to where, and its ticks.</summary>
/// <param name="Low">The value at its beginning.</param>
/// <param name="High">The value at its end; greater than <paramref name="Low"/>.</param>
/// <param name="Label">Its label; null: none.</param>
/// <param name="Ticks">Values with a tick and a number, with their text.</param>
/// <param name="HasGrid">Whether a line runs through the picture at each tick.</param>
/// <param name="IsLogarithmic">Whether equal distances are equal ratios; both ends are positive then.</param>
internal sealed record ChartAxis(
    double Low, double High, string? Label = null, IReadOnlyList<(double Value, string Text)>? Ticks = null, bool HasGrid = true, bool IsLogarithmic = false)
{
    private static readonly double[] Steps = [1, 2, 2.5, 5, 10];
    private static readonly double[] LogarithmicTicks = [0.1, 0.2, 0.3, 0.5, 1, 2, 3, 5, 10, 20, 30, 50, 100];

    /// <summary>An axis with ticks at round numbers.</summary>
    /// <param name="low">The value at its beginning.</param>
    /// <param name="high">The value at its end.</param>
    /// <param name="label">Its label; null: none.</param>
    /// <param name="about">About so many ticks.</param>
    /// <param name="hasGrid">Whether a line runs through the picture at each tick.</param>
    public static ChartAxis Of(double low, double high, string? label, int about = 6, bool hasGrid = true) =>
        new(low, high, label, [.. RoundValues(low, high, about).Select(value => (value, Text(value)))], hasGrid);

    /// <summary>A logarithmic axis, with ticks at 1, 2, 3 and 5 times a power of ten.</summary>
    public static ChartAxis Logarithmic(double low, double high, string label) =>
        new(low, high, label, [.. LogarithmicTicks.Where(t => t >= low && t <= high).Select(t => (t, Text(t)))], IsLogarithmic: true);

    /// <summary>An axis without ticks.</summary>
    public static ChartAxis Bare(double low, double high) => new(low, high, null, [], HasGrid: false);

    /// <summary>Where a value lies in ScottPlot's own coordinates, which are linear.</summary>
    public double At(double value) => IsLogarithmic ? Math.Log10(value) : value;

    /// <summary>Where a value lies between the ends: 0 to 1.</summary>
    public double Fraction(double value) => (At(value) - At(Low)) / (At(High) - At(Low));

    /// <summary>Round numbers from <paramref name="low"/> to <paramref name="high"/>, evenly spaced: 1, 2, 2.5 or 5 times a power of ten apart.</summary>
    public static IEnumerable<double> RoundValues(double low, double high, int about)
    {
        var raw = (high - low) / about;
        var power = Math.Pow(10, Math.Floor(Math.Log10(raw)));
        var step = power * Steps.First(s => s * power >= raw * (1 - 1e-9));
        for (var i = (long)Math.Ceiling(low / step - 1e-9); i * step <= high + 1e-9 * step; i++)
            yield return i * step;
    }

    private static string Text(double value) => Math.Round(value, 9).ToString("0.###", CultureInfo.InvariantCulture).Replace('-', '−');
}
