using System.Numerics.Tensors;

namespace Pipeline.Models.Estimators.Fetal;

/// <summary>
/// Brings samples of any rate to <see cref="FetalTiming.RateHz"/>: a low-pass of 90 Hz (sinc in a Hamming taper of ±24 ms, gain 1 at 0 Hz)
/// centred on the moment of the new sample, which lies at most 1/32 ms beside it. Linear in phase, so marks need no correction. Immutable,
/// shared by streams of one rate.
/// </summary>
internal sealed class LeadResampler
{
    private const double EdgeHz = 90;
    private const double HalfSeconds = 0.024;
    private const double PhasesPerSecond = 16_000;

    private static readonly SharedPlans<double, LeadResampler> Known = new();

    private readonly double _ratio;
    private readonly int _phases;
    private readonly float[] _kernels;      // [phases x taps]

    private LeadResampler(double rateHz)
    {
        _ratio = rateHz / FetalTiming.RateHz;
        Half = (int)(HalfSeconds * rateHz + 1e-9);
        _phases = Math.Max(1, (int)Math.Ceiling(PhasesPerSecond / rateHz));
        _kernels = new float[_phases * Taps];
        for (var p = 0; p < _phases; p++)
            MakeKernel(_kernels.AsSpan(p * Taps, Taps), (double)p / _phases, rateHz);
    }

    /// <summary>Samples on each side of the middle.</summary>
    public int Half { get; }

    /// <summary>Samples that a new one is made from.</summary>
    public int Taps => 2 * Half + 2;

    /// <summary>The one of a rate.</summary>
    public static LeadResampler Of(double rateHz) => Known.Get(rateHz, static rate => new LeadResampler(rate));

    /// <summary>Index of the first of the <see cref="Taps"/> samples from which new sample <paramref name="index"/> is made; negative
    /// before the start.</summary>
    public long FirstOf(long index, out int phase)
    {
        var centre = index * _ratio;
        var whole = (long)Math.Floor(centre);
        phase = (int)Math.Round((centre - whole) * _phases);
        if (phase == _phases)
            (whole, phase) = (whole + 1, 0);
        return whole - Half;
    }

    /// <summary>The new sample.</summary>
    public float Next(ReadOnlySpan<float> samples, int phase) => TensorPrimitives.Dot(samples[..Taps], _kernels.AsSpan(phase * Taps, Taps));

    private void MakeKernel(Span<float> kernel, double fraction, double rateHz)
    {
        var weights = new double[kernel.Length];
        var sum = 0.0;
        for (var k = 0; k < kernel.Length; k++)
        {
            var seconds = (k - Half - fraction) / rateHz;
            var angle = 2 * Math.PI * EdgeHz * seconds;
            var taper = Math.Abs(seconds) <= HalfSeconds * 1.0001 ? 0.54 + 0.46 * Math.Cos(Math.PI * seconds / HalfSeconds) : 0;
            sum += weights[k] = taper * (Math.Abs(angle) < 1e-9 ? 1 : Math.Sin(angle) / angle);
        }
        for (var k = 0; k < kernel.Length; k++)
            kernel[k] = (float)(weights[k] / sum);
    }
}
