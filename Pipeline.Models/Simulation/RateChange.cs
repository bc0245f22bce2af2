namespace Pipeline.Models.Simulation;

/// <summary>
/// The bell of a contraction, an acceleration or a deceleration: by half a cosine to its size, a plateau, by half a cosine back to 0.
/// </summary>
/// <param name="Kind">What it is.</param>
/// <param name="Begin">Where it leaves 0, seconds since the simulation's start.</param>
/// <param name="Peak">Where it reaches its size.</param>
/// <param name="PlateauEnd">Where it leaves it.</param>
/// <param name="End">Where it is 0 again.</param>
/// <param name="Size">Its size; more than 0.</param>
internal readonly record struct RateChange(LabourEventKind Kind, double Begin, double Peak, double PlateauEnd, double End, double Size)
{
    private const double Never = double.NegativeInfinity;

    /// <summary>None at any time.</summary>
    public static RateChange None { get; } = new(default, Never, Never, Never, Never, 0);

    /// <summary>What a labour's truth says of it.</summary>
    public LabourEvent Event => new(Kind, Begin, Peak, End, Size);

    /// <summary>Whether it touches the time from <paramref name="begin"/> to <paramref name="end"/>.</summary>
    public bool Touches(double begin, double end) => Begin < end && End > begin;

    /// <summary>Its part of 1 at a moment.</summary>
    public double PartAt(double seconds) =>
        seconds <= Begin || seconds >= End ? 0
        : seconds < Peak ? HalfCosine((seconds - Begin) / (Peak - Begin))
        : seconds <= PlateauEnd ? 1
        : HalfCosine((End - seconds) / (End - PlateauEnd));

    /// <summary>Its value at a moment.</summary>
    public double ValueAt(double seconds) => Size * PartAt(seconds);

    /// <summary>From 0 to 1 while <paramref name="x"/> goes from 0 to 1.</summary>
    public static double HalfCosine(double x) => 0.5 - 0.5 * Math.Cos(Math.PI * Math.Clamp(x, 0, 1));
}
