using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using System.Text;

namespace Pipeline.Benchmarks.Ward;

/// <summary>
/// What the patients of the "ward windows" workload send: 125 samples of 4 channels a second as messages of 1,029 bytes, with repeated, lost and
/// delayed ones. The payloads of the first 1,000 patients are made once; a message is a new array.
/// </summary>
internal sealed class WardSignal
{
    public const int RateHz = 125;
    public const int ChannelCount = 4;
    public const int HeaderBytes = 29;
    public const int PayloadBytes = RateHz * ChannelCount * sizeof(short);
    private const int PeriodSeconds = 128;
    private const int MostPayloads = 1_000;
    private const long StartMs = 1_800_000_000_000;

    private readonly byte[][] _payloads;    // [patient][second of the period x PayloadBytes]
    private readonly byte[][] _ids;

    public WardSignal(int patientCount)
    {
        PatientCount = patientCount;
        _payloads = new byte[Math.Min(patientCount, MostPayloads)][];
        _ids = new byte[patientCount][];
        for (var p = 0; p < _payloads.Length; p++)
            _payloads[p] = MakePayloads(p);
        for (var p = 0; p < patientCount; p++)
            _ids[p] = Encoding.ASCII.GetBytes($"P{p:D6}");
    }

    public int PatientCount { get; }

    /// <summary>The messages of <paramref name="seconds"/> seconds, in the order in which they are sent.</summary>
    public IEnumerable<(int Patient, int Chunk)> Order(int seconds)
    {
        for (var t = 0; t < seconds; t++)
            for (var p = 0; p < PatientCount; p++)
            {
                var fault = Fault(p, t);
                if (fault is not (1 or 2))
                    yield return (p, t);
                if (fault == 0)
                    yield return (p, t);
                if (t > 0 && Fault(p, t - 1) == 2)
                    yield return (p, t - 1);
            }
    }

    /// <summary>Chunk <paramref name="chunk"/> of <paramref name="patient"/> as it is sent.</summary>
    public byte[] Message(int patient, int chunk)
    {
        var message = new byte[HeaderBytes + PayloadBytes];
        message[0] = 1;
        message[1] = 7;
        _ids[patient].CopyTo(message, 2);
        BinaryPrimitives.WriteInt64LittleEndian(message.AsSpan(9), (long)chunk * RateHz);
        BinaryPrimitives.WriteInt64LittleEndian(message.AsSpan(17), StartMs + chunk * 1000L);
        BinaryPrimitives.WriteInt16LittleEndian(message.AsSpan(25), RateHz);
        BinaryPrimitives.WriteInt16LittleEndian(message.AsSpan(27), ChannelCount);
        var at = chunk % PeriodSeconds * PayloadBytes;
        _payloads[patient % MostPayloads].AsSpan(at, PayloadBytes).CopyTo(message.AsSpan(HeaderBytes));
        Prefetch(_payloads[(patient + 1) % _payloads.Length].AsSpan(at, PayloadBytes));     // the pool does not fit into any cache
        return message;
    }

    private static unsafe void Prefetch(ReadOnlySpan<byte> payload)
    {
        if (!Sse.IsSupported)
            return;
        fixed (byte* first = payload)
            for (var i = 0; i < PayloadBytes; i += 64)
                Sse.Prefetch0(first + i);
    }

    /// <summary>0: sent twice; 1: lost; 2: sent a second late; else sent once.</summary>
    private static int Fault(int patient, int chunk) =>
        Mix(20260702u ^ (uint)patient * 0x9E3779B1u ^ (uint)chunk * 0x27D4EB2Fu) & 255;

    private static byte[] MakePayloads(int patient)
    {
        var bytes = new byte[PeriodSeconds * PayloadBytes];
        var samples = MemoryMarshal.Cast<byte, short>(bytes.AsSpan());
        var at = 0;
        for (var second = 0; second < PeriodSeconds; second++)
            for (var channel = 0; channel < ChannelCount; channel++)
                for (var i = 0; i < RateHz; i++)
                    samples[at++] = Sample(patient % MostPayloads, channel, second * RateHz + i);
        return bytes;
    }

    private static short Sample(int q, int channel, int n)
    {
        var millihertz = channel == 0 ? 900 + q * 37 % 1200 : 100 + (q * 11 + channel * 53) % 300;
        var step = (int)(((long)millihertz << 32) / 125_000);
        var x = unchecked(n * step) >> 16;
        var wave = (x * (32768 - Math.Abs(x))) >> 15;
        var noise = (Mix(20260701u ^ (uint)q * 0x9E3779B1u ^ (uint)(channel * 16_000 + n) * 0x27D4EB2Fu) & 511) - 256;
        return (short)((channel == 0 ? wave : (wave >> 3) + (channel == 3 ? 4096 : 0)) + noise);
    }

    private static int Mix(uint h)
    {
        h ^= h >> 16;
        h *= 0x85EBCA6B;
        h ^= h >> 13;
        h *= 0xC2B2AE35;
        return (int)(h ^ (h >> 16));
    }
}
