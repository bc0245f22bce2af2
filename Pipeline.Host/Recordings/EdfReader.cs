using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Pipeline.Models.Signals;

namespace Pipeline.Host.Recordings;

/// <summary>
/// An EDF or EDF+ file: a frame is a data record. Annotations are passed over; the gaps of EDF+D become missing samples. A stored −32768 is
/// the lower limit of EDF's range and not a missing sample, so it is raised by one.
/// </summary>
internal sealed class EdfReader : IFrameReader
{
    private const double MaxGapSeconds = 86_400;

    private readonly string _name;
    private readonly FileStream _stream;
    private readonly EdfHeader _header;
    private readonly byte[] _record;
    private readonly long _recordCount;
    private readonly int _timeAt;          // EDF+D: where a record's own time lies in it; else −1
    private readonly double _firstOnset;   // EDF+D: time of the first record
    private readonly int[] _sampleAt;      // where each signal's samples begin in a record, in samples
    private readonly long[] _written;      // samples of each signal that were handed out
    private long _read;                    // records
    private bool _isWaiting;               // a record was read and not yet handed out, because a gap comes before it
    private double _onset;                 // of that record, after the first one, in seconds

    public EdfReader(string path)
    {
        _name = Path.GetFileName(path);
        _stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16, FileOptions.SequentialScan);
        try
        {
            _header = EdfHeader.Read(_name, _stream);
            Signals = [.. _header.Signals.Where(signal => signal.Recorded is not null).Select(signal => signal.Recorded!)];   // filtered
            _record = new byte[_header.RecordBytes];
            _sampleAt = SampleOffsets();
            _written = new long[Signals.Count];
            _recordCount = CountRecords();
            _timeAt = _header.HasGaps ? TimeOffset() : -1;
            Seconds = _recordCount * _header.SecondsPerRecord;
            if (_timeAt >= 0)
                (_firstOnset, Seconds) = CheckOnsets();
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

    public IReadOnlyList<string> Notes => [];

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
        if (_timeAt >= 0)
            _onset = OnsetOf(_record) - _firstOnset;
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
        if (_header.RecordCount > stored)
            throw new RecordingException($"{_name}: holds {stored} of {_header.RecordCount} data records: truncated?");
        var count = _header.RecordCount >= 0 ? _header.RecordCount : stored;
        return count > 0 ? count : throw new RecordingException($"{_name}: no data records");
    }

    /// <summary>First and last time of EDF+D's records, every one of them read once.</summary>
    private (double First, double Seconds) CheckOnsets()
    {
        var (first, last) = (0.0, double.NegativeInfinity);
        for (var i = 0L; i < _recordCount; i++)
        {
            _stream.Position = _header.HeaderBytes + i * _record.Length;
            _stream.ReadExactly(_record);
            var onset = OnsetOf(_record);
            if (i == 0)
                first = onset;
            else if (onset < last || onset > last + _header.SecondsPerRecord + MaxGapSeconds)
                throw new RecordingException(string.Create(CultureInfo.InvariantCulture, $"{_name}: data record {i + 1} lies at {onset} s after one at {last} s"));
            last = onset;
        }
        return (first, last - first + _header.SecondsPerRecord);
    }

    /// <summary>The time-keeping annotation that every record of EDF+ begins its annotations with: <c>+12.5</c> and a byte of 20.</summary>
    private double OnsetOf(ReadOnlySpan<byte> record)
    {
        var text = record[_timeAt..];
        text = text[..Math.Min(text.Length, 64)];
        var end = text.IndexOfAny((byte)20, (byte)21);
        return end > 0 && double.TryParse(Encoding.Latin1.GetString(text[..end]), NumberStyles.Float, CultureInfo.InvariantCulture, out var onset) && double.IsFinite(onset)
            ? onset
            : throw new RecordingException($"{_name}: data record {_read + 1} does not name its time, as EDF+D wants");
    }

    private int TimeOffset()
    {
        var at = 0;
        foreach (var signal in _header.Signals)
        {
            if (signal.Recorded is null)
                return at;
            at += 2 * signal.SamplesPerRecord;
        }
        throw new RecordingException($"{_name}: is EDF+D and has no annotations that name the times of its records");
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
