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
    private readonly LineSearch _search = new();
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
        _search.Begin(block.Count, maxLines);
        while (_search.TryNext(out var lines))
        {
            var answer = await connection.SendAsync(block, lines, stop);
            var named = _search.Note(answer, lines);
            if (answer.Kind == AnswerKind.Stored)
                metrics.Stored(lines.Length);
            else if (named.Count > 0)
                await KeepRefusedAsync(named, answer, lines.Length, stop);
        }
    }

    private Task KeepRefusedAsync(IReadOnlyList<NamedLine> named, InfluxAnswer answer, int sent, CancellationToken stop)
    {
        metrics.DeadLettered(named.Count, answer.Reason);
        log.Refused(named.Count, sent, answer.Reason, answer.Detail);
        return refused.KeepAsync([.. named.Select(line => (_block.Point(line.Index), line.Why, _block.Line(line.Index).ToArray()))], stop);
    }
}
