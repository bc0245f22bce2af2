using System.Buffers.Binary;
using System.Text;
using Pipeline.Training.Torch;
using Xunit;

namespace Pipeline.Tests.Torch;

public sealed class ElfVersionNeedsTests
{
    private static readonly (string Library, string[] Versions)[] Needs =
        [("libc.so.6", ["GLIBC_2.34", "GLIBC_2.2.5"]), ("libstdc++.so.6", ["GLIBCXX_3.4.32", "GLIBCXX_3.4"])];

    [Fact]
    public void The_needs_of_a_library_are_listed_in_their_order()
    {
        Assert.Equal(
            [("GLIBC_2.34", false), ("GLIBC_2.2.5", false), ("GLIBCXX_3.4.32", false), ("GLIBCXX_3.4", false)],
            ElfVersionNeeds.Of(Image()));
    }

    [Fact]
    public void One_version_is_marked_weak_and_no_other_byte_changes()
    {
        var image = Image();
        var before = image.ToArray();

        ElfVersionNeeds.MarkWeak(image, "GLIBCXX_3.4.32");

        Assert.Equal([false, false, true, false], ElfVersionNeeds.Of(image).Select(need => need.IsWeak));
        Assert.Single(image.Zip(before), pair => pair.First != pair.Second);
        var again = image.ToArray();
        ElfVersionNeeds.MarkWeak(again, "GLIBCXX_3.4.32");
        Assert.Equal(image, again);
    }

    [Fact]
    public void A_version_that_is_not_needed_is_refused() =>
        Assert.Contains("GLIBCXX_9", Assert.Throws<InvalidDataException>(() => ElfVersionNeeds.MarkWeak(Image(), "GLIBCXX_9")).Message,
            StringComparison.Ordinal);

    [Fact]
    public void Another_kind_of_file_is_refused()
    {
        var big = Image();
        big[5] = 2;   // big-endian

        Assert.Contains("ELF", Assert.Throws<InvalidDataException>(() => ElfVersionNeeds.Of("MZ and more"u8)).Message,
            StringComparison.Ordinal);
        Assert.Throws<InvalidDataException>(() => ElfVersionNeeds.Of(big));
    }

    [Fact]
    public void A_file_that_is_cut_or_damaged_anywhere_is_read_or_refused_and_never_read_beyond_its_end()
    {
        var image = Image();
        for (var length = 0; length < image.Length; length++)
            Assert.Throws<InvalidDataException>(() => ElfVersionNeeds.Of(image.AsSpan(0, length)));
        var random = new Random(7);
        for (var round = 0; round < 20_000; round++)
        {
            var damaged = image.ToArray();
            for (var k = random.Next(1, 4); k > 0; k--)
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            try
            {
                ElfVersionNeeds.MarkWeak(damaged, "GLIBCXX_3.4.32");
            }
            catch (InvalidDataException)
            {
                // Refused, as it may be.
            }
        }
    }

    [SkippableFact]
    public void The_library_of_the_package_needs_the_version_and_loads_without_it()
    {
        NeedLibtorch.OrSkip();
        var file = Libtorch.ShimPath is { } path && path.EndsWith(".so", StringComparison.Ordinal) ? path : null;
        Skip.If(file is null, "the library of this system is no ELF file");
        var image = File.ReadAllBytes(file!);   // not null: the test was skipped

        ElfVersionNeeds.MarkWeak(image, "GLIBCXX_3.4.32");

        Assert.Equal(["GLIBCXX_3.4.32"], ElfVersionNeeds.Of(image).Where(need => need.IsWeak).Select(need => need.Version));
    }

    /// <summary>An ELF file with a string table, a section of needs and the section headers, in that order.</summary>
    private static byte[] Image()
    {
        var strings = new List<byte> { 0 };
        int Add(string text)
        {
            var at = strings.Count;
            strings.AddRange(Encoding.ASCII.GetBytes(text + "\0"));
            return at;
        }
        var needs = new List<byte>();
        foreach (var (library, versions) in Needs)
        {
            var last = library == Needs[^1].Library;
            needs.AddRange(Bytes(1, (ushort)versions.Length, Add(library), 16, last ? 0 : 16 + 16 * versions.Length));
            foreach (var version in versions)
                needs.AddRange(Bytes(0x0d696914, (ushort)0, (ushort)5, Add(version), version == versions[^1] ? 0 : 16));
        }
        const int header = 64;
        var needsAt = header + strings.Count;
        var sectionsAt = needsAt + needs.Count;
        byte[] sections = [.. new byte[64], .. Section(0x6ffffffe, needsAt, needs.Count, link: 2, info: Needs.Length),
            .. Section(3, header, strings.Count, 0, 0)];
        var image = new byte[header];
        ((ReadOnlySpan<byte>)[0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1]).CopyTo(image);
        BinaryPrimitives.WriteInt64LittleEndian(image.AsSpan(0x28), sectionsAt);
        BinaryPrimitives.WriteInt16LittleEndian(image.AsSpan(0x3A), 64);
        BinaryPrimitives.WriteInt16LittleEndian(image.AsSpan(0x3C), 3);
        return [.. image, .. strings, .. needs, .. sections];
    }

    private static byte[] Section(uint type, int offset, int size, int link, int info)
    {
        var section = new byte[64];
        BinaryPrimitives.WriteUInt32LittleEndian(section.AsSpan(4), type);
        BinaryPrimitives.WriteInt64LittleEndian(section.AsSpan(0x18), offset);
        BinaryPrimitives.WriteInt64LittleEndian(section.AsSpan(0x20), size);
        BinaryPrimitives.WriteInt32LittleEndian(section.AsSpan(0x28), link);
        BinaryPrimitives.WriteInt32LittleEndian(section.AsSpan(0x2C), info);
        return section;
    }

    // Verneed: version, count (16 bits each), file, aux, next.
    private static byte[] Bytes(ushort version, ushort count, int file, int aux, int next) =>
        [.. BitConverter.GetBytes(version), .. BitConverter.GetBytes(count), .. BitConverter.GetBytes(file), .. BitConverter.GetBytes(aux),
            .. BitConverter.GetBytes(next)];

    // Vernaux: hash, flags, other (16 bits each), name, next.
    private static byte[] Bytes(int hash, ushort flags, ushort other, int name, int next) =>
        [.. BitConverter.GetBytes(hash), .. BitConverter.GetBytes(flags), .. BitConverter.GetBytes(other), .. BitConverter.GetBytes(name),
            .. BitConverter.GetBytes(next)];
}
