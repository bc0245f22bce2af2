using System.Buffers.Binary;
using Pipeline.Models;
using Pipeline.Models.Signals;

namespace Pipeline.Actors.Cluster;

/// <summary>A chunk of a patient on its way to who looks at it, perhaps in another process.</summary>
/// <param name="Number">Counts what one process sent to one receiver, from 1.</param>
/// <param name="Skipped">Chunks that were passed over before it, as the receiver had no room.</param>
/// <param name="Patient">Pseudonym.</param>
/// <param name="Ward">Ward; may be empty.</param>
/// <param name="Bed">Bed; may be empty.</param>
/// <param name="Device">Device.</param>
/// <param name="Epoch">The device's epoch.</param>
/// <param name="RateHz">Samples per second and channel.</param>
/// <param name="FirstSampleIndex">Index of the first sample in the epoch.</param>
/// <param name="Time">Event time of the first sample, by the device.</param>
/// <param name="Channels">The channels, in the order of <paramref name="Stored"/>.</param>
/// <param name="SampleCount">Samples per channel.</param>
/// <param name="Format">How the samples are stored.</param>
/// <param name="Stored">The stored samples: [channels x samples], little-endian.</param>
public sealed record LiveSamples(
    long Number, long Skipped, string Patient, string Ward, string Bed, string Device, long Epoch, double RateHz, long FirstSampleIndex, DateTimeOffset Time,
    LiveChannel[] Channels, int SampleCount, SampleFormat Format, byte[] Stored) : IWireMessage
{
    /// <summary>Makes the message of a chunk.</summary>
    internal static LiveSamples From(SampleChunk chunk, long number, long skipped) => new(
        number, skipped, chunk.Patient.Value, chunk.Ward, chunk.Bed, chunk.Device, chunk.Epoch, chunk.RateHz, chunk.FirstSampleIndex, chunk.FirstSampleTime.ToDateTimeOffset(),
        [.. chunk.Channels.Span.ToArray().Select(channel => new LiveChannel(channel.Label, Names.Of(channel.Kind), channel.Unit, channel.Gain, channel.Baseline))],
        chunk.SampleCount, chunk.Format, chunk.Samples.ToArray());

    /// <summary>Physical values of a channel: [<see cref="SampleCount"/>], in its unit; NaN where a sample is missing.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such channel, or fewer stored samples than it takes.</exception>
    public float[] ValuesOf(int channel)
    {
        var (gain, baseline) = (Channels[channel].Gain, Channels[channel].Baseline);
        var size = SampleChunk.BytesPerSample(Format);
        var stored = Stored.AsSpan(channel * SampleCount * size, SampleCount * size);
        var values = new float[SampleCount];
        for (var index = 0; index < values.Length; index++)
        {
            var number = Format == SampleFormat.Float32
                ? BinaryPrimitives.ReadSingleLittleEndian(stored[(index * size)..])
                : BinaryPrimitives.ReadInt16LittleEndian(stored[(index * size)..]) is var whole && whole != SampleChunk.MissingInt16 ? whole : float.NaN;
            values[index] = (float)((number - baseline) / gain);
        }
        return values;
    }
}

/// <summary>A channel of <see cref="LiveSamples"/>.</summary>
/// <param name="Label">The device's own name of it.</param>
/// <param name="Kind">What it measures, as in the store's tags.</param>
/// <param name="Unit">Unit of the physical value.</param>
/// <param name="Gain">Stored units per physical unit.</param>
/// <param name="Baseline">Stored value of physical zero.</param>
public sealed record LiveChannel(string Label, string Kind, string Unit, double Gain, double Baseline);
