using Pipeline.Models.Signals;

namespace Pipeline.Host.Recordings;

/// <summary>
/// A WFDB record of several segments, each a record beside it (<c>header(5)</c> of the WFDB Applications Guide). A layout (a first segment
/// of no frames) names all signals, and each segment has some of them, told by their labels; without one all segments have the same
/// signals. Signals that a segment does not have, and segments that are named <c>~</c>, are missing samples. Since each segment has its own
/// gains, samples are float32 in physical units.
/// </summary>
internal sealed class WfdbSegmentsReader : IFrameReader
{
    private readonly string _folder;
    private readonly string _name;
    private readonly List<WfdbSegment> _segments;
    private readonly int _block;
    private int _segment = -1;
    private long _left;              // frames of this segment that were not handed out
    private WfdbReader? _open;       // null: nothing was recorded
    private SignalBuffer[] _own = [];   // of the open segment, by its signals
    private int[] _target = [];      // the record's signal for each of them; −1: none

    public WfdbSegmentsReader(string path, WfdbHeader header)
    {
        (_folder, _name) = (Path.GetDirectoryName(path) ?? "", Path.GetFileName(path));
        FramesPerSecond = header.FramesPerSecond;
        _block = Math.Max(1, (int)FramesPerSecond);
        _segments = [.. header.Segments];
        var first = _segments.Find(segment => segment.Name != "~")
            ?? throw new RecordingException($"{_name}: none of its segments was recorded");
        var layout = HeaderOf(first);
        Signals = [.. layout.Signals.Select(signal => signal.Signal with { Gain = 1, Baseline = 0 })];
        if (_segments[0].FrameCount == 0)
            _segments.RemoveAt(0);
        if (_segments.Sum(segment => segment.FrameCount) is var frames && frames == 0)
            throw new RecordingException($"{_name}: no samples");
        Seconds = frames / FramesPerSecond;
        Check();
    }

    public SampleFormat Format => SampleFormat.Float32;

    public IReadOnlyList<RecordedSignal> Signals { get; }

    public double FramesPerSecond { get; }

    public double Seconds { get; }

    public IReadOnlyList<string> Notes => [];

    public bool ReadInto(ReadOnlySpan<SignalBuffer> buffers)
    {
        while (_left == 0)
        {
            if (_segment + 1 == _segments.Count)
                return false;
            Open(++_segment);
        }
        var frames = (int)Math.Min(_block, _left);
        if (_open is not null)
            frames = ReadSegment(frames, buffers);
        for (var s = 0; s < buffers.Length; s++)
            if (_open is null || !_target.Contains(s))
                buffers[s].AppendMissing(frames * Signals[s].SamplesPerFrame);
        _left -= frames;
        return true;
    }

    public void Dispose() => _open?.Dispose();

    /// <summary>Opens every segment once, so that nothing is said of a record whose later parts are broken.</summary>
    private void Check()
    {
        for (var i = 0; i < _segments.Count; i++)
            Open(i);
        _open?.Dispose();
        (_open, _left) = (null, 0);
    }

    private void Open(int index)
    {
        _open?.Dispose();
        var segment = _segments[index];
        (_open, _left) = (null, segment.FrameCount);
        if (segment.Name == "~" || segment.FrameCount == 0)
            return;
        var header = HeaderOf(segment);
        _open = WfdbReader.OpenSegment(PathOf(segment), header);
        if (_open.FramesPerSecond != FramesPerSecond || _open.FrameCount < segment.FrameCount)
            throw new RecordingException(
                $"{_name}: segment {WfdbHeader.Shown(segment.Name)} has {_open.FrameCount} samples at {_open.FramesPerSecond} Hz; "
                + $"{segment.FrameCount} at {FramesPerSecond} Hz are wanted");
        var format = _open.Format;
        _own = [.. _open.Signals.Select(_ => new SignalBuffer(format))];
        _target = TargetsOf(_open.Signals);
    }

    /// <summary>
    /// By label, each of the record's signals once; the labels of a record without layout may be alike, and its order counts.
    /// </summary>
    private int[] TargetsOf(IReadOnlyList<RecordedSignal> signals)
    {
        var targets = new int[signals.Count];
        for (var s = 0; s < targets.Length; s++)
        {
            targets[s] = -1;
            for (var t = 0; t < Signals.Count && targets[s] < 0; t++)
                if (Signals[t].Label == signals[s].Label && Array.IndexOf(targets, t, 0, s) < 0)
                    targets[s] = t;
            if (targets[s] >= 0 && Signals[targets[s]].SamplesPerFrame != signals[s].SamplesPerFrame)
                throw new RecordingException($"{_name}: '{WfdbHeader.Shown(signals[s].Label)}' has another rate in one of the segments");
        }
        return targets;
    }

    /// <summary>Hands out at most <paramref name="frames"/> of the open segment; returns how many.</summary>
    private int ReadSegment(int frames, ReadOnlySpan<SignalBuffer> buffers)
    {
        var signals = _open!.Signals;   // the caller has seen that a segment is open
        if (_own[0].Count == 0 && !_open.ReadInto(_own))
            throw new RecordingException($"{_name}: segment {WfdbHeader.Shown(_segments[_segment].Name)} became shorter while it was read");
        frames = Math.Min(frames, _own[0].Count / signals[0].SamplesPerFrame);
        for (var s = 0; s < signals.Count; s++)
        {
            var count = frames * signals[s].SamplesPerFrame;
            if (_target[s] >= 0)
            {
                var row = buffers[_target[s]].AppendFloat32(count);
                for (var i = 0; i < count; i++)
                    row[i] = (float)((_own[s][i] - signals[s].Baseline) / signals[s].Gain);
            }
            _own[s].Drop(count);
        }
        return frames;
    }

    private WfdbHeader HeaderOf(WfdbSegment segment)
    {
        var path = PathOf(segment);
        if (!File.Exists(path))
            throw new RecordingException($"{_name}: its segment {WfdbHeader.Shown(segment.Name)} is not there");
        var header = WfdbHeader.Read(path);
        return header.Segments.Count == 0
            ? header
            : throw new RecordingException($"{_name}: its segment {WfdbHeader.Shown(segment.Name)} has segments itself");
    }

    private string PathOf(WfdbSegment segment) => Path.Combine(_folder, segment.Name + ".hea");
}
