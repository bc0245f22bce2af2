namespace Pipeline.Tests.Support;

/// <summary>A plain PPG pulse: a wave with a second harmonic. A sine alone is not taken for a pulse.</summary>
internal static class PulseWave
{
    /// <summary>The wave, about −1 to 1, of one pulse for each unit of <paramref name="beats"/>.</summary>
    public static double At(double beats) => 0.8 * (Math.Sin(2 * Math.PI * beats) + 0.3 * Math.Sin(4 * Math.PI * beats));
}
