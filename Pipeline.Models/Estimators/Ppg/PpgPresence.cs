using Pipeline.Models.State;

namespace Pipeline.Models.Estimators.Ppg;

/// <summary>
/// Whether there is a pulse, by the windows so far. Each window gets log-odds from what it shows by itself, from how far the last windows
/// agree, and from the tracker (<see cref="PpgPresenceFeatures"/>, <see cref="PpgPresenceWeights"/>). To begin, they have to be high once;
/// to stay, they may be low for a window or two: 10 s after its end a pulse is gone.
/// </summary>
/// <param name="logOdds">Another network than the one that ships: to fit it.</param>
internal sealed class PpgPresence(PpgLogOdds? logOdds = null)
{
    private const double LeastToBegin = 1.5, LeastToStay = 1, LeastToStayAlike = 0;
    private const double MostCredit = 0.5;            // that windows above the least give to those that follow

    // Pulses that are alike, whatever their intervals: so many, and upstrokes so alike.
    private const int LeastPulses = 5;
    private const double LeastAlike = 0.8;

    // Pulses that are alike at intervals that are not, and no interval after which the window repeats itself: an irregular rhythm.
    private const double LeastIrregularity = 0.05;
    private const double MostRegular = 0.65;

    private readonly PpgLogOdds _logOdds = logOdds ?? PpgPresenceWeights.LogOdds;
    private readonly PpgPresenceFeatures _features = new();
    private double _credit;                         // while there is a pulse
    private bool _isAlike;                          // of the window that is being taken

    /// <summary>Whether there is a pulse, by the windows so far.</summary>
    public bool IsPresent { get; private set; }

    /// <summary>What the last window was judged by.</summary>
    public ReadOnlySpan<float> Features => _features.Values;

    /// <summary>Nothing is known.</summary>
    public void Reset()
    {
        IsPresent = false;
        _features.Reset();
    }

    /// <summary>
    /// All that changes, in the form of <paramref name="version"/> of the stage's state. Of versions before 6 whether there is a pulse is
    /// taken over, the rest begins anew.
    /// </summary>
    public void Transfer(StateTransfer state, int version)
    {
        if (version < 6)
        {
            TransferOlder(state, version);
            return;
        }
        var isPresent = IsPresent;
        state.Value(ref isPresent);
        IsPresent = isPresent;
        state.Value(ref _credit);
        _features.Transfer(state);
    }

    /// <summary>Version 5: what the means were of; 4: a level, and for how long the tracker had been sure; before: a level.</summary>
    private void TransferOlder(StateTransfer state, int version)
    {
        const double least = 1.95;
        var isPresent = IsPresent;
        var (level, whole, number) = (isPresent ? least : 0, 0, 0.0);
        if (version == 5)
        {
            state.Value(ref isPresent);
            state.Within(ref whole, 0, 4);
            state.Values(stackalloc float[PpgPeriodicity.Lags]);
            for (var mean = 0; mean < 4; mean++)
                state.Value(ref number);
        }
        else
        {
            state.Value(ref level);
            if (version == 4)
                state.Within(ref whole, 0, 3);
            isPresent = level >= least;
        }
        (IsPresent, _credit) = (isPresent, MostCredit);
        _features.Reset();
    }

    /// <summary>
    /// Takes a window at which was looked; whether it holds pulses without a common interval, so that its spectra say nothing of their
    /// rate. <paramref name="pulses"/>: when its pulses were, in samples of the plan's rate from the window's first;
    /// <paramref name="irregularity"/>: mean deviation of their intervals, NaN when unknown; <paramref name="lane"/>: that of the channel
    /// in which they were found, −1 for none.
    /// </summary>
    public bool Take(
        PpgSpectrumPlan plan, PpgScratch scratch, in PpgTaken taken, ReadOnlySpan<double> pulses, double irregularity, int lane)
    {
        var isAlike = lane >= 0 && LeastAlike <= PpgAgreement.OfShapes(
            PpgLook.SlopeOf(plan, scratch, lane), plan.RateHz, pulses, PpgPeriodicity.MarginOf(plan.RateHz));
        _isAlike = isAlike && pulses.Length >= LeastPulses;
        return isAlike && irregularity >= LeastIrregularity && taken.Periodicity.Peak < MostRegular && taken.Coverage == 1;
    }

    /// <summary>
    /// Completes <see cref="Take"/> by the tracker's rate of the window, per minute, and the part of its belief that lies within 10 per
    /// minute of it; without a source that describes them, what else moves the signals is the accelerometer's.
    /// </summary>
    public void TakeBelief(PpgSpectrumPlan plan, PpgScratch scratch, in PpgTaken taken, double rate, double mass, PulseSource? source = null)
    {
        _features.Take(plan, scratch, taken, rate, mass, _isAlike, source);
        Judge(_features.Values);
    }

    /// <summary>Takes the <see cref="PpgPresenceFeatures"/> of the next window.</summary>
    public void Judge(ReadOnlySpan<float> features)
    {
        var odds = _logOdds(features);
        var least = features[PpgPresenceFeatures.Alike] > 0 ? LeastToStayAlike : LeastToStay;
        _credit = IsPresent ? Math.Min(MostCredit, _credit + odds - least) : MostCredit;
        IsPresent = IsPresent ? _credit >= 0 : odds >= LeastToBegin;
    }
}

/// <summary>Log-odds of a pulse from <see cref="PpgPresenceFeatures"/>, valid during the call.</summary>
internal delegate double PpgLogOdds(ReadOnlySpan<float> features);
