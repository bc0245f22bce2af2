using System.Globalization;
using Pipeline.Actors;
using Pipeline.Models;
using Pipeline.Models.Alarms;

namespace Pipeline.Host.Alarms;

/// <summary>
/// The alarms that stored points would have had by given rules: how many a bed and day, of which kinds. Points of a patient come in the
/// order of its windows; one that comes
/// again is passed over. Nobody acknowledges anything. One thread.
/// </summary>
internal sealed class AlarmCounts(AlarmRules rules)
{
    private const double HopSeconds = 2, SecondsPerDay = 86_400;

    private readonly Dictionary<string, Patient> _patients = new(StringComparer.Ordinal);
    private readonly Dictionary<AlarmKind, long> _raised = [];
    private readonly List<AlarmChange> _changes = [];

    /// <summary>Days of patients: of each the windows of the device that sent most.</summary>
    public double Days => _patients.Values.Sum(patient => patient.Windows.Count == 0 ? 0 : patient.Windows.Values.Max()) * HopSeconds / SecondsPerDay;

    /// <summary>Alarms raised so far, by kind.</summary>
    public IReadOnlyDictionary<AlarmKind, long> Raised => _raised;

    /// <summary>Takes the next point of any patient.</summary>
    public void Take(VitalPoint point)
    {
        if (point.Alarm is not null)
            return;
        if (!_patients.TryGetValue(point.Patient.Value, out var patient))
            _patients.Add(point.Patient.Value, patient = new Patient(new AlarmEngine(rules)));
        if (!patient.IsNew(point))
            return;
        if (patient.Window is { } window && (window.WindowId != point.WindowId || window.Device != point.Device || window.Epoch != point.Epoch))
            Judge(patient, window);
        if (point.Event is { } told)
            patient.Alarms.TakeEvent(point.Device, point.Estimate.Signal, told.Kind, told.IsOver);
        else
        {
            patient.Alarms.Take(point.Device, point.Time, point.Estimate);
            patient.Window = point;
        }
    }

    /// <summary>There is no further point.</summary>
    public void Finish()
    {
        foreach (var patient in _patients.Values)
            if (patient.Window is { } window)
                Judge(patient, window);
    }

    /// <summary>Both, kind by kind, a bed and day; <paramref name="other"/> by other rules.</summary>
    public IEnumerable<string> Compare(AlarmCounts other)
    {
        yield return string.Create(CultureInfo.InvariantCulture, $"{_patients.Count} patients, {Days:0.00} days of beds. Alarms a bed and day:");
        yield return $"{"",-28} {"now",10} {"what if",10}";
        foreach (var kind in _raised.Keys.Union(other._raised.Keys).Order())
            yield return Row(AlarmNames.Of(kind), _raised.GetValueOrDefault(kind), other._raised.GetValueOrDefault(kind));
        foreach (var priority in Enum.GetValues<EventPriority>().OrderByDescending(AlarmNames.RankOf))
            if (CountOf(priority) + other.CountOf(priority) > 0)
                yield return Row($"all of priority {Names.Of(priority)}", CountOf(priority), other.CountOf(priority));
        yield return Row("all", _raised.Values.Sum(), other._raised.Values.Sum());
    }

    private long CountOf(EventPriority priority) => _raised.Where(one => AlarmNames.PriorityOf(one.Key) == priority).Sum(one => one.Value);

    private string Row(string name, long now, long then) =>
        string.Create(CultureInfo.InvariantCulture, $"{name,-28} {now / Math.Max(Days, 1e-9),10:0.0} {then / Math.Max(Days, 1e-9),10:0.0}");

    private void Judge(Patient patient, VitalPoint window)
    {
        patient.Alarms.Judge(window.Ward, window.Bed, _changes);
        foreach (var change in _changes)
            if (change is { Action: AlarmAction.Raised, Alarm: { } alarm })
                _raised[alarm.Kind] = _raised.GetValueOrDefault(alarm.Kind) + 1;
        _changes.Clear();
        patient.Windows[window.Device] = patient.Windows.GetValueOrDefault(window.Device) + 1;
        patient.Window = null;
    }

    private sealed class Patient(AlarmEngine alarms)
    {
        private readonly Dictionary<(string Device, Models.Signals.SignalKind Signal, Metric Metric), (long Epoch, long Window)> _last = [];

        public AlarmEngine Alarms { get; } = alarms;

        /// <summary>The window whose estimates come; null between two.</summary>
        public VitalPoint? Window { get; set; }

        public Dictionary<string, long> Windows { get; } = new(StringComparer.Ordinal);

        /// <summary>Whether a point is no repetition: of a series the window ids ascend. Events may share a window.</summary>
        public bool IsNew(VitalPoint point)
        {
            var (series, place) = ((point.Device, point.Estimate.Signal, point.Estimate.Metric), (point.Epoch, point.WindowId));
            if (_last.TryGetValue(series, out var before) && (place.CompareTo(before) < 0 || (place == before && point.Event is null)))
                return false;
            _last[series] = place;
            return true;
        }
    }
}
