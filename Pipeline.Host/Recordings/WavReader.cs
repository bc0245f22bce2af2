using System.Buffers.Binary;
using Pipeline.Models.Signals;

namespace Pipeline.Host.Recordings;

/// <summary>
/// A WAV file (RIFF; Microsoft's multimedia programming interface 1.0) or its long form RF64 (EBU Tech 3306): PCM of 8, 16, 24 or 32 bits,
/// or IEEE float of 32 or 64, any number of channels. A length that was never written, or is wrong, is the file's. Values are parts of full
/// scale, −1 to 1. A WAV names no channels, and those of this trade are heart sounds: they are called <c>PCG</c> (<c>PCG1</c>, <c>PCG2</c>,
/// … when there are several).
/// </summary>
internal sealed class WavReader : IFrameReader
{
    private const ushort Pcm = 1, Float = 3, Extensible = 0xFFFE;

    private readonly string _name;
    private readonly FileStream _stream;
    private readonly byte[] _block;
    private readonly List<string> _notes = [];
    private int _channelCount;
    private int _bits;
    private bool _isFloat;
    private double _rateHz;
    private long _frameCount;
    private long _longSize;   // RF64: bytes of samples
    private long _next;

    public WavReader(string path)
    {
        _name = Path.GetFileName(path);
        _stream = RecordingFile.Open(path);
        try
        {
            ReadHeader();
        }
        catch
        {
            _stream.Dispose();
            throw;
        }
        var gain = Format == SampleFormat.Float32 ? 1.0 : 1 << (_bits - 1);
        Signals =
        [
            .. Enumerable.Range(1, _channelCount)
                .Select(c => new RecordedSignal(_channelCount == 1 ? "PCG" : $"PCG{c}", "", gain, 0, 1)),
        ];
        _block = new byte[Math.Max(1, (int)_rateHz) * _channelCount * (_bits / 8)];
    }

    public SampleFormat Format => _bits <= 16 ? SampleFormat.Int16 : SampleFormat.Float32;

    public IReadOnlyList<RecordedSignal> Signals { get; }

    public double FramesPerSecond => _rateHz;

    public double Seconds => _frameCount / _rateHz;

    public IReadOnlyList<string> Notes => _notes;

    private int FrameBytes => _channelCount * (_bits / 8);

    public bool ReadInto(ReadOnlySpan<SignalBuffer> buffers)
    {
        var frames = (int)Math.Min(_block.Length / FrameBytes, _frameCount - _next);
        if (frames <= 0)
            return false;
        var bytes = _block.AsSpan(0, frames * FrameBytes);
        if (_stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false) < bytes.Length)
            throw new RecordingException($"{_name}: became shorter while it was read");
        for (var c = 0; c < _channelCount; c++)
        {
            var first = bytes[(c * (_bits / 8))..];
            if (Format == SampleFormat.Int16)
                Unpack(first, buffers[c].AppendInt16(frames));
            else
                Unpack(first, buffers[c].AppendFloat32(frames));
        }
        _next += frames;
        return true;
    }

    public void Dispose() => _stream.Dispose();

    private void Unpack(ReadOnlySpan<byte> bytes, Span<short> samples)
    {
        // 8 bits are unsigned about 128. Full scale below, −32768, is a sample here and "missing" on the wire: raised by one.
        for (var i = 0; i < samples.Length; i++)
            samples[i] = _bits == 8
                ? (short)(bytes[i * FrameBytes] - 128)
                : Math.Max(BinaryPrimitives.ReadInt16LittleEndian(bytes[(i * FrameBytes)..]), (short)-short.MaxValue);
    }

    private void Unpack(ReadOnlySpan<byte> bytes, Span<float> samples)
    {
        for (var i = 0; i < samples.Length; i++)
        {
            var one = bytes[(i * FrameBytes)..];
            var value = (_isFloat, _bits) switch
            {
                (true, 32) => BinaryPrimitives.ReadSingleLittleEndian(one),
                (true, _) => (float)BinaryPrimitives.ReadDoubleLittleEndian(one),
                (false, 24) => (one[0] | one[1] << 8 | (sbyte)one[2] << 16) / 8_388_608f,
                _ => (float)(BinaryPrimitives.ReadInt32LittleEndian(one) / 2_147_483_648.0),
            };
            samples[i] = float.IsFinite(value) ? value : float.NaN;
        }
    }

    /// <summary>Walks over the chunks as far as the samples, where it leaves the stream.</summary>
    private void ReadHeader()
    {
        Span<byte> head = stackalloc byte[12];
        if (_stream.ReadAtLeast(head, 12, throwOnEndOfStream: false) < 12 || !head[8..].SequenceEqual("WAVE"u8)
            || !(head[..4].SequenceEqual("RIFF"u8) || head[..4].SequenceEqual("RF64"u8) || head[..4].SequenceEqual("BW64"u8)))
            throw new RecordingException($"{_name}: does not begin like a WAV file");
        while (_stream.ReadAtLeast(head[..8], 8, throwOnEndOfStream: false) == 8)
        {
            var size = BinaryPrimitives.ReadUInt32LittleEndian(head[4..]);
            if (head[..4].SequenceEqual("fmt "u8))
                ReadFormat(size);
            else if (head[..4].SequenceEqual("ds64"u8))
                ReadLongSizes(size);
            else if (head[..4].SequenceEqual("data"u8))
            {
                SetLength(size == uint.MaxValue && _longSize > 0 ? _longSize : size);
                return;
            }
            else
                Skip(size);
        }
        throw new RecordingException($"{_name}: holds no samples: truncated?");
    }

    /// <summary>RF64's 64-bit sizes: of the file, of the samples' bytes, of the samples.</summary>
    private void ReadLongSizes(uint size)
    {
        Span<byte> sizes = stackalloc byte[16];
        if (size < sizes.Length || _stream.ReadAtLeast(sizes, sizes.Length, throwOnEndOfStream: false) < sizes.Length)
            throw new RecordingException($"{_name}: ends within its sizes: truncated?");
        _longSize = BinaryPrimitives.ReadInt64LittleEndian(sizes[8..]);
        Skip(size - (uint)sizes.Length);
    }

    private void ReadFormat(uint size)
    {
        var format = new byte[Math.Min(size, 64)];
        if (format.Length < 16 || _stream.ReadAtLeast(format, format.Length, throwOnEndOfStream: false) < format.Length)
            throw new RecordingException($"{_name}: ends within its format: truncated?");
        Skip(size - (uint)format.Length);
        var tag = BinaryPrimitives.ReadUInt16LittleEndian(format);
        if (tag == Extensible && format.Length >= 26)
            tag = BinaryPrimitives.ReadUInt16LittleEndian(format.AsSpan(24));   // the sub-format's first two bytes
        _channelCount = BinaryPrimitives.ReadUInt16LittleEndian(format.AsSpan(2));
        _rateHz = BinaryPrimitives.ReadUInt32LittleEndian(format.AsSpan(4));
        _bits = BinaryPrimitives.ReadUInt16LittleEndian(format.AsSpan(14));
        _isFloat = tag == Float;
        if (!(tag == Pcm && _bits is 8 or 16 or 24 or 32) && !(tag == Float && _bits is 32 or 64))
            throw new RecordingException(
                $"{_name}: coding {tag} with {_bits} bits; PCM of 8, 16, 24, 32 and float of 32, 64 bits are read");
        if (_channelCount is 0 or > ChannelLayout.MaxChannels || _rateHz is < 1 or > 100_000)
            throw new RecordingException(
                $"{_name}: {_channelCount} channels at {_rateHz} Hz; 1 to {ChannelLayout.MaxChannels} at 1 to 100000 Hz are possible");
    }

    private void SetLength(long size)
    {
        if (_channelCount == 0)
            throw new RecordingException($"{_name}: its samples come before their format");
        var rest = _stream.Length - _stream.Position;
        // A writer that could not go back leaves 0, or the greatest number it has.
        var isOpen = size == 0 || (size >= 0x7FFF_F000 && size > rest);
        var read = isOpen || size > rest || !IsFollowedByChunks(_stream.Position + size) ? rest : size;
        if (!isOpen && read != size)
            _notes.Add($"the header names {size} bytes of samples and {rest} are there: {read / FrameBytes * FrameBytes} are read");
        _frameCount = read / FrameBytes;
        if (_frameCount == 0)
            throw new RecordingException($"{_name}: no samples");
    }

    /// <summary>
    /// Whether the file ends at <paramref name="end"/>, give or take padding, or goes on with chunks: else the samples go on.
    /// </summary>
    private bool IsFollowedByChunks(long end)
    {
        if (_stream.Length - end < Math.Max(2, FrameBytes))
            return true;
        Span<byte> next = stackalloc byte[10];
        var count = RandomAccess.Read(_stream.SafeFileHandle, next, end);
        return IsChunk(next[..count], end) || (count > 1 && IsChunk(next[1..count], end + 1));
    }

    private bool IsChunk(ReadOnlySpan<byte> start, long at)
    {
        if (start.Length < 8)
            return false;
        foreach (var letter in start[..4])
            if (letter is not (>= (byte)' ' and <= (byte)'~'))
                return false;
        return at + 8 + BinaryPrimitives.ReadUInt32LittleEndian(start[4..]) <= _stream.Length + 1;
    }

    // Chunks begin at even bytes; some writers leave the padding out.
    private void Skip(uint size)
    {
        var end = _stream.Position + size;
        Span<byte> next = stackalloc byte[8];
        if (size % 2 == 1 && !(RandomAccess.Read(_stream.SafeFileHandle, next, end) == 8 && IsChunk(next, end)))
            end++;
        _stream.Position = Math.Min(_stream.Length, end);
    }
}
