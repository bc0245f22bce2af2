using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using Pipeline.Models.Signals;

namespace Pipeline.Host.Wire;

/// <summary>
/// Streams by their bytes, so that a chunk of a known stream is not read again. Bounded; layouts and names that several streams have in
/// common are kept once.
/// </summary>
internal sealed class StreamCache
{
    // Streams of one process: some thousands. A flood of new ones (a broken producer) starts it afresh instead of filling the memory.
    private const int Capacity = 16_384;

    /// <summary>Most bytes of streams' forms that are kept; a usual one has some hundred, the largest that says anything 40 kB.</summary>
    public const long MaxBytes = 8 << 20;

    // A longer form holds fields that this reader does not know, and is read each time: such fields may change with each chunk.
    private const int LongestKept = 64 << 10;

    private readonly Dictionary<byte[], StreamHeader> _streams = new(BytesComparer.Instance);
    private readonly Dictionary<byte[], StreamHeader>.AlternateLookup<ReadOnlySpan<byte>> _bySpan;
    private readonly Dictionary<ChannelLayout, ChannelLayout> _layouts = [];
    private readonly Dictionary<string, string> _names = new(StringComparer.Ordinal);

    private readonly PseudonymForm _form;

    /// <param name="form">What the patients' pseudonyms may look like.</param>
    public StreamCache(PseudonymForm form) => (_form, _bySpan) = (form, _streams.GetAlternateLookup<ReadOnlySpan<byte>>());

    public int Count => _streams.Count;

    /// <summary>Bytes of the streams' forms that are kept.</summary>
    public long Bytes { get; private set; }

    public bool TryGet(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out StreamHeader? stream, [NotNullWhen(false)] out string? refused)
    {
        refused = null;
        if (_bySpan.TryGetValue(bytes, out stream))
            return true;
        if (StreamHeader.Read(bytes, out refused) is not { } read)
        {
            refused ??= "stream";
            return false;
        }
        refused = _form.FindFault(read.Patient.Value);
        if (refused is not null)
            return false;
        if (bytes.Length > LongestKept)
        {
            stream = read;
            return true;
        }
        if (_streams.Count >= Capacity || Bytes + bytes.Length > MaxBytes)
        {
            Bytes = 0;
            _streams.Clear();
            _layouts.Clear();
            _names.Clear();
        }
        stream = new StreamHeader
        {
            Patient = read.Patient,
            Key = read.Key,
            Ward = Once(read.Ward),
            Bed = Once(read.Bed),
            Device = Once(read.Device),
            Epoch = read.Epoch,
            RateHz = read.RateHz,
            Format = read.Format,
            Channels = Once(read.Channels),
        };
        _streams.Add(bytes.ToArray(), stream);
        Bytes += bytes.Length;
        return true;
    }

    private ChannelLayout Once(ChannelLayout layout) =>
        CollectionsMarshal.GetValueRefOrAddDefault(_layouts, layout, out _) ??= layout;

    private string Once(string name) => CollectionsMarshal.GetValueRefOrAddDefault(_names, name, out _) ??= name;

    private sealed class BytesComparer : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
    {
        public static readonly BytesComparer Instance = new();

        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode(byte[] obj) => GetHashCode(obj.AsSpan());

        public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

        public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();

        /// <summary>Eight bytes at a time, folded 128-bit products (as wyhash does): the streams differ in few bytes of some hundred.</summary>
        public int GetHashCode(ReadOnlySpan<byte> alternate)
        {
            var hash = 0xA0761D6478BD642FUL ^ (ulong)alternate.Length;
            var words = MemoryMarshal.Cast<byte, ulong>(alternate);
            foreach (var word in words)
                hash = Fold(hash ^ word);
            ulong rest = 0;
            foreach (var b in alternate[(words.Length * sizeof(ulong))..])
                rest = rest << 8 | b;
            hash = Fold(hash ^ rest);
            return (int)(hash ^ hash >> 32);
        }

        private static ulong Fold(ulong value)
        {
            var high = Math.BigMul(value, 0xE7037ED1A0B428DBUL, out var low);
            return high ^ low;
        }
    }
}
