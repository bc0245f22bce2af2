using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Pipeline.Models.Signals;

namespace Pipeline.Host.Recordings;

/// <summary>
/// An EDF or EDF+ file: a frame is a data record. Annotations are passed over; the gaps of EDF+D become missing samples, and so do those of
/// an EDF+C whose records name times that are apart. All records that are there are read, whatever the header counts. A stored −32768 is
/// the lower limit of EDF's range and not a missing sample, so it is raised by one.
/// </summary>
internal sealed class EdfReader : IFrameReader
{
    private const double MaxGapSeconds = 86_400;
    private const int MaxOnsetBytes = 64;
    private const double MinGapSeconds = 0.25;   // EDF+C: less between two records is the rounding or drift of a clock

    private readonly string _name;
    private readonly List<string> _notes;
    private readonly FileStream _stream;
    private readonly EdfHeader _header;
    private readonly byte[] _record;
    private readonly long _recordCount;
    private readonly int _timeAt;          // where a record's own time lies in it; −1: the records follow each other
    private readonly double _firstOnset;   // time of the first record, where records name theirs
    private readonly int[] _sampleAt;      // where each signal's samples begin in a record, in samples
    private readonly long[] _written;      // samples of each signal that were handed out
    private long _read;                    // records
    private bool _isWaiting;               // a record was read and not yet handed out, because a gap comes before it
    private double _onset;                 // of that record, after the first one, in seconds

    public EdfReader(string path, RecordingOptions options)
    {
        _name = Path.GetFileName(path);
        _stream = RecordingFile.Open(path);
        try
        {
            _header = EdfHeader.Read(_name, _stream, options);
            _notes = [.. _header.Notes];
            Signals = [.. _header.Signals.Where(signal => signal.Recorded is not null).Select(signal => signal.Recorded!)];   // filtered
            _record = new byte[_header.RecordBytes];
            _sampleAt = SampleOffsets();
            _written = new long[Signals.Count];
            _recordCount = CountRecords();
            Seconds = _recordCount * _header.SecondsPerRecord;
            _timeAt = -1;
            if (HasTimes())
                (_timeAt, _firstOnset, Seconds) = (_header.AnnotationsAt, CheckOnsets(out var seconds), seconds);
            _stream.Position = _header.HeaderBytes;
        }
        catch
        {
            _stream.Dispose();
            throw;
        }
    }

    public SampleFormat Format => SampleFormat.Int16;

    public IReadOnlyList<RecordedSignal> Signals { get; }

    public double FramesPerSecond => 1 / _header.SecondsPerRecord;

    public double Seconds { get; }

    public IReadOnlyList<string> Notes => _notes;

    public bool ReadInto(ReadOnlySpan<SignalBuffer> buffers)
    {
        if (!_isWaiting)
        {
            if (_read == _recordCount)
                return false;
            ReadRecord();
            _isWaiting = true;
        }
        if (_timeAt < 0 || !WriteGap(buffers))
        {
            for (var s = 0; s < buffers.Length; s++)
                WriteSamples(s, buffers[s]);
            _isWaiting = false;
        }
        return true;
    }

    public void Dispose() => _stream.Dispose();

    private void ReadRecord()
    {
        if (_stream.ReadAtLeast(_record, _record.Length, throwOnEndOfStream: false) < _record.Length)
            throw new RecordingException($"{_name}: became shorter while it was read");
        _read++;
        if (_timeAt < 0)
            return;
        if (!TryOnset(_record.AsSpan(_timeAt), out var onset))
            throw new RecordingException($"{_name}: data record {_read} changed while it was read");
        _onset = onset - _firstOnset;
    }

    /// <summary>Writes at most a record's length of the gap before the waiting record; false when there is none (any more).</summary>
    private bool WriteGap(ReadOnlySpan<SignalBuffer> buffers)
    {
        var isGap = false;
        for (var s = 0; s < buffers.Length; s++)
        {
            var perRecord = Signals[s].SamplesPerFrame;
            var missing = Math.Min(perRecord, (long)Math.Round(_onset / _header.SecondsPerRecord * perRecord) - _written[s]);
            if (missing <= 0)
                continue;
            buffers[s].AppendMissing((int)missing);
            _written[s] += missing;
            isGap = true;
        }
        return isGap;
    }

    private void WriteSamples(int s, SignalBuffer buffer)
    {
        var samples = buffer.AppendInt16(Signals[s].SamplesPerFrame);
        var bytes = _record.AsSpan(2 * _sampleAt[s]);
        for (var i = 0; i < samples.Length; i++)
            samples[i] = Math.Max(BinaryPrimitives.ReadInt16LittleEndian(bytes[(2 * i)..]), (short)-short.MaxValue);
        _written[s] += samples.Length;
    }

    private long CountRecords()
    {
        var stored = (_stream.Length - _header.HeaderBytes) / _record.Length;
        if (stored == 0)
            throw new RecordingException($"{_name}: no data records");
        if (_header.RecordCount >= 0 && _header.RecordCount != stored)
            _notes.Add($"the header counts {_header.RecordCount} data records and {stored} are there: {stored} are read");
        return stored;
    }

    /// <summary>Whether the records' own times are followed: in EDF+D always, in EDF+C where they are apart.</summary>
    private bool HasTimes()
    {
        if (_header.Form.StartsWith("EDF+D", StringComparison.Ordinal))
            return _header.AnnotationsAt >= 0
                ? true
                : throw new RecordingException($"{_name}: is EDF+D and has no annotations that name the times of its records");
        if (!_header.Form.StartsWith("EDF+C", StringComparison.Ordinal) || _header.AnnotationsAt < 0)
            return false;
        var gaps = 0;
        var last = double.NaN;
        for (var i = 0L; i < _recordCount; i++)
        {
            if (!TryOnset(i, out var onset) || onset < last || onset > last + _header.SecondsPerRecord + MaxGapSeconds)
                return false;
            gaps += onset - last - _header.SecondsPerRecord > Math.Min(MinGapSeconds, _header.SecondsPerRecord / 2) ? 1 : 0;
            last = onset;
        }
        if (gaps > 0)
            _notes.Add(
                $"is marked as continuous (EDF+C), but its annotations show {gaps} gap{(gaps > 1 ? "s" : "")}: samples are missing there");
        return gaps > 0;
    }

    /// <summary>Time of the first record, and the length of the recording, from every record's own time.</summary>
    private double CheckOnsets(out double seconds)
    {
        var (first, last) = (0.0, double.NegativeInfinity);
        for (var i = 0L; i < _recordCount; i++)
        {
            if (!TryOnset(i, out var onset))
                throw new RecordingException($"{_name}: data record {i + 1} does not name its time, as EDF+D wants");
            if (i == 0)
                first = onset;
            else if (onset < last || onset > last + _header.SecondsPerRecord + MaxGapSeconds)
                throw new RecordingException(
                    FormattableString.Invariant($"{_name}: data record {i + 1} lies at {onset} s after one at {last} s"));
            last = onset;
        }
        seconds = last - first + _header.SecondsPerRecord;
        return first;
    }

    /// <summary>The time of a record of the file, of which only its annotations are read.</summary>
    private bool TryOnset(long record, out double onset)
    {
        Span<byte> text = stackalloc byte[MaxOnsetBytes];
        var offset = _header.HeaderBytes + record * _record.Length + _header.AnnotationsAt;
        text = text[..Math.Min(text.Length, _record.Length - _header.AnnotationsAt)];
        return TryOnset(text[..RandomAccess.Read(_stream.SafeFileHandle, text, offset)], out onset);
    }

    /// <summary>The time-keeping annotation that every record of EDF+ begins its annotations with: <c>+12.5</c> and a byte of 20.</summary>
    private static bool TryOnset(ReadOnlySpan<byte> text, out double onset)
    {
        onset = 0;
        text = text[..Math.Min(text.Length, MaxOnsetBytes)];
        var end = text.IndexOfAny((byte)20, (byte)21);
        return end > 0
            && double.TryParse(Encoding.Latin1.GetString(text[..end]), NumberStyles.Float, CultureInfo.InvariantCulture, out onset)
            && double.IsFinite(onset);
    }

    private int[] SampleOffsets()
    {
        var (offsets, at) = (new List<int>(), 0);
        foreach (var signal in _header.Signals)
        {
            if (signal.Recorded is not null)
                offsets.Add(at);
            at += signal.SamplesPerRecord;
        }
        return [.. offsets];
    }
}
