using Pipeline.Models.State;

namespace Pipeline.Models.Estimators.Ctg;

/// <summary>
/// One fetus' heart rate trace, analysed as it comes, in steps of 15 s: artefacts, baseline, excursions, minutes, category. What is found
/// goes to a list of events.
/// </summary>
internal sealed partial class FetalTrace(double rateHz, int number, CtgRules rules)
{
    private const int StepSeconds = CtgBaseline.StepSeconds, Lag = CtgBaseline.Lag;
    private const int LevelsKept = 40;          // steps: 10 min
    private const int Listed = 64;
    private const int FirstCategorySeconds = 600, TocoSeconds = 900;
    private const int EdgeSeconds = 60;         // an excursion may begin so long before it is told

    private readonly FhrArtefacts _artefacts = new(rateHz);
    private readonly FhrCells _cells = new(rateHz);
    private readonly CtgBaseline _baseline = new();
    private readonly CtgExcursions _excursions = new();
    private readonly CtgMinutes _minutes = new();
    private readonly sbyte[] _marks = new sbyte[FhrCells.Kept];         // ring: in an acceleration (1), a deceleration (−1)
    private readonly float[] _levels = new float[LevelsKept];           // ring: final baseline of the steps
    private readonly Deceleration[] _decelerations = new Deceleration[Listed];      // ring
    private long _decelerationCount, _levelCount;
    private int _highSteps, _lowSteps;      // in a row
    private long _announced = -1;           // begin of the deceleration that was told while it lasts
    private long _waveFrom = -1;            // of the sinusoidal pattern that was told
    private long _categoryFrom;
    private CtgReasons _reasons;
    private Func<long, int>? _marked;

    /// <summary>Complete seconds.</summary>
    public long CellCount => _cells.Count;

    /// <summary>Samples that are taken and not judged yet, at most.</summary>
    public int Delay => _artefacts.Delay;

    /// <summary>Category at present; none where it cannot be told.</summary>
    public CtgCategory Category { get; private set; }

    /// <summary>The features at present.</summary>
    public CtgFeatures Features => new(
        _baseline.IsKnown && Has ? _baseline.At(1) : float.NaN,
        Has ? _minutes.Variability : float.NaN, Has ? _minutes.ShortTerm : float.NaN,
        1 - _cells.UsablePart, _cells.TherePart, Category, _excursions.Count < FirstCategorySeconds, _cells.Count > 0 && !Has);

    /// <summary>Final baseline of the last step that has one; NaN before the first.</summary>
    public float FinalBaseline => _levelCount == 0 ? float.NaN : _levels[(_levelCount - 1) % LevelsKept];

    /// <summary>Mean final baseline of the last ten minutes; NaN before the first.</summary>
    private float Level
    {
        get
        {
            var sum = 0f;
            var count = (int)Math.Min(_levelCount, LevelsKept);
            for (var i = 0; i < count; i++)
                sum += _levels[i];
            return count == 0 ? float.NaN : sum / count;
        }
    }

    /// <summary>Whether the last ten minutes have signal enough.</summary>
    private bool Has => _cells.UsablePart >= 1 - rules.MaxSignalLoss;

    /// <summary>Takes the next sample; 0 and NaN are none.</summary>
    public void Take(float rate)
    {
        if (_artefacts.Take(rate, out var judged))
            _cells.Take(judged);
    }

    /// <summary>Goes on by one step, whose seconds are complete. <paramref name="contractions"/> is as far; null without a toco.</summary>
    public void Step(Contractions? contractions, List<CtgEvent> events)
    {
        Span<float> rates = stackalloc float[StepSeconds];
        var first = _baseline.Steps * StepSeconds;
        for (var i = 0; i < StepSeconds; i++)
            rates[i] = _cells[first + i];
        _baseline.Take(rates);
        if (_baseline.Steps <= Lag)
            return;
        var level = _baseline.IsKnown ? _baseline.At(Lag) : float.NaN;
        for (var i = 0; i < StepSeconds; i++)
        {
            _marks[_excursions.Count % FhrCells.Kept] = 0;
            if (_excursions.Take(_cells.Smooth(_excursions.Count) - level, out var ended))
                Add(ended, contractions, events);
        }
        Announce(contractions, events);
        CountLevel(level, events);
        while (_excursions.Count >= 60 * (_minutes.Count + 1) + EdgeSeconds && _excursions.OpenFrom >= 60 * (_minutes.Count + 1))
            _minutes.Take(_cells, _marked ??= cell => cell < 0 ? 0 : _marks[cell % FhrCells.Kept], rules);
        TellWave(events);
        Categorize(contractions, events);
    }

    /// <summary>The trace ended at second <paramref name="end"/>: whatever lasts ends there.</summary>
    public void Finish(long end, Contractions? contractions, List<CtgEvent> events)
    {
        if (_excursions.Finish(out var ended))
            Add(ended, contractions, events);
        EndLevel(ref _highSteps, EventKind.FetalTachycardia, _excursions.Count, events);
        EndLevel(ref _lowSteps, EventKind.FetalBradycardia, _excursions.Count, events);
        EndWave(end, events);
        SetCategory(CtgCategory.None, CtgReasons.None, end, events);
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        _artefacts.Clear();
        _cells.Clear();
        _baseline.Clear();
        _excursions.Clear();
        _minutes.Clear();
        Array.Clear(_marks);
        Array.Clear(_levels);
        Array.Clear(_decelerations);
        (_decelerationCount, _levelCount, _highSteps, _lowSteps, _announced, _waveFrom, _categoryFrom) = (0, 0, 0, 0, -1, -1, 0);
        (Category, _reasons) = (CtgCategory.None, CtgReasons.None);
    }

    /// <summary>All that changes.</summary>
    public void Transfer(StateTransfer state)
    {
        _artefacts.Transfer(state);
        _cells.Transfer(state);
        _baseline.Transfer(state);
        _excursions.Transfer(state);
        _minutes.Transfer(state);
        state.Values<sbyte>(_marks);
        state.Values<float>(_levels);
        foreach (ref var one in _decelerations.AsSpan())      // one by one: a struct with padding is not stored as it lies
            one = Transfer(one, state);
        state.Count(ref _decelerationCount);
        state.Count(ref _levelCount);
        state.Within(ref _highSteps, 0, int.MaxValue);
        state.Within(ref _lowSteps, 0, int.MaxValue);
        state.Within(ref _announced, -1);
        state.Within(ref _waveFrom, -1);
        state.Count(ref _categoryFrom);
        var (category, reasons) = ((int)Category, (int)_reasons);
        state.Within(ref category, 0, (int)CtgCategory.Pathological);
        state.Value(ref reasons);
        (Category, _reasons) = ((CtgCategory)category, (CtgReasons)reasons);
    }

    private static Deceleration Transfer(in Deceleration one, StateTransfer state)
    {
        var (begin, end, kind) = (one.Begin, one.End, (int)one.Kind);
        state.Count(ref begin);
        state.Count(ref end);
        state.Within(ref kind, 0, (int)EventKind.ProlongedDeceleration);
        return new Deceleration(begin, end, (EventKind)kind);
    }

    private void Add(in CtgExcursion ended, Contractions? contractions, List<CtgEvent> events)
    {
        var wasAnnounced = _announced == ended.Begin && ended.Sign < 0;
        if (wasAnnounced)
            _announced = -1;
        if (!ended.Counts(rules) && !wasAnnounced)
            return;
        for (var cell = ended.Begin; cell < ended.End; cell++)
            _marks[cell % FhrCells.Kept] = (sbyte)ended.Sign;
        if (ended.Sign > 0)
        {
            events.Add(new CtgEvent(
                number, EventKind.Acceleration, ended.Begin, ended.End, true, EventPriority.Information, SeenPart(ended), Shape(ended)));
            return;
        }
        var told = Told(ended, contractions);
        _decelerations[_decelerationCount++ % Listed] = new Deceleration(ended.Begin, ended.End, told.Kind);
        events.Add(told);
    }

    /// <summary>A deceleration that is prolonged already is told while it lasts, once.</summary>
    private void Announce(Contractions? contractions, List<CtgEvent> events)
    {
        if (_excursions.Open is not { Sign: < 0 } open || open.Seconds <= rules.ProlongedSeconds || !open.Counts(rules)
            || _announced == open.Begin)
            return;
        _announced = open.Begin;
        events.Add(Told(open, contractions) with { IsOver = false });
    }

    private CtgEvent Told(in CtgExcursion one, Contractions? contractions)
    {
        var hasToco = contractions?.TherePart(one.Begin - 120, one.End) >= 0.5;
        var contraction = hasToco ? contractions!.At(one.Begin) : null;     // there is one with toco
        var isProlonged = one.Seconds > rules.ProlongedSeconds;
        var kind = !hasToco ? EventKind.Deceleration
            : isProlonged ? EventKind.ProlongedDeceleration
            : one.FlankSeconds < rules.VariableFallSeconds ? EventKind.VariableDeceleration
            : contraction is not { } with ? EventKind.Deceleration
            : one.Begin - with.Begin > rules.LateSeconds ? EventKind.LateDeceleration : EventKind.EarlyDeceleration;
        var beside = !hasToco ? "; no toco: its kind cannot be told"
            : contraction is { } near ? Beside(one.Begin - near.Begin)
            : "; no contraction";
        var priority = isProlonged ? EventPriority.Medium : EventPriority.Low;
        return new CtgEvent(number, kind, one.Begin, one.End, true, priority, SeenPart(one), Shape(one) + beside);
    }

    private static string Beside(long seconds) => FormattableString.Invariant(
        $"; begins {Math.Abs(seconds)} s {(seconds < 0 ? "before" : "after")} a contraction's begin");

    private static double SeenPart(in CtgExcursion one) => Math.Min(1, (double)one.ThereCount / one.Seconds);

    private static string Shape(in CtgExcursion one) =>
        FormattableString.Invariant($"{one.Peak:0} /min {(one.Sign > 0 ? "above" : "below")} the baseline for {one.Seconds} s");
}
