using Pipeline.Models;

namespace Pipeline.Actors;

/// <summary>The batch that a shard fills at present, and the hold of the records whose output is in it. The loop's thread only.</summary>
internal sealed class ShardOutput(int shard, int maxPoints, Delivery delivery, Counts counts)
{
    private OffsetWatermark.Hold? _hold;    // null while no record has anything in the batch

    /// <summary>The batch.</summary>
    public OutputBatch Batch { get; private set; } = new() { Shard = shard };

    /// <summary>Whether it is to be handed over although more could be added.</summary>
    public bool IsFull => Batch.Points.Count + Batch.DeadLetters.Count >= maxPoints;

    /// <summary>Whether records are in it, with or without output.</summary>
    public bool IsBegun => _hold is not null;

    /// <summary>Whether something is in it that a sink wants.</summary>
    public bool HasAny => Batch.Points.Count + Batch.Beats.Count + Batch.DeadLetters.Count > 0;

    /// <summary>Record <paramref name="offset"/> is about to be handled, after others of the batch or as its first.</summary>
    public void Begin(long offset) => _hold ??= delivery.Open(offset);

    /// <summary>What <paramref name="hold"/> held goes with the batch from now on.</summary>
    public void Join(OffsetWatermark.Hold hold, long enteredAt)
    {
        Begin(hold.Offset);
        delivery.Merge(hold, _hold!);   // begun above
        Batch.EnteredAt = Math.Max(Batch.EnteredAt, enteredAt);
    }

    /// <summary>Adds a point that is given out.</summary>
    public void Add(VitalPoint point)
    {
        Batch.Points.Add(point);
        counts.Add(Count.Estimates);
        counts.Add(Count.Values, point.Estimate.Status == EstimateStatus.Ok ? 1 : 0);
    }

    /// <summary>Gives the batch to the sinks; records from <paramref name="next"/> on are taken but not yet handled.</summary>
    public async ValueTask FlushAsync(long? next, CancellationToken stop)
    {
        if (_hold is not { } hold)
            return;
        _hold = next is { } offset ? delivery.Open(offset) : null;
        if (!HasAny)
        {
            delivery.Close(hold);
            return;
        }
        var batch = Batch;
        Batch = new OutputBatch { Shard = shard, LastOffset = batch.LastOffset };
        counts.Add(Count.Batches);
        await delivery.HandOverAsync(batch, hold, stop);
    }
}
