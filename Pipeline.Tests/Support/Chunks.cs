using System.Runtime.InteropServices;
using Pipeline.Models.Signals;

namespace Pipeline.Tests.Support;

/// <summary>Makes chunks for tests: by default one channel "X" of one device at 10 Hz whose stored sample i is i mod 30,000.</summary>
internal static class Chunks
{
    public static readonly Timestamp Start = Timestamp.From(new DateTimeOffset(2026, 7, 1, 8, 0, 0, TimeSpan.Zero));

    public static readonly ChannelLayout OneChannel = new(new Channel("X", SignalKind.Unknown, "1"));

    public static SampleChunk Of(
        long first, int count, string patient = "P1", string device = "d1", long epoch = 0, double rateHz = 10,
        ChannelLayout? channels = null, bool end = false, ulong leadOff = 0, Timestamp? time = null, string bed = "b1", string ward = "w1")
    {
        channels ??= OneChannel;
        var samples = new short[channels.Count * count];
        for (var c = 0; c < channels.Count; c++)
            for (var i = 0; i < count; i++)
                samples[c * count + i] = (short)((first + i + 7 * c) % 30_000);
        return Of(samples, first, count, patient, device, epoch, rateHz, channels, end, leadOff, time, bed, ward);
    }

    public static SampleChunk Of(
        short[] samples, long first, int count, string patient = "P1", string device = "d1", long epoch = 0, double rateHz = 10,
        ChannelLayout? channels = null, bool end = false, ulong leadOff = 0, Timestamp? time = null, string bed = "b1", string ward = "w1") => new()
        {
            Patient = new PatientId(patient),
            Bed = bed,
            Ward = ward,
            Device = device,
            Epoch = epoch,
            RateHz = rateHz,
            FirstSampleIndex = first,
            FirstSampleTime = time ?? Start.AddSeconds(first / rateHz),
            Channels = channels ?? OneChannel,
            SampleCount = count,
            Format = SampleFormat.Int16,
            Samples = MemoryMarshal.AsBytes(samples.AsSpan()).ToArray(),
            LeadOff = leadOff,
            EndOfStream = end,
        };

    /// <summary>The same samples as float32.</summary>
    public static SampleChunk AsFloat32(SampleChunk chunk)
    {
        var values = new float[chunk.SampleCount * chunk.Channels.Count];
        for (var c = 0; c < chunk.Channels.Count; c++)
            for (var i = 0; i < chunk.SampleCount; i++)
                values[c * chunk.SampleCount + i] = chunk.Int16(c)[i] == SampleChunk.MissingInt16 ? float.NaN : chunk.Int16(c)[i];
        return chunk with { Format = SampleFormat.Float32, Samples = MemoryMarshal.AsBytes(values.AsSpan()).ToArray() };
    }
}
