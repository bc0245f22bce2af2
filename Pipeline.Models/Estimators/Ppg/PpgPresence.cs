using Pipeline.Models.State;

namespace Pipeline.Models.Estimators.Ppg;

/// <summary>
/// Whether there is a pulse, by the windows so far. To begin, it takes what noise does not have together: windows that repeat themselves after
/// one and the same interval (the mean of their autocorrelations has the strength of each), waves with a steep and a narrow side (the mean of
/// their skewnesses stays; that of noise goes to zero), and a tracker that has been sure. To stay, a window has to show some of it by itself:
/// less where the accelerometer explains much of the window, since movements hide a pulse; 10 s after its end it is gone. State: about 400
/// bytes.
/// </summary>
internal sealed class PpgPresence
{
    private const int Memory = 4;                           // windows, of the means; the first ones count alike

    // Fitted by logistic regression on noise, breathing and pulses made from seeds below 113, and on every second recording; then rounded, and
    // moved until less than one window in a hundred of noise is left.
    private const double LeastToBegin = 4.3, LeastToStay = 2.35;
    private const double MostCredit = 0.3;                  // that what is above the least gives to the windows that follow
    private const double WindowWeight = 0.3;                // of the strength of the last window against that of their mean
    private const double SureWeight = 0.35, SkewWeight = 1.1;
    private const double SureStays = 0.3, SkewStays = 0.5, ExplainedStays = 0.9;
    private const double AlikeWeight = 0.5;

    // Where the accelerometer explains a part, the sensor is worn, and movements hide a pulse; the more beats a window has, the less often noise
    // repeats itself at the interval that the tracker says.
    private const double ExplainedWeight = 0.8, FastWeight = 3.5;
    private const double UsualSeconds = 0.8, MostApart = 0.1;

    private const double MostSure = 0.98;                   // part of the belief within 10 per minute of the rate

    // Pulses that are alike, whatever their intervals: so many, upstrokes so alike, so skew.
    private const int LeastPulses = 5;
    private const double LeastAlike = 0.8, LeastSkewness = 0.6;

    // Pulses that are alike at intervals that are not, and no interval after which the window repeats itself: an irregular rhythm.
    private const double LeastIrregularity = 0.05;
    private const double MostRegular = 0.65;

    private readonly float[] _autocorrelation = new float[PpgPeriodicity.Lags];     // mean of the last windows
    private double _slopeSkewness, _waveSkewness, _surety;                          // means, too
    private int _windows;                                                           // that they are of, at most Memory
    private double _credit;                                                         // while there is a pulse
    private double _toBegin, _toStay;                                               // of the window that is being taken, but for the belief
    private PpgLook _look;

    /// <summary>Whether there is a pulse, by the windows so far.</summary>
    public bool IsPresent { get; private set; }

    /// <summary>Nothing is known.</summary>
    public void Reset()
    {
        IsPresent = false;
        _windows = 0;
    }

    /// <summary>
    /// All that changes, in the form of <paramref name="version"/> of the stage's state. Before version 5 that was a level, and since 4 for how
    /// long the tracker had been sure: whether there is a pulse is taken over, the rest begins anew.
    /// </summary>
    public void Transfer(StateTransfer state, int version)
    {
        if (version < 5)
        {
            TransferLevel(state, version);
            return;
        }
        var isPresent = IsPresent;
        state.Value(ref isPresent);
        IsPresent = isPresent;
        state.Within(ref _windows, 0, Memory);
        state.Values<float>(_autocorrelation);
        state.Value(ref _slopeSkewness);
        state.Value(ref _waveSkewness);
        state.Value(ref _surety);
        state.Value(ref _credit);
    }

    private void TransferLevel(StateTransfer state, int version)
    {
        const double least = 1.95;
        var (level, sure) = (IsPresent ? least : 0, 0);
        state.Value(ref level);
        if (version >= 4)
            state.Within(ref sure, 0, 3);
        (IsPresent, _windows, _credit) = (level >= least, 0, MostCredit);
    }

    /// <summary>
    /// Takes a window at which was looked; whether it holds pulses without a common interval, so that its spectra say nothing of their rate.
    /// <paramref name="pulses"/>: when its pulses were, in samples of the plan's rate from the window's first;
    /// <paramref name="irregularity"/>: mean deviation of their intervals, NaN when unknown; <paramref name="lane"/>: that of the channel in
    /// which they were found, −1 for none.
    /// </summary>
    public bool Take(
        PpgSpectrumPlan plan, PpgScratch scratch, in PpgTaken taken, ReadOnlySpan<double> pulses, double irregularity, int lane)
    {
        var look = _look = taken.Look;
        _windows = Math.Min(_windows + 1, Memory);
        var part = 1.0 / _windows;
        for (var lag = 0; lag < _autocorrelation.Length; lag++)
            _autocorrelation[lag] += (float)part * (scratch.Autocorrelation[lag] - _autocorrelation[lag]);
        _slopeSkewness += part * ((look.IsMotion ? 0 : look.SlopeSkewness) - _slopeSkewness);
        _waveSkewness += part * ((look.IsMotion ? 0 : look.WaveSkewness) - _waveSkewness);
        var skewness = Math.Min(1, double.Hypot(_slopeSkewness, _waveSkewness));

        var isAlike = lane >= 0 && LeastAlike <= PpgAgreement.OfShapes(
            PpgLook.SlopeOf(plan, scratch, lane), plan.RateHz, pulses, PpgPeriodicity.MarginOf(plan.RateHz));
        var alike = isAlike && pulses.Length >= LeastPulses && skewness >= LeastSkewness ? AlikeWeight : 0;
        _toBegin = PpgPeriodicity.Of(_autocorrelation, plan.RateHz).Strength + WindowWeight * look.OwnStrength + SkewWeight * skewness + alike;
        _toStay = look.Strength + SkewStays * look.Skewness + ExplainedStays * look.Explained + alike;
        return isAlike && irregularity >= LeastIrregularity && look.Periodicity.Peak < MostRegular && taken.Coverage == 1;
    }

    /// <summary>
    /// Completes <see cref="Take"/> by the part of the tracker's belief that lies within 10 per minute of the window's rate. A tracker at the
    /// end of its rates is sure of breathing.
    /// </summary>
    public void TakeBelief(double rate, double mass)
    {
        var sure = rate < PpgPeriodicity.SlowestPerMinute ? 0 : -Math.Log(1 - Math.Min(mass, MostSure));
        _surety += (sure - _surety) / _windows;
        _credit = IsPresent ? Math.Min(MostCredit, _credit + _toStay + SureStays * sure - LeastToStay) : MostCredit;
        IsPresent = IsPresent ? _credit >= 0 : _toBegin + SureWeight * _surety + WornBy(rate) >= LeastToBegin;
    }

    private double WornBy(double rate)
    {
        if (_look.IsMotion)
            return 0;
        var interval = _look.Periodicity.Interval;      // NaN agrees with nothing
        var isAgreed = Math.Abs(rate * interval / 60 - 1) < MostApart;
        return _look.Explained * (ExplainedWeight + (isAgreed ? FastWeight * Math.Max(0, Math.Log(UsualSeconds / interval)) : 0));
    }
}
