using System.Buffers.Binary;
using Pipeline.Models.Signals;

namespace Pipeline.Host.Recordings;

/// <summary>
/// A WFDB record: header and signal files of format 16 (little-endian int16; −32768 is missing) and 212 (two 12-bit samples in three bytes;
/// −2048 is missing), each with an optional byte offset, as in the <c>.mat</c> files of PhysioNet's challenges
/// (<c>signal(5)</c>, https://physionet.org/physiotools/wag/signal-5.htm).
/// </summary>
internal sealed class WfdbReader : IFrameReader
{
    private const short Missing212 = -2048;
    private const int MaxSamplesAtOnce = 1 << 20;

    private readonly List<SignalFile> _files = [];
    private readonly long _frameCount;
    private readonly int _block;   // frames read at once, about a second; even, so that every block of format 212 begins at a whole byte
    private long _next;

    public WfdbReader(string path)
    {
        var header = WfdbHeader.Read(path);
        FramesPerSecond = header.FramesPerSecond;
        Signals = [.. header.Signals.Select(signal => signal.Signal)];
        var atOnce = Math.Min(FramesPerSecond, MaxSamplesAtOnce / Signals.Sum(signal => signal.SamplesPerFrame));
        _block = 2 * Math.Max(1, (int)(atOnce / 2));
        try
        {
            OpenFiles(path, header);
            _frameCount = FrameCountOf(Path.GetFileName(path), header);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public SampleFormat Format => SampleFormat.Int16;

    public IReadOnlyList<RecordedSignal> Signals { get; }

    public double FramesPerSecond { get; }

    public double Seconds => _frameCount / FramesPerSecond;

    public IReadOnlyList<string> Notes => [];

    public bool ReadInto(ReadOnlySpan<SignalBuffer> buffers)
    {
        var frames = (int)Math.Min(_block, _frameCount - _next);
        if (frames <= 0)
            return false;
        foreach (var file in _files)
            file.Read(frames, buffers[file.FirstSignal..(file.FirstSignal + file.PerFrame.Length)]);
        _next += frames;
        return true;
    }

    public void Dispose()
    {
        foreach (var file in _files)
            file.Dispose();
    }

    private void OpenFiles(string path, WfdbHeader header)
    {
        // Consecutive signals of one file are interleaved in it.
        for (var first = 0; first < header.Signals.Count;)
        {
            var end = first + 1;
            while (end < header.Signals.Count && header.Signals[end].FileName == header.Signals[first].FileName)
                end++;
            var group = header.Signals.Skip(first).Take(end - first).ToList();
            if (group.Any(signal => signal.Format != group[0].Format))
                throw new RecordingException($"{Path.GetFileName(path)}: {group[0].FileName} is given two formats");
            var beside = Path.Combine(Path.GetDirectoryName(path) ?? "", group[0].FileName);
            if (!File.Exists(beside))
                throw new RecordingException($"{Path.GetFileName(path)}: its signal file {WfdbHeader.Shown(group[0].FileName)} is not there");
            _files.Add(new(beside, group[0].Format, group[0].ByteOffset, first, [.. group.Select(signal => signal.Signal.SamplesPerFrame)]));
            first = end;
        }
    }

    private long FrameCountOf(string name, WfdbHeader header)
    {
        foreach (var file in _files)
        {
            var stored = file.SampleCount / file.SamplesPerFrame;
            if (header.FrameCount > stored)
                throw new RecordingException($"{name}: {file.Name} holds {stored} of {header.FrameCount} samples: truncated?");
            if (header.FrameCount == 0 && file.SampleCount % file.SamplesPerFrame != 0)
                throw new RecordingException($"{name}: {file.Name} ends within a sample: truncated?");
        }
        var count = header.FrameCount > 0 ? header.FrameCount : _files.Min(file => file.SampleCount / file.SamplesPerFrame);
        return count > 0 ? count : throw new RecordingException($"{name}: no samples");
    }

    /// <summary>One signal file: the samples of its signals, interleaved.</summary>
    private sealed class SignalFile : IDisposable
    {
        private readonly FileStream _stream;
        private readonly int _format;
        private byte[] _bytes = [];
        private short[] _samples = [];

        public SignalFile(string path, int format, int offset, int firstSignal, int[] perFrame)
        {
            (Name, _format, FirstSignal, PerFrame) = (Path.GetFileName(path), format, firstSignal, perFrame);
            SamplesPerFrame = perFrame.Sum();
            _stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16, FileOptions.SequentialScan);
            var bytes = Math.Max(0, _stream.Length - offset);
            // Format 212: the last sample of an odd number of them takes two bytes.
            SampleCount = format == 16 ? bytes / 2 : bytes / 3 * 2 + (bytes % 3 == 2 ? 1 : 0);
            _stream.Position = Math.Min(offset, _stream.Length);
        }

        public string Name { get; }

        public int FirstSignal { get; }

        public int[] PerFrame { get; }

        public int SamplesPerFrame { get; }

        public long SampleCount { get; }

        public void Read(int frames, ReadOnlySpan<SignalBuffer> buffers)
        {
            var count = frames * SamplesPerFrame;
            if (_samples.Length < count)
                (_samples, _bytes) = (new short[count], new byte[count * 2]);
            var samples = _samples.AsSpan(0, count);
            var bytes = _bytes.AsSpan(0, _format == 16 ? count * 2 : count / 2 * 3 + count % 2 * 2);
            if (_stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false) < bytes.Length)
                throw new RecordingException($"{Name}: became shorter while it was read");
            if (_format == 16)
                for (var i = 0; i < count; i++)
                    samples[i] = BinaryPrimitives.ReadInt16LittleEndian(bytes[(2 * i)..]);
            else
                Unpack212(bytes, samples);
            Deal(samples, frames, buffers);
        }

        public void Dispose() => _stream.Dispose();

        /// <summary>[frames x signals x samples per frame] → one row a signal.</summary>
        private void Deal(ReadOnlySpan<short> samples, int frames, ReadOnlySpan<SignalBuffer> buffers)
        {
            for (int s = 0, at = 0; s < PerFrame.Length; at += PerFrame[s], s++)
            {
                var row = buffers[s].AppendInt16(frames * PerFrame[s]);
                for (int i = 0, from = at; i < row.Length; from += SamplesPerFrame)
                    for (var k = 0; k < PerFrame[s]; k++)
                        row[i++] = samples[from + k];
            }
        }

        private static void Unpack212(ReadOnlySpan<byte> bytes, Span<short> samples)
        {
            for (int i = 0, at = 0; i < samples.Length; i += 2, at += 3)
            {
                samples[i] = Widened(bytes[at] | (bytes[at + 1] & 0x0F) << 8);
                if (i + 1 < samples.Length)
                    samples[i + 1] = Widened(bytes[at + 2] | (bytes[at + 1] & 0xF0) << 4);
            }
        }

        private static short Widened(int twelveBits)
        {
            var value = (short)((short)(twelveBits << 4) >> 4);
            return value == Missing212 ? SampleChunk.MissingInt16 : value;
        }
    }
}
