namespace Pipeline.Models.Estimators.Ecg;

/// <summary>
/// The lengths of a QRS detector in samples at the rate it works at. Immutable. All were found at 360 Hz and are scaled; lengths of centred
/// means are rounded to odd numbers.
/// </summary>
internal sealed class QrsTiming
{
    private const int LagZero = 24;
    private static readonly SharedPlans<double, QrsTiming> Known = new();
    private readonly int[] _lags = new int[2 * LagZero + 1];
    private readonly int[] _shapeLags = new int[QrsShape.Taken];
    private readonly int[] _slowLags = new int[QrsSlowShape.Points];

    /// <summary>Longest time from a beat to the last sample that its decision may depend on, in seconds.</summary>
    private const double DecisionSeconds = 0.98;

    private QrsTiming(double rateHz)
    {
        RateHz = rateHz;
        FirstSmoothing = Odd(5 / 360.0);
        SecondSmoothing = Odd(7 / 360.0);
        HighPass = Odd(45 / 360.0);
        Envelope = Odd(31 / 360.0);
        Baseline = Odd(181 / 360.0);
        MarkBaseline = Odd(91 / 360.0);
        SlowSmoothing = Math.Max(1, Of(5 / 360.0));
        WaveDelay = (FirstSmoothing - 1) / 2 + (SecondSmoothing - 1) / 2 + HighPass - 1;
        EnvelopeDelay = WaveDelay + (Envelope - 1) / 2;
        PeakHalf = Of(34 / 360.0);
        MarkHalf = Of(29 / 360.0);
        Replacement = Of(0.2);
        LookAhead = (int)(DecisionSeconds * rateHz) - EnvelopeDelay - Replacement;
        Hold = Of(0.75);
        Block = Of(0.5);
        StrengthReach = Of(1.25) + LookAhead + Replacement;
        Reach = EnvelopeDelay + LookAhead + Of(98 / 360.0) + Baseline / 2 + 2;
        for (var k = 0; k < _lags.Length; k++)
            _lags[k] = Of((k - LagZero) * 0.05);
        for (var k = 0; k < _shapeLags.Length; k++)
            _shapeLags[k] = Of((k - _shapeLags.Length / 2) * 5 / 360.0);
        for (var k = 0; k < _slowLags.Length; k++)
            _slowLags[k] = Of((k - _slowLags.Length / 2) * 14 / 360.0);
    }

    /// <summary>Those of <paramref name="rateHz"/>, shared by all streams of that rate, of which a ward has a few.</summary>
    public static QrsTiming At(double rateHz) => Known.Get(rateHz, rate => new QrsTiming(rate));

    /// <summary>Samples per second.</summary>
    public double RateHz { get; }

    public int FirstSmoothing { get; }

    public int SecondSmoothing { get; }

    public int HighPass { get; }

    public int Envelope { get; }

    public int Baseline { get; }

    public int MarkBaseline { get; }

    /// <summary>Half of the mean that a <see cref="QrsSlowShape"/> is smoothed by.</summary>
    public int SlowSmoothing { get; }

    /// <summary>From a sample to the band-passed wave centred on it.</summary>
    public int WaveDelay { get; }

    /// <summary>From a sample to the envelope centred on it.</summary>
    public int EnvelopeDelay { get; }

    /// <summary>A candidate is the largest value within this many samples on both sides.</summary>
    public int PeakHalf { get; }

    /// <summary>The R peak is looked for within this many samples on both sides of a candidate.</summary>
    public int MarkHalf { get; }

    /// <summary>A better candidate within this many samples takes the place of an accepted one.</summary>
    public int Replacement { get; }

    /// <summary>Envelope samples after a candidate that its score may use.</summary>
    public int LookAhead { get; }

    /// <summary>Envelope samples from which the first levels are taken before the first of them is judged.</summary>
    public int Hold { get; }

    /// <summary>Samples between two updates of the levels.</summary>
    public int Block { get; }

    /// <summary>Values of the beat strength that a decision looks at.</summary>
    public int StrengthReach { get; }

    /// <summary>Samples of the past that a decision looks at.</summary>
    public int Reach { get; }

    /// <summary>
    /// Bytes of the samples of <paramref name="leads"/> leads, of the waves made from them and of their strength that a detector keeps.
    /// </summary>
    public int SampleBytes(int leads) =>
        sizeof(float) * (StrengthReach + leads * (2 * Reach + FirstSmoothing + SecondSmoothing + 2 * HighPass + Envelope));

    /// <summary><paramref name="seconds"/> in samples, rounded.</summary>
    public int Of(double seconds) => (int)Math.Round(seconds * RateHz);

    /// <summary><paramref name="steps"/> of 50 ms, −24 to 24, in samples.</summary>
    public int Lag(int steps) => _lags[steps + LagZero];

    /// <summary>Where the points of a <see cref="QrsShape"/> lie about its middle, in samples.</summary>
    public ReadOnlySpan<int> ShapeLags => _shapeLags;

    /// <summary>Where the points of a <see cref="QrsSlowShape"/> lie about its middle, in samples.</summary>
    public ReadOnlySpan<int> SlowShapeLags => _slowLags;

    private int Odd(double seconds) => 2 * (int)Math.Round((seconds * RateHz - 1) / 2) + 1;
}
