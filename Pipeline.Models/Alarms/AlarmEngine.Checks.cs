namespace Pipeline.Models.Alarms;

/// <content>The check of an alarm against all signals, and how it waits when they speak against it.</content>
public sealed partial class AlarmEngine
{
    /// <summary>
    /// Checks an alarm that is about to be raised with the beats of all signals of late (<see cref="AlarmCheck"/>), and adds to its evidence what decided; whether it may be raised.
    /// One that is on is not checked again, and one that no signal speaks of is true.
    /// </summary>
    private bool Check(int slot, ref Evidence evidence)
    {
        if (!AlarmCheck.Knows(PatientKinds[slot]) || IsHeld(slot))
            return true;
        Span<SignalSummary> signals = stackalloc SignalSummary[MostRates];
        var count = 0;
        foreach (var rate in _rates)
            if (rate.History is { } history && IsFresh(rate))
                signals[count++] = history.Summary(rate.Signal, _clock, isLive: true);
        var verdict = AlarmCheck.Of(PatientKinds[slot], signals[..count]);
        if (verdict.Finding is CheckFinding.Untold or CheckFinding.Fibrillation)
            return true;        // nothing that the alarm does not say itself
        evidence = evidence with { Check = verdict };
        return verdict.IsTrue;
    }

    /// <summary>One that is latched recurs without a delay, so one that is contradicted does not.</summary>
    private Truth Recurring(int slot, Truth truth, bool isFree) => !isFree && _slots[slot] is { State: AlarmState.Latched } ? Truth.Unknown : truth;

    private TimeSpan Longer(TimeSpan delay) => delay > _rules.ContradictedDelay ? delay : _rules.ContradictedDelay;
}
