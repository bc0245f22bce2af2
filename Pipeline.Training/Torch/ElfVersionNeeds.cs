using System.Buffers.Binary;
using System.Text;

namespace Pipeline.Training.Torch;

/// <summary>
/// The versions that a 64-bit little-endian ELF library needs of other libraries (section <c>.gnu.version_r</c>; Linux Standard Base, core
/// specification, "Symbol Versioning"). The loader refuses a library when one of them is missing, unless the need is marked weak.
/// </summary>
public static class ElfVersionNeeds
{
    private const int ElfHeaderLength = 64, SectionHeaderLength = 64;
    private const uint VersionNeedSection = 0x6ffffffe;   // SHT_GNU_verneed
    private const ushort Weak = 2;                        // VER_FLG_WEAK

    /// <summary>
    /// Marks the need for <paramref name="version"/> weak, in place. A library without section headers or without the need is an error.
    /// </summary>
    /// <param name="image">The whole file.</param>
    /// <param name="version">Name of the version, for example <c>GLIBCXX_3.4.32</c>.</param>
    /// <exception cref="InvalidDataException">Not such a file, cut, or it does not need the version.</exception>
    public static void MarkWeak(Span<byte> image, string version)
    {
        var marked = false;
        foreach (var (name, flagsAt, flags) in Read(image))
        {
            if (name != version)
                continue;
            BinaryPrimitives.WriteUInt16LittleEndian(image[flagsAt..], (ushort)(flags | Weak));
            marked = true;
        }
        if (!marked)
            throw new InvalidDataException($"It does not need the version {version}.");
    }

    /// <summary>The needs in their order in the file, and whether each is weak.</summary>
    /// <exception cref="InvalidDataException">Not such a file, or cut.</exception>
    public static IReadOnlyList<(string Version, bool IsWeak)> Of(ReadOnlySpan<byte> image) =>
        [.. Read(image).Select(need => (need.Version, (need.Flags & Weak) != 0))];

    private static List<(string Version, int FlagsAt, ushort Flags)> Read(ReadOnlySpan<byte> image)
    {
        ReadOnlySpan<byte> elf64LittleEndian = [0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1];
        if (image.Length < ElfHeaderLength || !image.StartsWith(elf64LittleEndian))
            throw new InvalidDataException("It is no 64-bit little-endian ELF file.");
        var sections = Offset(image, 0x28);
        int entryLength = UInt16(image, 0x3A), count = UInt16(image, 0x3C);
        if (entryLength < SectionHeaderLength)
            throw new InvalidDataException("It has no section headers.");
        var needs = new List<(string, int, ushort)>();
        for (var s = 0; s < count; s++)
        {
            var header = sections + s * entryLength;
            _ = Part(image, header, SectionHeaderLength, entryLength);
            if (UInt32(image, header + 4) != VersionNeedSection)
                continue;
            var strings = sections + (int)UInt32(image, header + 0x28) * entryLength;   // sh_link: the string table
            ReadSection(image, Offset(image, header + 0x18), (int)UInt32(image, header + 0x2C), Offset(image, strings + 0x18), needs);
        }
        return needs;
    }

    /// <summary>
    /// One Verneed record a library, and in each a list of Vernaux records, one a version; links are distances in bytes, 0 in the last.
    /// </summary>
    private static void ReadSection(ReadOnlySpan<byte> image, int at, int libraries, int strings, List<(string, int, ushort)> needs)
    {
        for (var library = 0; library < libraries; library++)
        {
            var need = at + Distance(image, at + 8);
            for (int v = 0, versions = UInt16(image, at + 2); v < versions; v++)
            {
                needs.Add((Text(image, strings + Distance(image, need + 8)), need + 4, UInt16(image, need + 4)));
                if (Distance(image, need + 12) == 0)
                    break;
                need += Distance(image, need + 12);
            }
            if (Distance(image, at + 12) == 0)
                break;
            at += Distance(image, at + 12);
        }
    }

    private static string Text(ReadOnlySpan<byte> image, int at)
    {
        var rest = Part(image, at, 1, image.Length - at);
        var end = rest.IndexOf((byte)0);
        return end >= 0 ? Encoding.ASCII.GetString(rest[..end]) : throw Cut();
    }

    private static ushort UInt16(ReadOnlySpan<byte> image, int at) => BinaryPrimitives.ReadUInt16LittleEndian(Part(image, at, 2, 2));

    private static uint UInt32(ReadOnlySpan<byte> image, int at) => BinaryPrimitives.ReadUInt32LittleEndian(Part(image, at, 4, 4));

    private static int Offset(ReadOnlySpan<byte> image, int at)
    {
        var offset = BinaryPrimitives.ReadUInt64LittleEndian(Part(image, at, 8, 8));
        return offset < (ulong)image.Length ? (int)offset : throw Cut();
    }

    private static int Distance(ReadOnlySpan<byte> image, int at)
    {
        var distance = UInt32(image, at);
        return distance < (uint)image.Length ? (int)distance : throw Cut();
    }

    private static ReadOnlySpan<byte> Part(ReadOnlySpan<byte> image, int at, int least, int length) =>
        at >= 0 && length >= least && at <= image.Length - length ? image.Slice(at, length) : throw Cut();

    private static InvalidDataException Cut() => new("A record lies outside of the file.");
}
