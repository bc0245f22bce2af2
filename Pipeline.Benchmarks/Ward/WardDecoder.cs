using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Pipeline.Models.Signals;

namespace Pipeline.Benchmarks.Ward;

/// <summary>Message of the workload → chunk, whose samples stay in the message. Pseudonyms are made once a patient.</summary>
internal sealed class WardDecoder
{
    private static readonly ChannelLayout Channels = new(
        new Channel("PPG", SignalKind.Ppg, "1"), new Channel("ACCX", SignalKind.Acc, "g"), new Channel("ACCY", SignalKind.Acc, "g"), new Channel("ACCZ", SignalKind.Acc, "g"));

    private readonly Dictionary<ulong, PatientId> _patients = [];

    public SampleChunk Decode(byte[] message)
    {
        var bytes = message.AsSpan();
        if (bytes.Length != WardSignal.HeaderBytes + WardSignal.PayloadBytes || bytes[0] != 1 || bytes[1] != 7)
            throw new FormatException("Not a message of the workload.");
        var sampleCount = BinaryPrimitives.ReadInt16LittleEndian(bytes[25..]);
        return new SampleChunk
        {
            Patient = PatientOf(BinaryPrimitives.ReadUInt64LittleEndian(bytes[1..])),     // the length 7 and the id's 7 bytes
            Bed = "",
            Ward = "",
            Device = "wrist",
            Epoch = 0,
            RateHz = WardSignal.RateHz,
            FirstSampleIndex = BinaryPrimitives.ReadInt64LittleEndian(bytes[9..]),
            FirstSampleTime = new Timestamp(BinaryPrimitives.ReadInt64LittleEndian(bytes[17..]) * 1_000_000),
            Channels = Channels,
            SampleCount = sampleCount,
            Format = SampleFormat.Int16,
            Samples = message.AsMemory(WardSignal.HeaderBytes),
        };
    }

    private PatientId PatientOf(ulong key)
    {
        ref var patient = ref CollectionsMarshal.GetValueRefOrAddDefault(_patients, key, out var known);
        if (!known)
        {
            Span<byte> id = stackalloc byte[8];
            BinaryPrimitives.WriteUInt64LittleEndian(id, key);
            patient = new PatientId(Encoding.ASCII.GetString(id[1..]));
        }
        return patient;
    }
}
