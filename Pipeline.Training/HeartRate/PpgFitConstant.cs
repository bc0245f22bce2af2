using System.Globalization;
using Pipeline.Models.Estimators.Ppg;

namespace Pipeline.Training.HeartRate;

/// <summary>
/// One of the numbers of <see cref="PpgConstants"/> that are fitted: where the search starts, and how far it first steps.
/// </summary>
/// <param name="Name">Name of the property.</param>
/// <param name="Start">Round number to start from.</param>
/// <param name="Step">Factor of the first step.</param>
/// <param name="Get">Reads it.</param>
/// <param name="With">The constants with another value.</param>
internal sealed record PpgFitConstant(
    string Name, double Start, double Step, Func<PpgConstants, double> Get, Func<PpgConstants, double, PpgConstants> With)
{
    public static readonly PpgFitConstant[] All =
    [
        new("MeanPower", 1, 1.3, c => c.MeanPower, (c, v) => c with { MeanPower = (float)v }),
        new("TwicePower", 0.5, 1.4, c => c.TwicePower, (c, v) => c with { TwicePower = (float)v }),
        new("CleanPower", 1, 1.4, c => c.CleanPower, (c, v) => c with { CleanPower = (float)v }),
        new("HalfPower", 0.1, 1.5, c => c.HalfPower, (c, v) => c with { HalfPower = (float)v }),
        new("RateFloor", 1, 1.6, c => c.RateFloor, (c, v) => c with { RateFloor = (float)v }),
        new("TwiceFloor", 0.1, 1.6, c => c.TwiceFloor, (c, v) => c with { TwiceFloor = (float)v }),
        new("CleanFloor", 0.1, 1.6, c => c.CleanFloor, (c, v) => c with { CleanFloor = (float)v }),
        new("HalfFloor", 1, 1.6, c => c.HalfFloor, (c, v) => c with { HalfFloor = (float)v }),
        new("MotionAt", 0.1, 1.5, c => c.MotionAt, (c, v) => c with { MotionAt = (float)v }),
        new("MotionTwice", 1, 1.6, c => c.MotionTwice, (c, v) => c with { MotionTwice = (float)v }),
        new("TwiceMotion", 0.5, 1.6, c => c.TwiceMotion, (c, v) => c with { TwiceMotion = (float)v }),
        new("ChangeScale", 1, 1.25, c => c.ChangeScale, (c, v) => c with { ChangeScale = v }),
        new("MostPower", 0.5, 1.5, c => c.MostPower, (c, v) => c with { MostPower = (float)v }),
        new("CurbPower", 0.5, 1.5, c => c.CurbPower, (c, v) => c with { CurbPower = (float)v }),
        new("CurbCentre", 120, 1.08, c => c.CurbCentre, (c, v) => c with { CurbCentre = (float)v }),
        new("OutlierFloor", 0.01, 2.7, c => c.OutlierFloor, (c, v) => c with { OutlierFloor = (float)v }),
        new("Neighbour", 1, 1.4, c => c.Neighbour, (c, v) => c with { Neighbour = (float)v }),
        new("BeliefPower", 1, 1.25, c => c.BeliefPower, (c, v) => c with { BeliefPower = (float)v }),
        new("SpectrumWeight", 0.5, 1.5, c => c.SpectrumWeight, (c, v) => c with { SpectrumWeight = v }),
        new("SpectrumPower", 2, 1.3, c => c.SpectrumPower, (c, v) => c with { SpectrumPower = (float)v }),
        new("ThirdPower", 0.1, 1.5, c => c.ThirdPower, (c, v) => c with { ThirdPower = (float)v }),
        new("ThirdFloor", 1, 1.6, c => c.ThirdFloor, (c, v) => c with { ThirdFloor = (float)v }),
    ];

    /// <summary>Those of <see cref="PpgEvidence"/>.</summary>
    public static readonly PpgFitConstant[] OfEvidence =
        [.. All.Where(one => one.Name is not (nameof(PpgConstants.ChangeScale) or nameof(PpgConstants.OutlierFloor)
            or nameof(PpgConstants.BeliefPower) or nameof(PpgConstants.SpectrumPower) or nameof(PpgConstants.SpectrumWeight)))];

    /// <summary>All at their start: nothing of the numbers in use is left.</summary>
    public static PpgConstants Starts => All.Aggregate(new PpgConstants(), (constants, one) => one.With(constants, one.Start));

    /// <summary>Reads what <see cref="Text"/> wrote; null where a name or number is wrong or one of them is missing.</summary>
    public static PpgConstants? Parse(string text)
    {
        var constants = new PpgConstants();
        var missing = All.Select(one => one.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries))
        {
            if (part.Split(' ') is not [var name, var number] || !missing.Remove(name)
                || !double.TryParse(number, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) || !(value > 0)
                || !double.IsFinite(value))
                return null;
            constants = All.First(one => one.Name == name).With(constants, value);
        }
        return missing.Count == 0 ? constants : null;
    }

    /// <summary>All of them, for people.</summary>
    public static string Text(PpgConstants constants) =>
        string.Join(", ", All.Select(one => $"{one.Name} {one.Get(constants).ToString("G3", CultureInfo.InvariantCulture)}"));
}
