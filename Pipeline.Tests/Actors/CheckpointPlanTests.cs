using Pipeline.Actors;
using Pipeline.Models.State;
using Pipeline.Tests.State;
using Xunit;

namespace Pipeline.Tests.Actors;

public sealed class CheckpointPlanTests
{
    private readonly CheckpointPlan _plan = new();

    [Fact]
    public void One_checkpoint_is_committed_at_a_time()
    {
        var first = _plan.Take(Through(7, "P1"));
        Assert.Null(_plan.Take(Through(8, "P1")));

        Assert.Same(first, _plan.End(isCommitted: true));
        Assert.Equal(8, _plan.Next()?.Through.Offset);
    }

    [Fact]
    public void A_refused_checkpoint_goes_with_the_next_and_a_patients_later_snapshot_counts()
    {
        _plan.Take(Through(7, "P1", "P2"));
        Assert.Null(_plan.Take(Through(9, "P2", "P3")));
        Assert.Null(_plan.End(isCommitted: false));

        var together = _plan.Next()!;

        Assert.Equal(9, together.Through.Offset);
        Assert.Equal([("P1", 7L), ("P2", 9L), ("P3", 9L)], together.Changed.Select(snapshot => (snapshot.Patient.Value, snapshot.Applied.Offset)));
    }

    [Fact]
    public void A_refused_checkpoint_is_tried_again_alone_when_there_is_no_next()
    {
        _plan.Take(Through(7, "P1"));
        Assert.Null(_plan.End(isCommitted: false));

        Assert.Equal(7, _plan.Next()?.Through.Offset);
        Assert.NotNull(_plan.End(isCommitted: true));
        Assert.Null(_plan.Next());
        Assert.Null(_plan.Committing);
    }

    private static ShardCheckpoint Through(long offset, params string[] patients)
    {
        var through = new RecordPosition(Guid.Empty, 0, offset);
        return new ShardCheckpoint(new ShardLease(0, 1), through, [.. patients.Select(patient => Snapshots.Of(patient, 1, offset) with { Applied = through })], []);
    }
}
