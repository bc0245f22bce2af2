using Pipeline.Models.Signals;

namespace Pipeline.Host.Recordings;

/// <summary>
/// A WFDB record of one segment: header and signal files of the formats of <see cref="WfdbFormat"/>, each with an optional byte offset, as
/// in the <c>.mat</c> files of PhysioNet's challenges. Samples are int16 as stored; where a signal has more bits, all are float32 without
/// baseline.
/// </summary>
internal sealed class WfdbReader : IFrameReader
{
    private const int MaxSamplesAtOnce = 1 << 20;

    private readonly List<WfdbSignalFile> _files = [];
    private readonly long _frameCount;
    private readonly int _block;   // frames read at once, about a second; whole blocks of every format
    private long _next;

    private WfdbReader(string path, WfdbHeader header)
    {
        FramesPerSecond = header.FramesPerSecond;
        Format = header.Signals.Any(signal => WfdbFormat.IsWide(signal.Format)) ? SampleFormat.Float32 : SampleFormat.Int16;
        Signals = [.. header.Signals.Select(signal => Format == SampleFormat.Int16 ? signal.Signal : signal.Signal with { Baseline = 0 })];
        var atOnce = Math.Min(FramesPerSecond, MaxSamplesAtOnce / Signals.Sum(signal => signal.SamplesPerFrame));
        _block = WfdbFormat.BlockSamples * Math.Max(1, (int)(atOnce / WfdbFormat.BlockSamples));
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

    public SampleFormat Format { get; }

    public IReadOnlyList<RecordedSignal> Signals { get; }

    public double FramesPerSecond { get; }

    public double Seconds => _frameCount / FramesPerSecond;

    public IReadOnlyList<string> Notes => [];

    /// <summary>Frames of the record.</summary>
    public long FrameCount => _frameCount;

    /// <summary>Opens the record whose header is at <paramref name="path"/>, of one segment or several.</summary>
    /// <exception cref="RecordingException">It cannot be read.</exception>
    public static IFrameReader Open(string path)
    {
        var header = WfdbHeader.Read(path);
        return header.Segments.Count > 0 ? new WfdbSegmentsReader(path, header) : OpenSegment(path, header);
    }

    /// <summary>Opens a record of one segment.</summary>
    /// <exception cref="RecordingException">It cannot be read.</exception>
    public static WfdbReader OpenSegment(string path, WfdbHeader header) =>
        header.Signals.Any(signal => signal.FileName == "~" || signal.Format == 0)
        ? throw new NoRecordingException(
            $"{Path.GetFileName(path)}: names signals without samples: it is the layout of a record of several segments")
        : new(path, header);

    public bool ReadInto(ReadOnlySpan<SignalBuffer> buffers)
    {
        var frames = (int)Math.Min(_block, _frameCount - _next);
        if (frames <= 0)
            return false;
        foreach (var file in _files)
            file.Read(frames, buffers[file.FirstSignal..(file.FirstSignal + file.SignalCount)]);
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
            var group = header.Signals.Skip(first).Take(end - first).ToArray();
            if (group.Any(signal => signal.Format != group[0].Format))
                throw new RecordingException($"{Path.GetFileName(path)}: {group[0].FileName} is given two formats");
            var beside = Path.Combine(Path.GetDirectoryName(path) ?? "", group[0].FileName);
            if (!File.Exists(beside))
                throw new RecordingException(
                    $"{Path.GetFileName(path)}: its signal file {WfdbHeader.Shown(group[0].FileName)} is not there");
            _files.Add(new(beside, group, first, Format == SampleFormat.Float32));
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
}
