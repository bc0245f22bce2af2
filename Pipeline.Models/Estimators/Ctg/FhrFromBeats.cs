using Pipeline.Models.State;

namespace Pipeline.Models.Estimators.Ctg;

/// <summary>
/// A fetal heart rate trace from fetal beats, for <see cref="CtgAnalysis"/>: at each of <see cref="RateHz"/> samples a second the rate of
/// the interval in which it lies, as a cardiotocograph with a scalp electrode prints it. Where an interval is shorter than 0.25 s or longer
/// than 1.2 s (a beat is missing, or the signal is), there is no rate. Beats come in order; a sample is given as soon as the beat after it
/// is known, or it is known that none comes.
/// </summary>
public sealed class FhrFromBeats
{
    /// <summary>Samples per second that are given.</summary>
    public const double RateHz = 4;

    private const double Shortest = 0.25, Longest = 1.2;
    private double _last = double.NegativeInfinity;
    private long _next;

    /// <summary>
    /// Takes a beat at <paramref name="seconds"/> from the beginning; adds the samples before it to <paramref name="rates"/>, NaN where
    /// there is none.
    /// </summary>
    public void Take(double seconds, ICollection<float> rates)
    {
        ArgumentNullException.ThrowIfNull(rates);
        var interval = seconds - _last;     // infinite after a break
        var rate = interval is >= Shortest and <= Longest ? (float)(60 / interval) : float.NaN;
        for (; _next / RateHz < seconds; _next++)
            rates.Add(_next / RateHz >= _last ? rate : float.NaN);
        _last = seconds;
    }

    /// <summary>
    /// No beat comes before <paramref name="seconds"/> any more: what is further than the longest interval from the last one has no rate.
    /// </summary>
    public void Pass(double seconds, ICollection<float> rates)
    {
        ArgumentNullException.ThrowIfNull(rates);
        for (; _next / RateHz < seconds - Longest && seconds - _last > Longest; _next++)
            rates.Add(float.NaN);
    }

    /// <summary>The next beat ends no interval: the signal was lost, or is not sure.</summary>
    public void Break() => _last = double.NegativeInfinity;

    /// <summary>Begins anew.</summary>
    public void Clear() => (_last, _next) = (double.NegativeInfinity, 0);

    /// <summary>All that changes.</summary>
    public void Transfer(StateTransfer state)
    {
        ArgumentNullException.ThrowIfNull(state);
        state.Value(ref _last);
        state.Count(ref _next);
    }
}
