using Pipeline.Models.State;

namespace Pipeline.Models.Estimators.Ctg;

/// <summary>What is said of a trace at present; NaN where it cannot be told.</summary>
/// <param name="Baseline">Beats per minute, by what is known now; it may still change for 2 min.</param>
/// <param name="Variability">Mean bandwidth of one-minute segments over the last ten, beats per minute.</param>
/// <param name="ShortTermVariation">Mean over the last hour, ms.</param>
/// <param name="SignalLoss">Part of the last ten minutes without a usable rate, 0 to 1.</param>
/// <param name="Coverage">Part of them in which the monitor gave a rate, artefacts included, 0 to 1.</param>
/// <param name="Category">FIGO 2015; none where it cannot be told.</param>
/// <param name="IsWarmingUp">Whether less than ten minutes of the trace are final.</param>
/// <param name="IsLost">Whether too much of the last ten minutes is lost.</param>
public readonly record struct CtgFeatures(
    float Baseline, float Variability, float ShortTermVariation, double SignalLoss, double Coverage, CtgCategory Category,
    bool IsWarmingUp, bool IsLost);

/// <summary>Something in a trace with a begin and an end, in whole seconds from its first sample.</summary>
/// <param name="Fetus">Which fetus, from 0; −1 of a contraction.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Begin">First second: with <paramref name="Fetus"/> and the kind's group what makes it one and the same.</param>
/// <param name="End">Second after the last, as far as it is known.</param>
/// <param name="IsOver">Whether it has ended; one that lasts is told again when it has.</param>
/// <param name="Priority">How urgent it is.</param>
/// <param name="Probability">0 to 1: the part of it that was seen.</param>
/// <param name="Reason">For a person.</param>
public readonly record struct CtgEvent(
    int Fetus, EventKind Kind, long Begin, long End, bool IsOver, EventPriority Priority, double Probability, string Reason);

/// <summary>
/// Cardiotocography: up to two fetal heart rate traces and a toco, as they come; from a monitor, or from fetal beats
/// (<see cref="FhrFromBeats"/>). Pure and streaming: how the samples are cut changes nothing, nothing of the future is asked for. A second
/// of the trace is final 2 min and at most 15 s after it (and 5 s, the artefacts'): its baseline, whether an excursion from it begins or
/// ends; a minute when no excursion from it is open any more, one minute later at the earliest. One thread at a time. State: 24 KiB a
/// fetus, 5 KiB the toco.
/// </summary>
public sealed class CtgAnalysis
{
    /// <summary>Most fetuses.</summary>
    public const int MostFetuses = 2;

    /// <summary>Least samples per second.</summary>
    public const double MinRateHz = 0.25;

    private const int StepSeconds = CtgBaseline.StepSeconds;
    private const int FlushSeconds = (CtgBaseline.Lag + 6) * StepSeconds;   // after it all that was there is final
    private const int ContractionsSeconds = 1800;

    private readonly double _rateHz;
    private readonly FetalTrace[] _traces;
    private readonly Contractions? _contractions;
    private readonly List<Contraction> _ended = [];
    private long _steps, _taken;

    /// <summary>Begins.</summary>
    /// <param name="rateHz">Samples per second, <see cref="MinRateHz"/> or more.</param>
    /// <param name="fetusCount">0 (toco alone) to <see cref="MostFetuses"/>.</param>
    /// <param name="hasToco">Whether there is a toco channel.</param>
    /// <param name="rules">Limits; FIGO's by default.</param>
    public CtgAnalysis(double rateHz, int fetusCount, bool hasToco, CtgRules? rules = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rateHz, MinRateHz);
        ArgumentOutOfRangeException.ThrowIfNegative(fetusCount);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(fetusCount, MostFetuses);
        _rateHz = rateHz;
        _traces = [.. Enumerable.Range(0, fetusCount).Select(number => new FetalTrace(rateHz, number, rules ?? new CtgRules()))];
        _contractions = hasToco ? new Contractions(rateHz) : null;
    }

    /// <summary>What was found since it was emptied, which is the caller's.</summary>
    public List<CtgEvent> Events { get; } = [];

    /// <summary>Samples taken.</summary>
    public long SampleCount => _taken;

    /// <summary>Contractions per ten minutes over the last half hour that is final; NaN without ten minutes of toco.</summary>
    public float ContractionRate
    {
        get
        {
            if (_contractions is not { } toco || toco.Count < 600 || toco.TherePart(toco.Count - 600, toco.Count) < 0.5)
                return float.NaN;
            Span<Contraction> known = stackalloc Contraction[Contractions.MostCopied];
            var seconds = Math.Min(ContractionsSeconds, toco.Count);
            return toco.Copy(known, toco.Count - seconds, toco.Count) * 600f / seconds;
        }
    }

    /// <summary>Whether there is a toco that has stood still for a minute: it is off.</summary>
    public bool IsTocoStill => _contractions?.IsStill == true;

    /// <summary>The features of a fetus' trace at present.</summary>
    public CtgFeatures this[int fetus] => _traces[fetus].Features;

    /// <summary>
    /// The baseline of a fetus that became final last: of the step that began 2 min and a step before the last one ended.
    /// </summary>
    internal float FinalBaseline(int fetus) => _traces[fetus].FinalBaseline;

    /// <summary>
    /// Takes the next sample of each trace, beats per minute (0 and NaN: no signal), and of the toco, NaN where there is none.
    /// </summary>
    public void Take(ReadOnlySpan<float> rates, float toco)
    {
        _taken++;
        for (var i = 0; i < _traces.Length; i++)
            _traces[i].Take(rates[i]);
        _contractions?.Take(toco);
        while (IsStepComplete())
            Step();
    }

    /// <summary>The traces end: what lasts ends with them, and everything is final. Only <see cref="Clear"/> may follow.</summary>
    public void Finish()
    {
        var end = (long)(_taken / _rateHz);
        var already = Events.Count;
        Span<float> none = stackalloc float[MostFetuses];
        none.Fill(float.NaN);
        var wanted = (long)(FlushSeconds * _rateHz) + 2 * MostDelay() + 1;
        while (wanted-- > 0)
            Take(none, float.NaN);
        foreach (var trace in _traces)
            trace.Finish(end, _contractions, Events);
        _contractions?.Finish(_ended);
        AddContractions();
        // What was told of the time after the end was not there.
        for (var i = Events.Count - 1; i >= already; i--)
            if (Events[i].Begin >= end)
                Events.RemoveAt(i);
            else if (Events[i].End > end)
                Events[i] = Events[i] with { End = end };
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        foreach (var trace in _traces)
            trace.Clear();
        _contractions?.Clear();
        _ended.Clear();
        (_steps, _taken) = (0, 0);
    }

    /// <summary>All that changes, while <see cref="Events"/> is empty.</summary>
    public void Transfer(StateTransfer state)
    {
        ArgumentNullException.ThrowIfNull(state);
        state.Count(ref _steps);
        state.Count(ref _taken);
        foreach (var trace in _traces)
            trace.Transfer(state);
        _contractions?.Transfer(state);
    }

    private int MostDelay()
    {
        var most = 0;
        foreach (var trace in _traces)
            most = Math.Max(most, trace.Delay);
        return most;
    }

    private bool IsStepComplete()
    {
        var wanted = (_steps + 1) * StepSeconds;
        foreach (var trace in _traces)
            if (trace.CellCount < wanted)
                return false;
        return _contractions is null ? _traces.Length > 0 : _contractions.CellCount >= wanted;
    }

    private void Step()
    {
        _steps++;
        if (_steps > CtgBaseline.Lag && _contractions is { } toco)
        {
            toco.Settle(_ended);
            AddContractions();
        }
        foreach (var trace in _traces)
            trace.Step(_contractions, Events);
    }

    private void AddContractions()
    {
        foreach (var one in _ended)
            Events.Add(new CtgEvent(
                -1, EventKind.Contraction, one.Begin, one.End, true, EventPriority.Information, 1,
                FormattableString.Invariant($"contraction of {one.End - one.Begin} s")));
        _ended.Clear();
    }
}
