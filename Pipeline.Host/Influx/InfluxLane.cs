using System.Threading.Channels;
using Pipeline.Actors;
using Pipeline.Host.Store;

namespace Pipeline.Host.Influx;

/// <summary>A part of a batch in the queue.</summary>
/// <param name="Batch">The batch; its points are written only when their request is made, so the queue holds no second copy.</param>
/// <param name="First">Index of the part's first point.</param>
/// <param name="Count">Points in the part.</param>
/// <param name="Acknowledgement">Told when they are stored.</param>
internal readonly record struct Portion(OutputBatch Batch, int First, int Count, Acknowledgement Acknowledgement);

/// <summary>
/// One connection's loop: merges what waits into one block, has it stored however long that takes, acknowledges, and goes on. Messages in:
/// <see cref="Portion"/>s; out: acknowledgements.
/// </summary>
/// <param name="options">How much a block holds, and how long its first portion waits for others.</param>
/// <param name="time">For that.</param>
/// <param name="delivery">Stores the blocks.</param>
/// <param name="metrics">Told what leaves the queue.</param>
/// <param name="log">Told of faults of this program.</param>
internal sealed class InfluxLane(InfluxOptions options, TimeProvider time, InfluxDelivery delivery, InfluxMetrics metrics, ILogger log)
{
    /// <summary>As many portions make a request that is large enough.</summary>
    private const int Enough = 10;

    private readonly LineBlock _block = new();
    private readonly List<Portion> _taken = [];
    private readonly List<(VitalPoint, string, byte[])> _unwritable = [];

    /// <summary>Runs until the queue is completed and empty, or <paramref name="stop"/> is cancelled.</summary>
    public async Task RunAsync(ChannelReader<Portion> queue, CancellationToken stop)
    {
        while (await queue.WaitToReadAsync(stop))
        {
            if (options.Linger > TimeSpan.Zero && queue.Count < Enough)
                await Task.Delay(options.Linger, time, stop);
            try
            {
                Take(queue);
                await delivery.StoreAsync(_block, _unwritable, stop);
                Settle(static (portion, _) => portion.Acknowledgement.Stored(portion.Count), default);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                Settle(static (portion, by) => portion.Acknowledgement.Cancel(by), stop);
                throw;
            }
            catch (Exception fault)   // the supervisor of this loop: whoever waits learns of it, the loop goes on
            {
                log.LaneFailed(fault);
                Settle((portion, _) => portion.Acknowledgement.Fail(fault), default);
            }
        }
    }

    /// <summary>Fills the block with whole portions: none is longer than a block may be, so at least one fits.</summary>
    private void Take(ChannelReader<Portion> queue)
    {
        _block.Clear();
        _taken.Clear();
        _unwritable.Clear();
        var lines = 0;
        while (queue.TryPeek(out var next) && lines + next.Count <= options.MaxLines && queue.TryRead(out var portion))
        {
            // Another lane may have taken the portion that was peeked at, and this one may be longer: the block is cut into requests anyway.
            if (portion.Acknowledgement.IsAbandoned)
            {
                metrics.Left(portion.Count);
                continue;
            }
            _taken.Add(portion);
            lines += portion.Count;
            for (var p = portion.First; p < portion.First + portion.Count; p++)
                Write(portion.Batch.Points[p]);
        }
    }

    private void Write(VitalPoint point)
    {
        if (LineProtocol.FindFault(point) is { } fault)
            _unwritable.Add((point, fault, []));
        else
            _block.Add(point);
    }

    private void Settle(Action<Portion, CancellationToken> tell, CancellationToken by)
    {
        foreach (var portion in _taken)
        {
            metrics.Left(portion.Count);
            tell(portion, by);
        }
    }
}
