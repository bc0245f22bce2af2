using Pipeline.Models.Estimators;
using Pipeline.Models.Signals;

namespace Pipeline.Models;

/// <summary>What the stages said of one window.</summary>
/// <param name="Window">The window, or the stream's tail.</param>
/// <param name="Estimates">Estimates, in the order of the stages; empty for a tail.</param>
/// <param name="Beats">Beats that became certain with it.</param>
public sealed record WindowResult(PassedWindow Window, IReadOnlyList<Estimate> Estimates, IReadOnlyList<Beat> Beats);

/// <summary>A device's chunks, one after the other, through <see cref="DeviceStream"/>: for measuring an estimator without a topology around it.
/// A network is asked a window at a time, at once.</summary>
public static class StreamRun
{
    /// <summary>
    /// Yields a result for each window of <paramref name="chunks"/> (one device; a new epoch starts anew; an earlier one is dropped), as the
    /// topology would. A chunk that a stream refuses ends the run.
    /// </summary>
    /// <exception cref="ArgumentException">A chunk is refused.</exception>
    public static IEnumerable<WindowResult> Of(IEnumerable<SampleChunk> chunks, StageFactory? stages = null, WindowShape? shape = null)
    {
        ArgumentNullException.ThrowIfNull(chunks);
        return Walk(chunks, stages ?? (first => Stages.Create(first.Channels, first.RateHz)), shape ?? WindowShape.Default);
    }

    private static IEnumerable<WindowResult> Walk(IEnumerable<SampleChunk> chunks, StageFactory stages, WindowShape shape)
    {
        DeviceStream? stream = null;
        var (output, state) = (new StageOutput(), new PatientState());
        foreach (var chunk in chunks)
        {
            if (stream is null || chunk.Epoch > stream.Epoch)
                stream = new DeviceStream(shape, stages, chunk);
            if (chunk.Epoch < stream.Epoch)
                continue;
            if (stream.Accept(chunk) is { Fate: ChunkFate.Refused } refused)
                throw new ArgumentException(refused.Reason, nameof(chunks));
            while (stream.TryNext(output, out var passed))
            {
                yield return new WindowResult(passed, [.. Answers(output, state.MemoryOf(chunk.Device)), .. output.Estimates], [.. output.Beats]);
                output.Clear();
            }
        }
    }

    /// <summary>Asks networks at once, a row at a time.</summary>
    private static IEnumerable<Estimate> Answers(StageOutput output, RateMemory memory)
    {
        foreach (var question in output.Questions)
        {
            yield return question.Ask(memory);
            output.Return(question);
        }
    }
}
