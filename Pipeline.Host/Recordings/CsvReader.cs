using System.Globalization;
using Pipeline.Models.Signals;

namespace Pipeline.Host.Recordings;

/// <summary>
/// A recording as text: CSV and the like. It is read twice: once to check every cell and to judge the clock, so that nothing is said about
/// a file that later turns out to be broken, and once for its samples.
/// </summary>
internal sealed class CsvReader : IFrameReader
{
    private const double MaxGapSeconds = 86_400;

    private readonly CsvLayout _layout;
    private readonly CsvRows _rows;
    private readonly int[] _columns;   // column of each signal
    private readonly bool[] _isRead;   // by column
    private readonly double[] _row;
    private readonly CsvPlacement _placement;
    private readonly bool _isTimed;
    private readonly List<string> _notes;
    private double _firstTime;   // in the column's unit: subtracted before scaling, so that times since 1970 keep their steps
    private long _rowCount;
    private double _lastTime;

    public CsvReader(string path, RecordingOptions options)
    {
        RecordingFile.Check(path);
        var name = Path.GetFileName(path);
        _layout = CsvLayout.Read(path, options);
        _notes = [.. _layout.Notes];
        var columns = _layout.Columns;
        _columns = [.. Enumerable.Range(0, columns.Count).Where(c => columns[c].Role == CsvRole.Signal)];
        if (_columns.Length == 0)
            throw new NoRecordingException($"{name}: no column of samples");
        Signals = [.. _columns.Select(c => CsvLayout.SignalOf(columns[c], c))];
        _isTimed = _layout.TimeColumn >= 0 && options.RateHz is null;
        _isRead = [.. columns.Select((column, c) => column.Role == CsvRole.Time ? _isTimed
            : column.Role == CsvRole.Signal && !options.IsIgnored(CsvLayout.SignalOf(column, c)))];
        _row = new double[columns.Count];
        if (!_isTimed && (options.RateHz ?? _layout.RateHz) is null)
            throw new NoRecordingException($"{name}: no time column (time_s, time_ms, …); give --rate HZ");
        var clock = Check(path, name, options.RateHz ?? _layout.RateHz ?? 0);
        FramesPerSecond = clock.RateHz;
        _rows = new(path, _layout, _isRead);
        Seconds = _isTimed ? _lastTime + 1 / clock.RateHz : _rowCount / clock.RateHz;
        _placement = new(clock, _columns.Length);
        if (clock.Timing == CsvTiming.Uneven)
            _notes.Add($"the rows are uneven in time: interpolated onto {clock.RateHz} Hz");
    }

    public SampleFormat Format => SampleFormat.Float32;

    public IReadOnlyList<RecordedSignal> Signals { get; }

    public double FramesPerSecond { get; }

    public double Seconds { get; }

    public IReadOnlyList<string> Notes => _notes;

    public bool ReadInto(ReadOnlySpan<SignalBuffer> buffers)
    {
        var block = Math.Max(1, (int)FramesPerSecond);
        Span<float> samples = _columns.Length <= 256 ? stackalloc float[_columns.Length] : new float[_columns.Length];
        for (var written = 0; written < block;)
        {
            if (_placement.TryNext(samples))
            {
                for (var s = 0; s < samples.Length; s++)
                    buffers[s].AppendFloat32(1)[0] = samples[s];
                written++;
            }
            else if (_placement.IsEnded)
                return written > 0;
            else if (_rows.TryRead(_row))
                Place();
            else
                _placement.End();
        }
        return true;
    }

    public void Dispose() => _rows.Dispose();

    private void Place()
    {
        Span<float> values = _columns.Length <= 256 ? stackalloc float[_columns.Length] : new float[_columns.Length];
        for (var s = 0; s < values.Length; s++)
            values[s] = (float)_row[_columns[s]];
        _placement.Place(_isTimed ? TimeOf(_row) : double.NaN, values);
    }

    private double TimeOf(ReadOnlySpan<double> row) => (row[_layout.TimeColumn] - _firstTime) * _layout.SecondsPerTimeUnit;

    /// <summary>The first reading.</summary>
    private CsvClock Check(string path, string name, double rateHz)
    {
        using var rows = new CsvRows(path, _layout, _isRead);
        var seconds = new List<double>();   // of the rows that the clock is judged by
        var last = double.NegativeInfinity;
        while (rows.TryRead(_row))
        {
            _rowCount++;
            if (!_isTimed)
                continue;
            if (_rowCount == 1)
                _firstTime = _row[_layout.TimeColumn];
            var time = TimeOf(_row);
            if (double.IsNaN(time))
                throw new RecordingException($"{name}: line {rows.Line}: the time is missing; {Remedy(seconds)}");
            if (time < last)
                throw new RecordingException(string.Create(CultureInfo.InvariantCulture,
                    $"{name}: line {rows.Line}: the time goes back by {last - time:0.######} s; {Remedy(seconds)}"));
            last = time;
            if (seconds.Count < 3 || time <= CsvClock.JudgedSeconds)
                seconds.Add(time);
        }
        if (_rowCount == 0)
            throw new RecordingException($"{name}: no rows of samples");
        return _isTimed ? Judge(name, seconds, last) : new(rateHz, CsvTiming.Even, 0);
    }

    private CsvClock Judge(string name, List<double> seconds, double last)
    {
        if (!CsvClock.TryJudge(seconds, out var clock) || clock.RateHz > 100_000)
            throw new RecordingException($"{name}: the time column holds no rate; give --rate HZ");
        _lastTime = last;
        if (_lastTime > _rowCount / clock.RateHz + MaxGapSeconds)
            throw new RecordingException(string.Create(CultureInfo.InvariantCulture,
                $"{name}: {_rowCount} rows at {clock.RateHz:0.###} Hz in {_lastTime:0} s: more than a day is missing; {Remedy(seconds)}"));
        return clock;
    }

    private static string Remedy(List<double> seconds)
    {
        var rate = CsvClock.TryJudge(seconds, out var clock) ? FormattableString.Invariant($"{clock.RateHz:0.###}") : "HZ";
        return $"--rate {rate} takes the rows one after the other, without their times";
    }
}
