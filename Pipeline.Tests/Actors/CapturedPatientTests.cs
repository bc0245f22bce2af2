using Pipeline.Actors;
using Pipeline.Models;
using Pipeline.Models.State;
using Xunit;

namespace Pipeline.Tests.Actors;

/// <summary>A barrier captures a patient where it stands; what the stages do with the records behind it changes nothing of that.</summary>
public sealed class CapturedPatientTests
{
    private static readonly PatientSnapshot Snapshot = State.Snapshots.Of("P1", 2, 17);

    [Fact]
    public void A_state_that_a_window_behind_the_barrier_takes_to_the_entity_is_still_completed_here()
    {
        var link = new PatientLink(Snapshot.Patient);
        var start = link.Start;
        var captured = new CapturedPatient(link, Snapshot, isChanged: true, isIdle: false);

        (link.Start, link.HasState) = (null, true);     // a record behind it, handled before the barrier is at the next stage

        Assert.NotNull(start);
        Assert.Same(start, captured.Unsent);
        Assert.False(captured.IsWithEntity);
    }

    [Fact]
    public void A_state_that_a_window_before_the_barrier_has_taken_to_the_entity_is_asked_of_it()
    {
        var link = new PatientLink(Snapshot.Patient) { Start = null, HasState = true };

        var captured = new CapturedPatient(link, Snapshot, isChanged: true, isIdle: false);
        link.Start = new PatientState();        // the patient is forgotten, and begins anew

        Assert.Null(captured.Unsent);
        Assert.True(captured.IsWithEntity);
    }
}
