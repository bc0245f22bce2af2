using System.Buffers;
using System.Text;
using Pipeline.Models.Signals;

namespace Pipeline.Host.Wire;

/// <summary>Writes sample chunks as <c>chunk.proto</c> says; equal chunks give equal bytes.</summary>
public static class SampleEncoder
{
    /// <summary>The version that this writer writes and the reader knows.</summary>
    public const uint Version = 1;

    /// <summary>The record's key: the patient's pseudonym in UTF-8.</summary>
    public static byte[] Key(PatientId patient) => Encoding.UTF8.GetBytes(patient.Value);

    /// <summary>The record's value.</summary>
    /// <exception cref="ArgumentException">The chunk has a fault; the message names it.</exception>
    public static byte[] Encode(SampleChunk chunk)
    {
        ArgumentNullException.ThrowIfNull(chunk);
        if (chunk.FindFault() is { } fault)
            throw new ArgumentException($"A chunk of {chunk.Patient} cannot be written: {fault}.", nameof(chunk));
        var streamBound = StreamBound(chunk);
        var buffer = ArrayPool<byte>.Shared.Rent(3 * streamBound + chunk.Samples.Length + 100);
        try
        {
            var stream = new WireWriter(buffer.AsSpan(0, streamBound));
            WriteStream(ref stream, chunk, buffer.AsSpan(streamBound, streamBound));
            var whole = new WireWriter(buffer.AsSpan(2 * streamBound));
            whole.Varint(1, Version);
            whole.Bytes(2, stream.Written);
            whole.Varint(3, (ulong)chunk.FirstSampleIndex);
            whole.Fixed64(4, chunk.FirstSampleTime.UnixNanoseconds);
            whole.Varint(5, (ulong)chunk.SampleCount);
            whole.Varint(6, chunk.LeadOff);
            whole.Varint(7, chunk.EndOfStream ? 1u : 0u);
            if (!chunk.Samples.IsEmpty)
                whole.Bytes(8, chunk.Samples.Span);
            return whole.Written.ToArray();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static void WriteStream(ref WireWriter writer, SampleChunk chunk, Span<byte> scratch)
    {
        writer.String(1, chunk.Patient.Value);
        writer.String(2, chunk.Ward);
        writer.String(3, chunk.Bed);
        writer.String(4, chunk.Device);
        writer.Varint(5, (ulong)chunk.Epoch);
        writer.Double(6, chunk.RateHz);
        writer.Varint(7, (ulong)chunk.Format);
        foreach (ref readonly var channel in chunk.Channels.Span)
        {
            var inner = new WireWriter(scratch);
            inner.String(1, channel.Label);
            inner.Varint(2, (ulong)channel.Kind);
            inner.String(3, channel.Unit);
            inner.Double(4, channel.Gain);
            inner.Double(5, channel.Baseline);
            writer.Bytes(8, inner.Written);
        }
    }

    private static int StreamBound(SampleChunk chunk)
    {
        var bound = 100 + 3 * (chunk.Patient.Value.Length + chunk.Ward.Length + chunk.Bed.Length + chunk.Device.Length);
        foreach (ref readonly var channel in chunk.Channels.Span)
            bound += ChannelBound(channel);
        return bound;
    }

    private static int ChannelBound(in Channel channel) => 64 + 3 * (channel.Label.Length + channel.Unit.Length);
}
