namespace Pipeline.Models.Estimators.Fetal;

/// <summary>A fetus that a window may hold: in which residual, by which filter, with which beats.</summary>
internal sealed class FetalHypothesis
{
    private readonly int[] _beats = new int[FetalTiming.MostBeats];
    private int _count;

    /// <summary>Whether there is one.</summary>
    public bool IsThere { get; set; }

    /// <summary>Contrast less what speaks for the mother.</summary>
    public float Score { get; private set; }

    /// <summary>Number of the residual.</summary>
    public int Variant { get; private set; }

    /// <summary>Taps; lags x leads of them are in use.</summary>
    public float[] Filter { get; } = new float[LagCovariance.MostTaps];

    /// <summary>The beats.</summary>
    public ReadOnlySpan<int> Beats => _beats.AsSpan(0, _count);

    /// <summary>What its beats look like.</summary>
    public BeatTerms Terms { get; private set; }

    /// <summary>Makes it this one.</summary>
    public void Set(float score, in BeatTerms terms, int variant, ReadOnlySpan<float> filter, ReadOnlySpan<int> beats)
    {
        (IsThere, Score, Terms, Variant, _count) = (true, score, terms, variant, beats.Length);
        filter.CopyTo(Filter);
        beats.CopyTo(_beats);
    }

    /// <summary>Makes it another one.</summary>
    public void Set(FetalHypothesis other) => Set(other.Score, other.Terms, other.Variant, other.Filter, other.Beats);
}
