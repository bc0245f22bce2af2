namespace Pipeline.Models.Estimators.Ctg;

/// <content>What lasts: the baseline outside of its limits, waves, a category. Each is told when it is recognized, and again when it is
/// over.</content>
internal sealed partial class FetalTrace
{
    private void CountLevel(float level, List<CtgEvent> events)
    {
        if (float.IsNaN(level))
            return;
        _levels[_levelCount++ % LevelsKept] = level;
        Count(level > rules.BaselineHigh, ref _highSteps, EventKind.FetalTachycardia, events);
        Count(level < rules.BaselineLow, ref _lowSteps, EventKind.FetalBradycardia, events);
    }

    private void Count(bool holds, ref int steps, EventKind kind, List<CtgEvent> events)
    {
        if (!holds)
            EndLevel(ref steps, kind, _excursions.Count - StepSeconds, events);
        else if (++steps == StepsOfLevel)
            events.Add(LevelEvent(kind, steps, _excursions.Count, isOver: false));
    }

    private void EndLevel(ref int steps, EventKind kind, long end, List<CtgEvent> events)
    {
        if (steps >= StepsOfLevel)
            events.Add(LevelEvent(kind, steps, end, isOver: true));
        steps = 0;
    }

    private int StepsOfLevel => rules.BaselineMinutes * 60 / StepSeconds;

    private CtgEvent LevelEvent(EventKind kind, int steps, long end, bool isOver) => new(
        number, kind, end - steps * StepSeconds, end, isOver, EventPriority.Low, 1, kind == EventKind.FetalTachycardia
            ? FormattableString.Invariant($"baseline above {rules.BaselineHigh} for {rules.BaselineMinutes} min and more")
            : FormattableString.Invariant($"baseline below {rules.BaselineLow} for {rules.BaselineMinutes} min and more"));

    private void TellWave(List<CtgEvent> events)
    {
        var (minutes, now) = (_minutes.SinusoidalMinutes, 60 * _minutes.Count);
        if (minutes == 0)
            EndWave(now - 60, events);
        else if (_waveFrom < 0 && minutes > rules.SinusoidalMinutes)
        {
            _waveFrom = now - 60 * (minutes - 1) + 60 - CtgMinutes.WaveSeconds;
            events.Add(WaveEvent(now, isOver: false));
        }
    }

    private void EndWave(long end, List<CtgEvent> events)
    {
        if (_waveFrom >= 0)
            events.Add(WaveEvent(end, isOver: true));
        _waveFrom = -1;
    }

    private CtgEvent WaveEvent(long end, bool isOver) => new(
        number, EventKind.SinusoidalPattern, _waveFrom, end, isOver, EventPriority.High, 1,
        FormattableString.Invariant($"smooth waves of 3 to 5 a minute for more than {rules.SinusoidalMinutes} min"));

    private void Categorize(Contractions? contractions, List<CtgEvent> events)
    {
        var now = _excursions.Count;
        if (!Has || now < FirstCategorySeconds || float.IsNaN(Level))
        {
            SetCategory(CtgCategory.None, CtgReasons.None, _cells.Count, events);
            return;
        }
        Span<Deceleration> decelerations = stackalloc Deceleration[Listed + 1];
        var count = (int)Math.Min(_decelerationCount, Listed);
        _decelerations.AsSpan(0, count).CopyTo(decelerations);
        if (_excursions.Open is { Sign: < 0 } open && open.Counts(rules))
            decelerations[count++] = new Deceleration(open.Begin, open.End, Told(open, contractions).Kind);
        Span<Contraction> known = stackalloc Contraction[Contractions.MostCopied];
        var knownCount = contractions?.Copy(known, now - 3600, now) ?? 0;
        var found = new CtgFindings(
            now, Level, _minutes.Variability, (_minutes.ReducedMinutes, _minutes.IncreasedMinutes, _minutes.SinusoidalMinutes),
            contractions?.TherePart(now - TocoSeconds, now) >= 0.5);
        var reasons = CtgClassification.Reasons(found, decelerations[..count], known[..knownCount], rules);
        SetCategory(CtgClassification.Of(reasons), reasons, _cells.Count, events);
    }

    private void SetCategory(CtgCategory category, CtgReasons reasons, long now, List<CtgEvent> events)
    {
        if (category == Category && reasons == _reasons)
            return;
        if (Category != CtgCategory.None)
            events.Add(CategoryEvent(now, isOver: true));
        (Category, _reasons, _categoryFrom) = (category, reasons, now);
        if (Category != CtgCategory.None)
            events.Add(CategoryEvent(now, isOver: false));
    }

    private CtgEvent CategoryEvent(long end, bool isOver)
    {
        var (kind, priority) = Category switch
        {
            CtgCategory.Pathological => (EventKind.CategoryPathological, EventPriority.High),
            CtgCategory.Suspicious => (EventKind.CategorySuspicious, EventPriority.Low),
            _ => (EventKind.CategoryNormal, EventPriority.Information),
        };
        return new CtgEvent(
            number, kind, _categoryFrom, end, isOver, priority, _cells.UsablePart, CtgClassification.Words(_reasons, rules));
    }
}
