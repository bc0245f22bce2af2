using Pipeline.Actors;
using Pipeline.Host.Store;

namespace Pipeline.Host.Influx;

/// <summary>
/// Gets a block of lines stored: takes out what the server names as bad, finds by halves what it only counts. One block at a time.
/// </summary>
/// <param name="connection">Sends, however long that takes.</param>
/// <param name="maxLines">Most lines of a request.</param>
/// <param name="refused">Keeps refused points.</param>
/// <param name="metrics">Counts.</param>
/// <param name="log">Told of refused lines.</param>
internal sealed class InfluxDelivery(InfluxConnection connection, int maxLines, RefusedPoints refused, InfluxMetrics metrics, ILogger log)
{
    private readonly Stack<int[]> _toStore = new();   // sets of lines that are still to be sent
    private LineBlock _block = new();

    /// <summary>
    /// Completes when every line of <paramref name="block"/> is stored or a dead letter, and every unwritable point a dead letter.
    /// </summary>
    /// <param name="block">Not changed until then.</param>
    /// <param name="unwritable">Points that no line can be made of, with the reason.</param>
    /// <param name="stop">Ends it without that.</param>
    public async Task StoreAsync(LineBlock block, IReadOnlyCollection<(VitalPoint Point, string Reason, byte[] Line)> unwritable, CancellationToken stop)
    {
        if (unwritable.Count > 0)
        {
            metrics.DeadLettered(unwritable.Count, RefusalReason.Unwritable);
            await refused.KeepAsync(unwritable, stop);
        }
        _block = block;
        _toStore.Clear();
        PushParts([.. Enumerable.Range(0, block.Count)], maxLines);
        while (_toStore.TryPop(out var lines))
            await ActOnAsync(await connection.SendAsync(block, lines, stop), lines, stop);
    }

    private async Task ActOnAsync(InfluxAnswer answer, int[] lines, CancellationToken stop)
    {
        switch (answer.Kind)
        {
            case AnswerKind.Stored:
                metrics.Stored(lines.Length);
                return;
            case AnswerKind.Named:
                await KeepRefusedAsync(answer.Named, answer, lines.Length, stop);
                // Version 1 has stored the others already; writing them again changes nothing.
                var rest = lines.Except(answer.Named.Select(line => line.Index)).ToArray();
                if (rest.Length > 0)
                    _toStore.Push(rest);
                return;
            case AnswerKind.Partial when lines.Length == 1 || answer.Dropped >= lines.Length:
            case AnswerKind.TooLarge when lines.Length == 1:
                await KeepRefusedAsync([.. lines.Select(line => new NamedLine(line, answer.Detail))], answer, lines.Length, stop);
                return;
            default:
                PushParts(lines, (lines.Length + 1) / 2);
                return;
        }
    }

    private void PushParts(int[] lines, int length)
    {
        foreach (var part in lines.Chunk(Math.Max(1, length)).Reverse())
            _toStore.Push(part);
    }

    private Task KeepRefusedAsync(IReadOnlyList<NamedLine> named, InfluxAnswer answer, int sent, CancellationToken stop)
    {
        metrics.DeadLettered(named.Count, answer.Reason);
        log.Refused(named.Count, sent, answer.Reason, answer.Detail);
        return refused.KeepAsync([.. named.Select(line => (_block.Point(line.Index), line.Why, _block.Line(line.Index).ToArray()))], stop);
    }
}
