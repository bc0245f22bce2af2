namespace Pipeline.Models.Simulation;

/// <summary>
/// Contraction after contraction, and the deceleration that each is followed by. A contraction is planned when the one before it is over,
/// so that what comes next is known before it begins. A twin has the contractions of the first and decelerations of its own.
/// </summary>
internal sealed class ContractionPlan
{
    /// <summary>Least between two changes of the rate.</summary>
    public const double SettleSeconds = 20;

    private const double RestSeconds = 35;   // least between two contractions

    private readonly ContractionPlan? _first;        // of twins
    private readonly double _meanInterval;
    private readonly DecelerationShares _shares;
    private NoiseSource _noise;
    private RateChange _planned = RateChange.None;   // the deceleration after the present one

    public ContractionPlan(LabourScenario labour, NoiseSource noise, ContractionPlan? first = null)
    {
        (_noise, _first) = (noise, first);
        _shares = labour.Decelerations;
        _meanInterval = 600 / Math.Clamp(labour.ContractionsPerTenMinutes, 0, 6);
        if (double.IsFinite(_meanInterval) && first is null)
            Plan(_noise.Uniform(20, 90));
    }

    /// <summary>The contraction that goes on, or the next one; <see cref="RateChange.None"/> where there are none.</summary>
    public RateChange Contraction { get; private set; } = RateChange.None;

    /// <summary>The deceleration that goes on, or the next one, or the last one.</summary>
    public RateChange Deceleration { get; private set; } = RateChange.None;

    /// <summary>No deceleration begins before this second: something else goes on.</summary>
    public double BlockedUntil { get; set; } = double.NegativeInfinity;

    /// <summary>Goes on to a second; adds what ended before it to <paramref name="ended"/>.</summary>
    public void MoveTo(double second, List<LabourEvent> ended)
    {
        if (Deceleration.Size > 0 && Deceleration.End <= second - 1)
        {
            ended.Add(Deceleration.Event);
            (Deceleration, _planned) = (_planned, RateChange.None);
        }
        if (_first is { Contraction: var shared })
        {
            if (shared != Contraction)
                Follow(shared);
            return;
        }
        if (Contraction.Size <= 0 || Contraction.End > second - 1)
            return;
        ended.Add(Contraction.Event);
        var interval = _meanInterval * _noise.Uniform(0.75, 1.25);
        Plan(Math.Max(Contraction.Begin + interval, Contraction.End + RestSeconds));
    }

    /// <summary>Leaves out the decelerations that have not begun and touch <paramref name="begin"/> to <paramref name="end"/>.</summary>
    public void LeaveOut(double second, double begin, double end)
    {
        if (_planned.Touches(begin, end))
            _planned = RateChange.None;
        if (Deceleration.Begin > second && Deceleration.Touches(begin, end))
            (Deceleration, _planned) = (_planned, RateChange.None);
    }

    /// <summary>Whether a change of the rate from <paramref name="begin"/> to <paramref name="end"/> would touch a deceleration.</summary>
    public bool IsBeside(double begin, double end) =>
        Deceleration.Touches(begin - SettleSeconds, end + SettleSeconds) || _planned.Touches(begin - SettleSeconds, end + SettleSeconds);

    private void Plan(double begin)
    {
        var length = _noise.Uniform(72, 95);
        var peak = begin + 0.46 * length;
        Follow(new(LabourEventKind.Contraction, begin, peak, peak, begin + length, _noise.Uniform(30, 70)));
    }

    /// <summary>Takes a contraction, and plans what follows it.</summary>
    private void Follow(RateChange contraction)
    {
        Contraction = contraction;
        var kind = _noise.Uniform();
        if ((kind -= _shares.Early) < 0)
            Add(Early());
        else if ((kind -= _shares.Late) < 0)
            Add(Late());
        else if ((kind -= _shares.Variable) < 0)
            Add(Variable());
        else if (kind - _shares.Prolonged < 0)
            Add(Prolonged());
    }

    private void Add(RateChange deceleration)
    {
        if (deceleration.Begin < BlockedUntil)
            return;
        if (Deceleration.Size <= 0)
            Deceleration = deceleration;
        else if (_planned.Size <= 0 && Deceleration.End + SettleSeconds < deceleration.Begin)
            _planned = deceleration;
    }

    // From beginning to nadir 32 s or more: gradual (FIGO 2015).
    private RateChange Early()
    {
        var begin = Contraction.Begin + _noise.Uniform(0, 2);
        var nadir = Math.Max(Contraction.Peak + _noise.Uniform(-1, 3), begin + 32);
        return new(LabourEventKind.EarlyDeceleration, begin, nadir, nadir, Math.Max(Contraction.End, nadir + 33), _noise.Uniform(24, 35));
    }

    private RateChange Late()
    {
        var begin = Contraction.Begin + _noise.Uniform(26, 36);
        var nadir = Math.Max(Contraction.Peak + _noise.Uniform(14, 24), begin + 33);
        var end = Math.Max(Contraction.End + _noise.Uniform(14, 28), nadir + 34);
        return new(LabourEventKind.LateDeceleration, begin, nadir, nadir, end, _noise.Uniform(24, 42));
    }

    private RateChange Variable()
    {
        var begin = Contraction.Begin + _noise.Uniform(2, 35);
        var nadir = begin + _noise.Uniform(6, 16);
        var rise = nadir + _noise.Uniform(16, 36);
        return new(LabourEventKind.VariableDeceleration, begin, nadir, rise, rise + _noise.Uniform(6, 16), _noise.Uniform(28, 60));
    }

    private RateChange Prolonged()
    {
        var begin = Contraction.Begin + _noise.Uniform(5, 30);
        var end = begin + _noise.Uniform(215, 285);
        var (nadir, rise) = (begin + _noise.Uniform(15, 40), end - _noise.Uniform(15, 25));
        return new(LabourEventKind.ProlongedDeceleration, begin, nadir, rise, end, _noise.Uniform(30, 60));
    }
}
