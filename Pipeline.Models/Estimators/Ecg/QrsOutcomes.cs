using Pipeline.Models.State;

namespace Pipeline.Models.Estimators.Ecg;

/// <summary>The last decisions of the QRS detector, as far as the signal quality of a window needs them.</summary>
internal sealed class QrsOutcomes
{
    private const int Kept = 64;
    private const int IsAccepted = 1;
    private const int IsByThreshold = 2;
    private readonly Outcome[] _ring = new Outcome[Kept];
    private long _count, _first;    // those before the first are forgotten

    /// <summary>Takes a decision.</summary>
    public void Add(long at, float logOdds, float match, float busy, bool accepted, bool byThreshold) =>
        _ring[_count++ % Kept] = new Outcome(at, MathF.Abs(MathF.Tanh(logOdds / 2)), match, busy, FlagsOf(accepted, byThreshold));

    /// <summary>
    /// 0 to 1 for [<paramref name="start"/>, <paramref name="end"/>): mean likeness of the beats to their templates, times how clear the
    /// decisions were, times how many of them a plain threshold makes too. 0 without a beat.
    /// </summary>
    public double Certainty(long start, long end)
    {
        double clear = 0, match = 0;
        int decisions = 0, beats = 0, either = 0, both = 0;
        for (var i = Math.Max(_first, _count - Kept); i < _count; i++)
        {
            ref readonly var outcome = ref _ring[i % Kept];
            if (outcome.At < start || outcome.At >= end)
                continue;
            decisions++;
            clear += outcome.Clear;
            if (outcome.Accepted)
            {
                beats++;
                match += outcome.Match;
            }
            either += outcome.Accepted || outcome.ByThreshold ? 1 : 0;
            both += outcome.Accepted && outcome.ByThreshold ? 1 : 0;
        }
        if (beats == 0)
            return 0;
        var alike = Math.Clamp((match / beats - 0.4) / 0.5, 0, 1);
        var sure = Math.Clamp((clear / decisions - 0.3) / 0.6, 0, 1);
        var agreed = both / (double)either;
        return alike * sure * Math.Sqrt(agreed);
    }

    /// <summary>How busy the signal is between the beats of [<paramref name="start"/>, <paramref name="end"/>), 0 to 1.</summary>
    public double Busy(long start, long end)
    {
        double busy = 0;
        var decisions = 0;
        for (var i = Math.Max(_first, _count - Kept); i < _count; i++)
        {
            ref readonly var outcome = ref _ring[i % Kept];
            if (outcome.At < start || outcome.At >= end)
                continue;
            decisions++;
            busy += outcome.Busy;
        }
        return decisions == 0 ? 0 : busy / decisions;
    }

    /// <summary>Drops the outcomes before <paramref name="start"/>.</summary>
    public void Forget(long start)
    {
        _first = Math.Max(_first, _count - Kept);
        while (_first < _count && _ring[_first % Kept].At < start)
            _first++;
    }

    /// <summary>Forgets everything.</summary>
    public void Clear() => _count = _first = 0;

    /// <summary>All that changes.</summary>
    public void Transfer(StateTransfer state)
    {
        if (state.Version < Stages.WithoutPast)
        {
            ReadWithPast(state);
            return;
        }
        state.Count(ref _count);
        var kept = (int)(_count - Math.Max(_first, _count - Kept));
        state.Within(ref kept, 0, (int)Math.Min(Kept, _count));
        if (state.Fault is not null)
            return;
        _first = _count - kept;
        state.Ring(_ring, (int)(_count % Kept), kept);
    }

    private void ReadWithPast(StateTransfer state)
    {
        foreach (ref var outcome in _ring.AsSpan())
        {
            bool accepted = false, byThreshold = false;
            state.Value(ref outcome.At);
            state.Value(ref outcome.Clear);
            state.Value(ref outcome.Match);
            state.Value(ref outcome.Busy);
            state.Value(ref accepted);
            state.Value(ref byThreshold);
            outcome.Flags = FlagsOf(accepted, byThreshold);
        }
        state.Count(ref _count);
    }

    private static int FlagsOf(bool accepted, bool byThreshold) => (accepted ? IsAccepted : 0) | (byThreshold ? IsByThreshold : 0);

    private struct Outcome(long at, float clear, float match, float busy, int flags)    // without padding: it is stored as it lies
    {
        public long At = at;
        public float Clear = clear, Match = match, Busy = busy;
        public int Flags = flags;

        public readonly bool Accepted => (Flags & IsAccepted) != 0;

        public readonly bool ByThreshold => (Flags & IsByThreshold) != 0;
    }
}
