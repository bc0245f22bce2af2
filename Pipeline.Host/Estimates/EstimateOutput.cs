using Pipeline.Actors;
using Pipeline.Host.Recordings;
using Pipeline.Models;
using Pipeline.Models.Alarms;
using Pipeline.Models.Signals;

namespace Pipeline.Host.Estimates;

/// <summary>
/// What is written of one recording. Rows of one window wait for each other and go out ordered by signal and metric; beats wait until no
/// earlier one can follow, events until the end, in the order of their begins. A recording may hold a kind of signal at several rates, which are several devices: the device with the most
/// channels of the kind speaks for it (the first of equals), so that there is one row a window.
/// </summary>
internal sealed class EstimateOutput : IDisposable
{
    private const int HopSeconds = 2, WindowSeconds = 8;

    private readonly EstimateFormat _format;
    private readonly EstimateFile _rows;
    private readonly EstimateFile? _beats;
    private readonly Dictionary<SignalKind, string> _devices;
    private readonly List<VitalPoint> _window = [];
    private readonly EstimateFile? _events;
    private readonly PriorityQueue<BeatPoint, (double, SignalKind)> _waiting = new();
    private readonly List<(VitalPoint Point, PatientEvent Event)> _known = [];
    private readonly Dictionary<long, (double Begin, PatientAlarm Alarm)> _open = [];
    private readonly List<(double Begin, double End, string Row)> _eventRows = [];
    private double _end;        // of the last window, in seconds

    public EstimateOutput(Recording recording, EstimateFormat format, EstimateFile rows, EstimateFile? beats, EstimateFile? events = null)
    {
        (_format, _rows, _beats, _events) = (format, rows, beats, events);
        _devices = recording.Devices
            .SelectMany(device => device.Channels.Span.ToArray().Select(channel => (channel.Kind, device.Device)))
            .GroupBy(channel => channel.Kind)
            .ToDictionary(kind => kind.Key, kind => kind.GroupBy(channel => channel.Device).MaxBy(device => device.Count())!.Key);   // a group is never empty
        // Of twins the second may come in a second channel of the first one's kind.
        if (_devices.TryGetValue(SignalKind.FetalHeartRate, out var device))
            _devices.TryAdd(SignalKind.SecondFetalHeartRate, device);
        events?.WriteLine(EstimateRow.EventHeader);
        rows.WriteLine(format == EstimateFormat.Csv ? EstimateRow.Header : "[");
        beats?.WriteLine(EstimateRow.BeatHeader);
    }

    /// <summary>Gets the points, in order, in the place of the rows.</summary>
    public Action<VitalPoint>? Taken { get; init; }

    /// <summary>Takes what alarms are checked with; null: nothing does.</summary>
    public RecordedBeats? Checked { get; init; }

    /// <summary>Takes the denoised ECG; null: nobody wants it.</summary>
    public DenoisedFile? Denoised { get; init; }

    /// <summary>Takes the beats' encodings; null: nobody wants them.</summary>
    public EncodingsFile? Encodings { get; init; }

    /// <summary>Rows written.</summary>
    public long RowCount { get; private set; }

    /// <summary>Why a part of the recording could not be used; null when all could.</summary>
    public DeadLetter? DeadLetter { get; private set; }

    public void Take(OutputBatch batch)
    {
        DeadLetter ??= batch.DeadLetters.Count > 0 ? batch.DeadLetters[0] : null;
        Checked?.Take(batch);
        foreach (var point in batch.Points)
        {
            if (point.Alarm?.Alarm is { } alarm)
                Take(alarm, WindowSeconds + point.WindowId * HopSeconds);
            if (_devices.GetValueOrDefault(point.Estimate.Signal) != point.Device)
                continue;
            if (point.Event is { } one)
            {
                if (one.IsOver && _events is not null)
                    _known.Add((point, one));
                continue;
            }
            Denoised?.Take(point.Beats);
            Encodings?.Take(point.Beats);
            _end = Math.Max(_end, WindowSeconds + point.WindowId * HopSeconds);
            if (_window.Count > 0 && point.WindowId > _window[0].WindowId)
                WriteWindow();
            _window.Add(point);
        }
        if (_beats is null)
            return;
        foreach (var beat in batch.Beats)
            if (_devices.GetValueOrDefault(beat.Beat.Signal) == beat.Device)
                _waiting.Enqueue(beat, (beat.Seconds, beat.Beat.Signal));
        // A beat is certain at most a second after it: none before the last window's start can follow.
        if (batch.Points.Count > 0)
            WriteBeats(batch.Points[^1].WindowId * HopSeconds);
    }

    /// <summary>The recording ended well.</summary>
    public void Finish()
    {
        WriteWindow();
        if (_format == EstimateFormat.Json)
            _rows.WriteLine(RowCount > 0 ? "\n]" : "]");
        WriteBeats(double.PositiveInfinity);
        WriteEvents();
        _rows.Finish();
        _beats?.Finish();
        _events?.Finish();
        Denoised?.Finish();
        Encodings?.Finish();
    }

    public void Dispose()
    {
        _rows.Dispose();
        _beats?.Dispose();
        _events?.Dispose();
        Denoised?.Dispose();
        Encodings?.Dispose();
    }

    private void WriteWindow()
    {
        foreach (var point in _window.OrderBy(point => Names.Of(point.Estimate.Signal), StringComparer.Ordinal).ThenBy(point => Names.Of(point.Estimate.Metric), StringComparer.Ordinal))
        {
            if (Taken is not null)
                Taken(point);
            else if (_format == EstimateFormat.Csv)
                _rows.WriteLine(EstimateRow.Csv(point));
            else
                _rows.Write((RowCount > 0 ? ",\n" : "") + EstimateRow.Json(point));
            RowCount++;
        }
        _window.Clear();
    }

    private void WriteEvents()
    {
        foreach (var (point, one) in _known
            .OrderBy(known => known.Event.BeginSeconds).ThenBy(known => known.Event.EndSeconds).ThenBy(known => known.Event.Kind).ThenBy(known => known.Point.Estimate.Signal))
            _eventRows.Add((one.BeginSeconds, one.EndSeconds, EstimateRow.Csv(point, one)));
        foreach (var (begin, alarm) in _open.Values.OrderBy(open => open.Alarm.Number))
            _eventRows.Add((begin, _end, EstimateRow.Csv(alarm, begin, _end)));
        foreach (var (_, _, row) in _eventRows.OrderBy(known => known.Begin).ThenBy(known => known.End))
            _events?.WriteLine(row);
        _known.Clear();
    }

    /// <summary>An alarm's row is known when it ends, or when the recording does.</summary>
    private void Take(PatientAlarm alarm, double seconds)
    {
        if (alarm.State != AlarmState.Ended)
            _open[alarm.Number] = (_open.TryGetValue(alarm.Number, out var known) ? known.Begin : seconds, alarm);
        else if (_open.Remove(alarm.Number, out var ended))
            _eventRows.Add((ended.Begin, seconds, EstimateRow.Csv(alarm, ended.Begin, seconds)));
    }

    private void WriteBeats(double before)
    {
        while (_waiting.TryPeek(out var beat, out _) && beat.Seconds < before)
        {
            _beats?.WriteLine(EstimateRow.Csv(beat));
            _waiting.Dequeue();
        }
    }
}
