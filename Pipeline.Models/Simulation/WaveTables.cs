namespace Pipeline.Models.Simulation;

/// <summary>
/// The shapes of the simulator. ECG: sums of Gaussians at the P, Q, R, S and T waves, as McSharry et al. 2003
/// (https://doi.org/10.1109/TBME.2003.808805); pulses: a systolic wave, a reflected one and the dicrotic one, as in
/// pulse decomposition (Wang et al. 2013, https://doi.org/10.1007/s12204-013-1365-8). Amplitudes are those of textbooks, not of a patient.
/// </summary>
internal static class WaveTables
{
    /// <summary>Seconds after an R peak that the tables <see cref="EcgLead.After"/> cover.</summary>
    public const float SecondsAfter = 0.7f;

    /// <summary>Seconds before an R peak that the tables <see cref="EcgLead.Before"/> cover.</summary>
    public const float SecondsBefore = 0.3f;

    /// <summary>Part of a pulse table that is systole.</summary>
    public const float Systole = 0.4f;

    public static readonly WaveTable Sine = new(x => Math.Sin(2 * Math.PI * x));

    /// <summary>A finger's PPG pulse from foot to foot, 0 to 1.</summary>
    public static readonly WaveTable PpgPulse = Pulse((0.24, 0.105, 1), (0.44, 0.13, 0.45), (0.66, 0.11, 0.18));

    /// <summary>A radial artery's pressure pulse from foot to foot, 0 to 1: steeper, with a sharper notch.</summary>
    public static readonly WaveTable AbpPulse = Pulse((0.19, 0.085, 1), (0.34, 0.11, 0.55), (0.56, 0.09, 0.28));

    /// <summary>Leads II and V1: normal beats.</summary>
    public static readonly EcgLead[] Normal =
    [
        new([(-0.17, 0.022, 0.12), (-0.026, 0.0075, -0.08), (0, 0.0095, 1.1), (0.028, 0.009, -0.22), (0.25, 0.045, 0.28), (0.31, 0.03, 0.1)]),
        new([(-0.17, 0.02, 0.06), (-0.02, 0.007, 0.22), (0.012, 0.011, -0.95), (0.25, 0.05, -0.1)]),
    ];

    /// <summary>Leads II and V1: atrial fibrillation, no P wave.</summary>
    public static readonly EcgLead[] WithoutP =
    [
        new([(-0.026, 0.0075, -0.08), (0, 0.0095, 1.1), (0.028, 0.009, -0.22), (0.25, 0.045, 0.25), (0.31, 0.03, 0.08)]),
        new([(-0.02, 0.007, 0.22), (0.012, 0.011, -0.95), (0.25, 0.05, -0.1)]),
    ];

    /// <summary>Leads II and V1: a ventricular ectopic beat, wide and without a P wave.</summary>
    public static readonly EcgLead[] Ventricular =
    [
        new([(-0.02, 0.03, 0.55), (0.015, 0.028, 1.0), (0.1, 0.04, -0.35), (0.32, 0.07, -0.45)]),
        new([(-0.01, 0.032, -0.5), (0.02, 0.03, -0.8), (0.31, 0.07, 0.4)]),
    ];

    /// <summary>
    /// Arm swing and steps over one stride (two steps), of three axes of an accelerometer at the wrist, in g at a full run: the stride and
    /// its harmonics, most of it at the step (the second).
    /// </summary>
    public static readonly WaveTable[] Stride =
    [
        Harmonics((0.30, 0.0), (0.55, 0.13), (0.10, 0.4), (0.22, 0.7), (0.06, 0.2), (0.07, 0.5)),
        Harmonics((0.42, 0.31), (0.25, 0.6), (0.14, 0.1), (0.10, 0.9), (0.04, 0.3), (0.03, 0.8)),
        Harmonics((0.15, 0.72), (0.80, 0.35), (0.08, 0.8), (0.30, 0.05), (0.05, 0.6), (0.10, 0.25)),
    ];

    /// <summary>What a stride does to a PPG, in pulse amplitudes at a full run: other weights and phases of the same harmonics.</summary>
    public static readonly WaveTable StrideInPpg = Harmonics((0.45, 0.22), (0.95, 0.48), (0.18, 0.9), (0.38, 0.33), (0.08, 0.1), (0.1, 0.65));

    private static WaveTable Pulse(params (double At, double Width, double Height)[] waves)
    {
        double Raw(double x) => waves.Sum(wave => wave.Height * Gauss(x - wave.At, wave.Width));
        var (foot, end) = (Raw(0), Raw(1));
        double Grounded(double x) => Raw(x) - foot - x * (end - foot);
        var top = Enumerable.Range(0, 1000).Max(i => Grounded(i / 1000.0));
        return new(x => Grounded(x) / top);
    }

    private static WaveTable Harmonics(params (double Height, double Phase)[] harmonics) => new(x =>
    {
        var sum = 0.0;
        for (var h = 0; h < harmonics.Length; h++)
            sum += harmonics[h].Height * Math.Sin(2 * Math.PI * ((h + 1) * x + harmonics[h].Phase));
        return sum;
    });

    internal static double Gauss(double x, double width) => Math.Exp(-x * x / (2 * width * width));
}

/// <summary>One lead's beat in mV around its R peak.</summary>
internal sealed class EcgLead
{
    public EcgLead((double At, double Width, double Height)[] waves)
    {
        double Beat(double seconds) => waves.Sum(wave => wave.Height * WaveTables.Gauss(seconds - wave.At, wave.Width));
        // The tables meet at the R peak with the same value and end at 0, so that beats join without a step.
        After = new(x => Beat(x * WaveTables.SecondsAfter) * Math.Min(1, (1 - x) * 10));
        Before = new(x => Beat(-x * WaveTables.SecondsBefore) * Math.Min(1, (1 - x) * 10));
        AtPeak = (float)Beat(0);
    }

    /// <summary>From the R peak on.</summary>
    public WaveTable After { get; }

    /// <summary>Backwards from the R peak.</summary>
    public WaveTable Before { get; }

    /// <summary>Both tables' value at 0.</summary>
    public float AtPeak { get; }
}
