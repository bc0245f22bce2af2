using Pipeline.Models.State;

namespace Pipeline.Models.Estimators;

/// <summary>The last decisions of the QRS detector, as far as the signal quality of a window needs them.</summary>
internal sealed class QrsOutcomes
{
    private const int Kept = 64;
    private readonly Outcome[] _ring = new Outcome[Kept];
    private long _count;

    /// <summary>Takes a decision.</summary>
    public void Add(long at, float logOdds, float match, float busy, bool accepted, bool byThreshold) =>
        _ring[_count++ % Kept] = new Outcome(at, MathF.Abs(MathF.Tanh(logOdds / 2)), match, busy, accepted, byThreshold);

    /// <summary>
    /// 0 to 1 for [<paramref name="start"/>, <paramref name="end"/>): mean likeness of the beats to their templates, times how clear the
    /// decisions were, times how many of them a plain threshold makes too. 0 without a beat.
    /// </summary>
    public double Certainty(long start, long end)
    {
        double clear = 0, match = 0;
        int decisions = 0, beats = 0, either = 0, both = 0;
        for (var i = Math.Max(0, _count - Kept); i < _count; i++)
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
        for (var i = Math.Max(0, _count - Kept); i < _count; i++)
        {
            ref readonly var outcome = ref _ring[i % Kept];
            if (outcome.At < start || outcome.At >= end)
                continue;
            decisions++;
            busy += outcome.Busy;
        }
        return decisions == 0 ? 0 : busy / decisions;
    }

    /// <summary>Forgets everything.</summary>
    public void Clear() => _count = 0;

    /// <summary>All that changes.</summary>
    public void Transfer(StateTransfer state)
    {
        if (state.IsMark)
            state.Part<Outcome>(_ring);     // padding and all, which is several times as fast
        else
            TransferEach(state);
        state.Count(ref _count);
    }

    private void TransferEach(StateTransfer state)
    {
        foreach (ref var outcome in _ring.AsSpan())
        {
            state.Value(ref outcome.At);
            state.Value(ref outcome.Clear);
            state.Value(ref outcome.Match);
            state.Value(ref outcome.Busy);
            state.Value(ref outcome.Accepted);
            state.Value(ref outcome.ByThreshold);
        }
    }

    private struct Outcome(long at, float clear, float match, float busy, bool accepted, bool byThreshold)
    {
        public long At = at;
        public float Clear = clear, Match = match, Busy = busy;
        public bool Accepted = accepted, ByThreshold = byThreshold;
    }
}
