using Pipeline.Models.Signals;

namespace Pipeline.Host.Recordings;

/// <summary>
/// A CSV recording. It is read twice: once to check every cell and to judge the clock, so that nothing is said about a file that later turns
/// out to be broken, and once for its samples.
/// </summary>
internal sealed class CsvReader : IFrameReader
{
    private const double MaxGapSeconds = 86_400;

    private readonly CsvRows _rows;
    private readonly int[] _columns;   // column of each signal
    private readonly double[] _row;
    private readonly CsvPlacement _placement;
    private readonly double _secondsPerUnit;
    private readonly List<string> _notes = [];
    private double _firstTime;
    private long _rowCount;
    private double _lastTime;
    private bool _isTimed;

    public CsvReader(string path, RecordingOptions options)
    {
        RecordingFile.Check(path);
        var rateHz = options.RateHz;
        var name = Path.GetFileName(path);
        var clock = Check(path, name, rateHz, out _secondsPerUnit);
        FramesPerSecond = clock.RateHz;
        _rows = new(path);
        var columns = _rows.Columns;
        _columns = [.. Enumerable.Range(0, columns.All.Count).Where(c => c != columns.TimeColumn)];
        _row = new double[columns.All.Count];
        Signals = [.. _columns.Select(c => new RecordedSignal(columns.All[c].Label, columns.All[c].Unit, 1, 0, 1))];
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

    private double TimeOf(ReadOnlySpan<double> row) => row[_rows.Columns.TimeColumn] * _secondsPerUnit - _firstTime;

    /// <summary>The first reading.</summary>
    private CsvClock Check(string path, string name, double? rateHz, out double secondsPerUnit)
    {
        using var rows = new CsvRows(path);
        var columns = rows.Columns;
        if (columns.All.Count - (columns.TimeColumn >= 0 ? 1 : 0) == 0)
            throw new RecordingException($"{name}: no column of samples");
        _isTimed = columns.TimeColumn >= 0 && rateHz is null;
        secondsPerUnit = rows.IsDateTime ? 1 : columns.SecondsPerTimeUnit;
        var row = new double[columns.All.Count];
        var times = new List<double>();   // in the file's unit, until the unit and the clock are judged
        var last = double.NegativeInfinity;
        while (rows.TryRead(row))
        {
            _rowCount++;
            if (!_isTimed)
                continue;
            var time = row[columns.TimeColumn];
            if (double.IsNaN(time) || time < last)
                throw new RecordingException($"{name}: line {rows.Line}: the time {(double.IsNaN(time) ? "is missing" : "goes back")}");
            last = time;
            if (times.Count < 3)
                times.Add(time);
            if (times.Count == 3 && double.IsNaN(secondsPerUnit))
                secondsPerUnit = UnitFor(times, columns);
            if (times.Count >= 3 && _rowCount > 3 && (time - times[0]) * secondsPerUnit <= CsvClock.JudgedSeconds)
                times.Add(time);
        }
        if (_rowCount == 0)
            throw new RecordingException($"{name}: no rows of samples");
        return _isTimed ? Judge(name, times, last, ref secondsPerUnit) : new(Given(name, rateHz), CsvTiming.Even, 0);
    }

    private CsvClock Judge(string name, List<double> times, double last, ref double secondsPerUnit)
    {
        if (double.IsNaN(secondsPerUnit))
            secondsPerUnit = 1;
        var unit = secondsPerUnit;
        var seconds = times.ConvertAll(time => time * unit);
        if (!CsvClock.TryJudge(seconds, out var clock) || clock.RateHz > 100_000)
            throw new RecordingException($"{name}: the time column holds no rate; give --rate HZ");
        _firstTime = seconds[0];
        _lastTime = last * unit - _firstTime;
        if (_lastTime > _rowCount / clock.RateHz + MaxGapSeconds)
            throw new RecordingException($"{name}: {_rowCount} rows at {clock.RateHz:0.###} Hz in {_lastTime:0} s: more than a day is missing");
        return clock;
    }

    private static double Given(string name, double? rateHz) => rateHz
        ?? throw new RecordingException($"{name}: no time column (time_s, time_ms, …); give --rate HZ");

    /// <summary>The unit that gives a rate our signals have (1 to 1000 Hz) when the header names none.</summary>
    private double UnitFor(List<double> times, CsvColumns columns)
    {
        var step = (times[2] - times[0]) / 2;
        var (unit, name) = step < 1 ? (1, "seconds") : step < 1000 ? (1e-3, "milliseconds") : (1e-6, "microseconds");
        _notes.Add($"column '{columns.All[columns.TimeColumn].Label}' names no unit: taken as {name}");
        return unit;
    }
}
