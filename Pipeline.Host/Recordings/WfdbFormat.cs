using System.Buffers.Binary;

namespace Pipeline.Host.Recordings;

/// <summary>
/// How the samples of WFDB signal files are stored (<c>signal(5)</c>, https://physionet.org/physiotools/wag/signal-5.htm). Every format but
/// 0 (a signal without samples, in layout headers) has a lowest number that says that a sample is missing.
/// </summary>
internal static class WfdbFormat
{
    /// <summary>What a missing sample is unpacked to.</summary>
    public const int Missing = int.MinValue;

    /// <summary>Samples that every block begins at a multiple of, so that it begins at a whole byte in every format.</summary>
    public const int BlockSamples = 6;

    /// <summary>The formats that are read, for a message.</summary>
    public const string Names = "16, 24, 32, 61, 80, 160, 212, 310 and 311";

    /// <summary>Whether a format is read; 0 is one without samples.</summary>
    public static bool IsKnown(int format) => format is 0 or 16 or 24 or 32 or 61 or 80 or 160 or 212 or 310 or 311;

    /// <summary>Whether its samples do not fit into int16.</summary>
    public static bool IsWide(int format) => format is 24 or 32;

    /// <summary>Bytes of so many samples from the beginning of a block on.</summary>
    public static int Bytes(int format, int samples) => format switch
    {
        80 => samples,
        24 => 3 * samples,
        32 => 4 * samples,
        212 => samples / 2 * 3 + samples % 2 * 2,
        310 => samples / 3 * 4 + samples % 3 * 2,
        // The bits of a sample follow those of the one before, 30 of 32.
        311 => samples / 3 * 4 + (samples % 3 * 10 + 7) / 8,
        _ => 2 * samples,
    };

    /// <summary>Samples that so many bytes hold.</summary>
    public static long Samples(int format, long bytes) => format switch
    {
        0 => 0,
        80 => bytes,
        24 => bytes / 3,
        32 => bytes / 4,
        212 => bytes / 3 * 2 + (bytes % 3 == 2 ? 1 : 0),
        310 => bytes / 4 * 3 + (bytes % 4 >= 2 ? 1 : 0),
        311 => bytes / 4 * 3 + (bytes % 4 == 3 ? 2 : bytes % 4 == 2 ? 1 : 0),
        _ => bytes / 2,
    };

    /// <summary>Unpacks samples from the beginning of a block on; a missing one is <see cref="Missing"/>.</summary>
    public static void Unpack(int format, ReadOnlySpan<byte> bytes, Span<int> samples)
    {
        switch (format)
        {
            case 212:
                Unpack212(bytes, samples);
                break;
            case 310:
                Unpack310(bytes, samples);
                break;
            case 311:
                Unpack311(bytes, samples);
                break;
            default:
                for (var i = 0; i < samples.Length; i++)
                    samples[i] = WholeBytes(format, bytes, i);
                break;
        }
    }

    private static int WholeBytes(int format, ReadOnlySpan<byte> bytes, int i) => format switch
    {
        16 => OrMissing(BinaryPrimitives.ReadInt16LittleEndian(bytes[(2 * i)..]), 16),
        61 => OrMissing(BinaryPrimitives.ReadInt16BigEndian(bytes[(2 * i)..]), 16),
        160 => OrMissing(BinaryPrimitives.ReadUInt16LittleEndian(bytes[(2 * i)..]) - 32768, 16),
        80 => OrMissing(bytes[i] - 128, 8),
        24 => OrMissing(bytes[3 * i] | bytes[3 * i + 1] << 8 | (sbyte)bytes[3 * i + 2] << 16, 24),
        _ => BinaryPrimitives.ReadInt32LittleEndian(bytes[(4 * i)..]),   // 32: its lowest number is Missing itself
    };

    private static void Unpack212(ReadOnlySpan<byte> bytes, Span<int> samples)
    {
        for (int i = 0, at = 0; i < samples.Length; i += 2, at += 3)
        {
            samples[i] = Widened(bytes[at] | (bytes[at + 1] & 0x0F) << 8, 12);
            if (i + 1 < samples.Length)
                samples[i + 1] = Widened(bytes[at + 2] | (bytes[at + 1] & 0xF0) << 4, 12);
        }
    }

    // Two pairs of bytes: bits 1 to 10 of each are a sample, their bits 11 to 15 are the low and the high half of the third.
    private static void Unpack310(ReadOnlySpan<byte> bytes, Span<int> samples)
    {
        for (int i = 0, at = 0; i < samples.Length; i += 3, at += 4)
        {
            int first = BinaryPrimitives.ReadUInt16LittleEndian(bytes[at..]);
            samples[i] = Widened(first >> 1 & 0x3FF, 10);
            if (i + 1 == samples.Length)
                return;
            int second = BinaryPrimitives.ReadUInt16LittleEndian(bytes[(at + 2)..]);
            samples[i + 1] = Widened(second >> 1 & 0x3FF, 10);
            if (i + 2 < samples.Length)
                samples[i + 2] = Widened(first >> 11 | second >> 11 << 5, 10);
        }
    }

    // Three samples in the low 30 bits of a 32-bit number, the first in the lowest.
    private static void Unpack311(ReadOnlySpan<byte> bytes, Span<int> samples)
    {
        Span<byte> word = stackalloc byte[4];
        for (int i = 0, at = 0; i < samples.Length; i += 3, at += 4)
        {
            word.Clear();
            bytes[at..Math.Min(bytes.Length, at + 4)].CopyTo(word);
            var bits = BinaryPrimitives.ReadInt32LittleEndian(word);
            for (var k = 0; k < 3 && i + k < samples.Length; k++)
                samples[i + k] = Widened(bits >> 10 * k & 0x3FF, 10);
        }
    }

    private static int Widened(int low, int bits) => OrMissing(low << 32 - bits >> 32 - bits, bits);

    private static int OrMissing(int value, int bits) => value == -1 << bits - 1 ? Missing : value;
}
