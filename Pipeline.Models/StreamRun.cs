using System.Runtime.InteropServices;
using Pipeline.Models.Estimators;
using Pipeline.Models.Estimators.Beats;
using Pipeline.Models.Signals;

namespace Pipeline.Models;

/// <summary>What the stages said of one window.</summary>
/// <param name="Window">The window, or the stream's tail.</param>
/// <param name="Estimates">Estimates, in the order of the stages; empty for a tail.</param>
/// <param name="Beats">Beats that became certain with it.</param>
/// <param name="Events">Events that were recognized with it, or are over.</param>
public sealed record WindowResult(
    PassedWindow Window, IReadOnlyList<Estimate> Estimates, IReadOnlyList<Beat> Beats, IReadOnlyList<SignalEvent> Events)
{
    /// <summary>What an autoencoder says of beats, of this window and before it; empty where none is asked.</summary>
    public IReadOnlyList<EncodedBeat> Encoded { get; init; } = [];
}

/// <summary>A device's chunks, one after the other, through <see cref="DeviceStream"/>: for measuring an estimator without a topology around it.
/// A network is asked a window at a time, at once.</summary>
public static class StreamRun
{
    /// <summary>
    /// Yields a result for each window of <paramref name="chunks"/> (one device; a new epoch starts anew; an earlier one is dropped), as the
    /// topology would. A chunk that a stream refuses ends the run. <paramref name="asking"/> sees each question with the state in which it is asked.
    /// </summary>
    /// <exception cref="ArgumentException">A chunk is refused.</exception>
    public static IEnumerable<WindowResult> Of(
        IEnumerable<SampleChunk> chunks, StageFactory? stages = null, WindowShape? shape = null, Action<NetworkQuestion, RateMemory>? asking = null)
    {
        ArgumentNullException.ThrowIfNull(chunks);
        return Walk(chunks, stages ?? (first => Stages.Create(first.Channels, first.RateHz)), shape ?? WindowShape.Default, asking);
    }

    /// <summary>Samples in memory as a device sends them: float32, in epoch 0, from time 0 on, the last chunk with the end of the stream.</summary>
    /// <param name="samples">[channels][samples], all of one length, in the channels' units; NaN where one is missing.</param>
    /// <param name="layout">The channels.</param>
    /// <param name="rateHz">Samples per second and channel.</param>
    /// <param name="size">Samples of a chunk; those of a second without it.</param>
    public static IEnumerable<SampleChunk> Chunks(float[][] samples, ChannelLayout layout, double rateHz, int? size = null)
    {
        ArgumentNullException.ThrowIfNull(samples);
        var (most, all) = (size ?? (int)rateHz, samples[0].Length);
        for (var first = 0; first < all; first += most)
        {
            var count = Math.Min(most, all - first);
            var values = new float[samples.Length * count];
            for (var c = 0; c < samples.Length; c++)
                samples[c].AsSpan(first, count).CopyTo(values.AsSpan(c * count));
            yield return new SampleChunk
            {
                Patient = new PatientId("recording"),
                Bed = "",
                Ward = "",
                Device = "device",
                Epoch = 0,
                RateHz = rateHz,
                FirstSampleIndex = first,
                FirstSampleTime = default(Timestamp).AddSeconds(first / rateHz),
                Channels = layout,
                SampleCount = count,
                Format = SampleFormat.Float32,
                Samples = MemoryMarshal.AsBytes(values.AsSpan()).ToArray(),
                EndOfStream = first + count >= all,
            };
        }
    }

    private static IEnumerable<WindowResult> Walk(IEnumerable<SampleChunk> chunks, StageFactory stages, WindowShape shape, Action<NetworkQuestion, RateMemory>? asking)
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
                var encoded = new List<EncodedBeat>();
                yield return new WindowResult(passed, [.. Answers(output, state, chunk.Device, encoded, asking), .. output.Estimates], [.. output.Beats], [.. output.Events]) { Encoded = encoded };
                output.Clear();
            }
        }
    }

    /// <summary>Asks networks at once, a row at a time.</summary>
    private static IEnumerable<Estimate> Answers(StageOutput output, PatientState state, string device, List<EncodedBeat> encoded, Action<NetworkQuestion, RateMemory>? asking)
    {
        foreach (var question in output.Questions)
        {
            var memory = state.MemoryOf(device, question.Model);
            question.Begin(memory);
            asking?.Invoke(question, memory);
            yield return question.Ask(memory);
            encoded.AddRange(question.Beats);
            output.Return(question);
        }
    }
}
