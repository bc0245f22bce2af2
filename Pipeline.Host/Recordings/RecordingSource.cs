using Pipeline.Actors;
using Pipeline.Models.Signals;

namespace Pipeline.Host.Recordings;

/// <summary>What a source of recordings tells; about one recording one after the other, about several at the same time.</summary>
/// <param name="Opened">A recording is open; its output follows as the shard of its number. May throw a
/// <see cref="RecordingException"/>.</param>
/// <param name="Played">That many of its seconds were handed over.</param>
/// <param name="Ended">All of its output is acknowledged; or why there is none (any more).</param>
internal sealed record RecordingEvents(Action<int, Recording> Opened, Action<int, double> Played, Action<int, RecordingException?> Ended);

/// <summary>
/// Recordings as the source of the flow, each a patient and a shard of its own, as fast as the shards take them. One that cannot be read
/// ends with its fault and leaves the others alone.
/// </summary>
/// <param name="paths">The recordings; shard and patient number are the index.</param>
/// <param name="options">As for <see cref="Recording.Open"/>.</param>
/// <param name="concurrency">Recordings that are read at the same time, 1 or more.</param>
/// <param name="events">What is told.</param>
internal sealed class RecordingSource(IReadOnlyList<string> paths, RecordingOptions options, int concurrency, RecordingEvents events)
    : ISampleSource
{
    /// <inheritdoc/>
    public Task RunAsync(Partitions shards, CancellationToken stop) => Parallel.ForEachAsync(
        Enumerable.Range(0, paths.Count),
        new ParallelOptions { MaxDegreeOfParallelism = concurrency, CancellationToken = stop },
        async (index, cancelled) => events.Ended(index, await PlayAsync(index, shards, cancelled)));

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>Plays one recording to its end; returns what was wrong with it, or null.</summary>
    private async Task<RecordingException?> PlayAsync(int index, Partitions shards, CancellationToken stop)
    {
        var isAssigned = false;
        RecordingException? fault = null;
        try
        {
            using var recording = Recording.Open(paths[index], options);
            events.Opened(index, recording);
            shards.Assign(index, recording.Name);
            isAssigned = true;
            var offset = 0L;
            foreach (var whole in recording.Chunks(new(new PatientId($"recording-{index + 1}"), "", "", 0, new Timestamp(0))))
            {
                var chunk = options.UntilSeconds is { } until ? whole.Before((long)Math.Ceiling(until * whole.RateHz)) : whole;
                if (chunk.FirstSampleIndex / chunk.RateHz >= options.UntilSeconds)
                    break;
                while (!shards.TryPost(index, new ShardRecord(offset, chunk)))
                    await shards.WaitForSpaceAsync(index, stop);
                offset++;
                events.Played(index, chunk.EndSampleIndex / chunk.RateHz);
            }
        }
        catch (RecordingException broken)
        {
            fault = broken;
        }
        catch (IOException broken)
        {
            fault = new RecordingException($"{Path.GetFileName(paths[index])}: {broken.Message.ReplaceLineEndings(" ")}");
        }
        if (isAssigned)
            await shards.RevokeAsync(index, stop);
        return fault;
    }
}
