using Pipeline.Models.State;

namespace Pipeline.Models.Estimators.Beats;

/// <summary>
/// The patient's sinus interval, from usual beats alone: the interval between two that follow each other, or half of the time between two with another beat in between. It follows a rate that
/// changes slowly, and stays where one interval to the next beats come earlier: a run of supraventricular beats is early from its first to its last beat.
/// </summary>
internal sealed class SinusInterval
{
    private const float Fastest = 1 / 16f, OfFar = 1 / 64f, InRun = 1 / 256f;      // part of the way that an interval moves it
    private const float Far = 0.15f, MostMove = 0.5f, RunStep = 0.15f;             // logarithms
    private const float LeastStep = 0.1f, MostStep = 0.6f, OverBelow = 0.08f;
    private const float MostEarly = 0.8f;
    private const double Shortest = 0.2, Longest = 3, MostSeconds = 6;
    private const int FirstMean = 16;

    private double _at = double.NaN, _before = double.NaN;     // the last two beats, s
    private bool _isUsual, _wasUsual;                          // they
    private float _seconds, _onset;
    private int _count;

    /// <summary>How much earlier than in the interval before the run of early beats began that this beat is of; a logarithm, 0 to 0.6.</summary>
    public float Onset => _onset;

    /// <summary>How early a beat at <paramref name="seconds"/> comes, a logarithm of −0.8 to 0.8; 0 where nothing is known yet.</summary>
    public float EarlyOf(double seconds, float earlyOfLast)
    {
        var interval = seconds - _at;
        if (_count == 0 || !(interval is > 0 and < MostSeconds))
            return 0;
        var early = Math.Clamp((float)Math.Log(_seconds / interval), -MostEarly, MostEarly);
        if (early < OverBelow)
            _onset = 0;
        else if (earlyOfLast > Math.Max(_onset, LeastStep))
            _onset = Math.Min(earlyOfLast, MostStep);
        return early;
    }

    /// <summary>Learns of the beat at <paramref name="seconds"/>.</summary>
    public void Learn(double seconds, bool isUsual)
    {
        var interval = !isUsual || !(seconds - _at < MostSeconds) ? double.NaN : _isUsual ? seconds - _at : _wasUsual ? (seconds - _before) / 2 : double.NaN;
        (_before, _at, _wasUsual, _isUsual) = (_at, seconds, _isUsual, isUsual);
        if (!(interval is > Shortest and < Longest))
            return;
        if (_count == 0)
            _seconds = (float)interval;
        _count = Math.Min(_count + 1, FirstMean);
        var off = (float)Math.Log(interval / _seconds);
        var rate = Math.Max(Math.Abs(off) < Far ? Fastest : OfFar, _count < FirstMean ? 1f / _count : 0);
        _seconds *= MathF.Exp((_onset > RunStep ? Math.Min(rate, InRun) : rate) * Math.Clamp(off, -MostMove, MostMove));
    }

    /// <summary>Samples are missing: the next beat ends no interval.</summary>
    public void Break() => (_at, _before, _isUsual, _wasUsual, _onset) = (double.NaN, double.NaN, false, false, 0);

    /// <summary>All that changes.</summary>
    public void Transfer(StateTransfer state)
    {
        state.Value(ref _at);
        state.Value(ref _before);
        state.Value(ref _isUsual);
        state.Value(ref _wasUsual);
        state.Value(ref _seconds);
        state.Value(ref _onset);
        state.Within(ref _count, 0, FirstMean);
    }
}
