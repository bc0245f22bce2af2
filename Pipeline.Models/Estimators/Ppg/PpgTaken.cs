namespace Pipeline.Models.Estimators.Ppg;

/// <summary>What was taken of a window's PPG and accelerometer; the spectra themselves stand in <see cref="PpgScratch"/>.</summary>
/// <param name="Used">Usable PPG channels, in the scratch's first lanes.</param>
/// <param name="Axes">Axes of the accelerometer that count.</param>
/// <param name="Coverage">Part of the samples of all PPG channels that are there.</param>
/// <param name="Unclipped">Part of the used samples that are not at a rail.</param>
/// <param name="Fault">What is wrong with the last of the channels that are not used.</param>
internal readonly record struct PpgTaken(int Used, int Axes, double Coverage, double Unclipped, EstimateStatus Fault)
{
    /// <summary>Which of the PPG channels are used, a bit a channel, in the lanes' order.</summary>
    public int Lanes { get; init; }

    /// <summary>Number of beats in the output before the window's.</summary>
    public int FirstBeat { get; init; }

    /// <summary>Whether the window before held a pulse.</summary>
    public bool HadPulse { get; init; }

    /// <summary>Whether the pulse stands still in a channel, and in none of the used ones goes on.</summary>
    public bool StandsStill { get; init; }

    /// <summary>Logarithm of the root mean square of the used channels, in their units; mean over them.</summary>
    public double Level { get; init; }

    /// <summary>What the window shows of a pulse by itself.</summary>
    public PpgLook Look { get; init; } = PpgLook.None;

    /// <summary>How far the window repeats itself.</summary>
    public PpgPeriodicity Periodicity => Look.Periodicity;
}
