using Pipeline.Models.Signals;
using Pipeline.Models.State;

namespace Pipeline.Models.Estimators.Rhythm;

/// <summary>
/// The episodes that last, one of each kind at most: an event is given when one begins, and when it is over. An episode's begin is moved by a microsecond for each kind before
/// it, so that two that begin with one beat have points of their own.
/// </summary>
internal sealed class RhythmEpisodes
{
    private const int First = (int)EventKind.Asystole, Count = (int)EventKind.VentricularRun - First + 1;
    private const double Apart = 1e-6;

    private readonly SignalKind _signal;
    private readonly double _rateHz;
    private readonly double[] _begins = Filled();
    private readonly double[] _ends = new double[Count];
    private readonly float[] _probabilities = new float[Count];

    /// <summary>Of the beats of a signal, at <paramref name="rateHz"/>.</summary>
    public RhythmEpisodes(SignalKind signal, double rateHz) => (_signal, _rateHz) = (signal, rateHz);

    /// <summary>Whether an episode of this kind lasts.</summary>
    public bool Lasts(EventKind kind) => !double.IsNaN(_begins[IndexOf(kind)]);

    /// <summary>
    /// An episode of <paramref name="kind"/> lasts from <paramref name="begin"/> to <paramref name="end"/> at least (seconds from sample 0). The first time it is told;
    /// <paramref name="measure"/> is by what it was recognized (<see cref="RhythmText.Begins"/>).
    /// </summary>
    public void Continue(EventKind kind, double begin, double end, double probability, double measure, StageOutput output)
    {
        var at = IndexOf(kind);
        var isNew = double.IsNaN(_begins[at]);
        if (isNew)
            (_begins[at], _probabilities[at]) = (begin, 0);
        _ends[at] = Math.Max(end, begin);
        _probabilities[at] = Math.Max(_probabilities[at], (float)probability);
        if (isNew)
            output.Events.Add(EventOf(kind, isOver: false, RhythmText.Begins(kind, measure)));
    }

    /// <summary>The episode of <paramref name="kind"/>, if one lasts, is over at <paramref name="end"/>; NaN: where it was last seen.</summary>
    public void End(EventKind kind, double end, StageOutput output)
    {
        var at = IndexOf(kind);
        if (double.IsNaN(_begins[at]))
            return;
        if (!double.IsNaN(end))
            _ends[at] = Math.Max(end, _begins[at]);
        output.Events.Add(EventOf(kind, isOver: true, RhythmText.Of(kind, _ends[at] - _begins[at])));
        _begins[at] = double.NaN;
    }

    /// <summary>All are over where they were last seen.</summary>
    public void EndAll(StageOutput output)
    {
        for (var at = 0; at < Count; at++)
            End((EventKind)(First + at), double.NaN, output);
    }

    /// <summary>One that is over when it is recognized.</summary>
    public void Add(EventKind kind, double begin, double end, double probability, string reason, StageOutput output)
    {
        var at = IndexOf(kind);
        output.Events.Add(Event(kind, begin + Apart * at, end, isOver: true, probability, reason));
    }

    /// <summary>All that changes.</summary>
    public void Transfer(StateTransfer state)
    {
        state.Values<double>(_begins);
        state.Values<double>(_ends);
        state.Values<float>(_probabilities);
    }

    private static int IndexOf(EventKind kind) => (int)kind - First;

    private static double[] Filled()
    {
        var begins = new double[Count];
        Array.Fill(begins, double.NaN);
        return begins;
    }

    private SignalEvent EventOf(EventKind kind, bool isOver, string reason)
    {
        var at = IndexOf(kind);
        return Event(kind, _begins[at] + Apart * at, _ends[at], isOver, _probabilities[at], reason);
    }

    private SignalEvent Event(EventKind kind, double begin, double end, bool isOver, double probability, string reason) => new(
        _signal, kind, Math.Max(0, begin) * _rateHz, Math.Max(begin, end) * _rateHz, isOver, RhythmText.PriorityOf(kind), Math.Clamp(probability, 0, 1), reason);
}
