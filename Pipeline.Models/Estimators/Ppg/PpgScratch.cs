using Pipeline.Models.Features;

namespace Pipeline.Models.Estimators.Ppg;

/// <summary>
/// Working memory of <see cref="PpgStage"/>: one per thread, shared by all streams that the thread serves, grown to the largest window
/// seen. Nothing in it lives from one window to the next.
/// </summary>
internal sealed class PpgScratch
{
    [ThreadStatic]
    private static PpgScratch? _ofThread;

    private float[] _raw = [];
    private float[] _heard = [];
    private float[] _pulse = [];
    private float[] _clean = [];
    private float[] _motion = [];
    private float[] _slope = [];
    private float[] _fourier = [];

    /// <summary>That of the calling thread.</summary>
    public static PpgScratch OfThread => _ofThread ??= new PpgScratch();

    /// <summary>Motion fit.</summary>
    public PpgMotionFit Fit { get; } = new();

    /// <summary>Evidence.</summary>
    public PpgEvidence Evidence { get; } = new();

    /// <summary>[lanes x bins], of the pulse.</summary>
    public float[] PulsePower { get; } = new float[PpgSpectrumPlan.Lanes * PpgSpectrumPlan.BinCount];

    /// <summary>[lanes x bins], of the pulse without what motion explains.</summary>
    public float[] CleanPower { get; } = new float[PpgSpectrumPlan.Lanes * PpgSpectrumPlan.BinCount];

    /// <summary>[lanes x bins], of the motion.</summary>
    public float[] MotionPower { get; } = new float[PpgSpectrumPlan.Lanes * PpgSpectrumPlan.BinCount];

    /// <summary>[rates]</summary>
    public float[] Likelihood { get; } = new float[PpgRateBelief.BinCount];

    /// <summary>[12 x 85], <see cref="RateFeatures.Spectra"/>.</summary>
    public float[] Rows { get; } = new float[RateFeatures.SpectrumCount * RateFeatures.RateCount];

    /// <summary>[lags], by <see cref="PpgPeriodicity.Correlate"/>.</summary>
    public float[] Autocorrelation { get; } = new float[PpgPeriodicity.Lags];

    /// <summary>The same of the pulse without what motion explains.</summary>
    public float[] OwnAutocorrelation { get; } = new float[PpgPeriodicity.Lags];

    /// <summary>[samples] of one channel as they came.</summary>
    public Span<float> Raw(int count) => Grown(ref _raw, count);

    /// <summary>[channels x new samples], NaN where one is missing.</summary>
    public Span<float> Heard(int count) => Grown(ref _heard, count);

    /// <summary>[lanes x samples], decimated.</summary>
    public Span<float> Pulse(PpgSpectrumPlan plan) => Grown(ref _pulse, PpgSpectrumPlan.Lanes * plan.SampleCount);

    /// <summary>[lanes x samples], decimated, for the pulse without what motion explains.</summary>
    public Span<float> Clean(PpgSpectrumPlan plan) => Grown(ref _clean, PpgSpectrumPlan.Lanes * plan.SampleCount);

    /// <summary>[lanes x samples], by <see cref="PpgPeriodicity.MakeSlope"/>; the last lane is for whatever is needed in between.</summary>
    public Span<float> Slopes(PpgSpectrumPlan plan) => Grown(ref _slope, PpgSpectrumPlan.Lanes * plan.SampleCount);

    /// <summary>[lanes x samples], decimated.</summary>
    public Span<float> Motion(PpgSpectrumPlan plan) => Grown(ref _motion, PpgSpectrumPlan.Lanes * plan.SampleCount);

    /// <summary>Scratch of <see cref="PpgSpectrumPlan.Power"/>.</summary>
    public Span<float> Fourier(PpgSpectrumPlan plan) => Grown(ref _fourier, plan.ScratchCount);

    private static Span<float> Grown(ref float[] array, int count)
    {
        if (array.Length < count)
            array = new float[count];
        return array.AsSpan(0, count);
    }
}
