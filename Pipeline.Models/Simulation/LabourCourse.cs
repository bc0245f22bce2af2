namespace Pipeline.Models.Simulation;

/// <summary>
/// The course of a labour: contractions, the fetal heart rate with its baseline, variability, accelerations and decelerations, and the
/// episodes in which it is the mother's or the device's. Goes on second by second; memory does not grow.
/// </summary>
internal sealed class LabourCourse
{
    private const int MotherIntervals = 8;
    private const double BlendSeconds = 8;    // in which a coincidence begins and ends

    private readonly LabourScenario _labour;
    private readonly HeartRhythm _mother;
    private readonly FetalBaseline _baseline;
    private readonly ContractionPlan _contractions;
    private readonly List<LabourEvent> _ended = [];
    private NoiseSource _noise;
    private RateChange _acceleration = RateChange.None;
    private RateChange _coincidence = RateChange.None;
    private RateChange _pickUp = RateChange.None;
    private double _motherRate = 80;

    /// <summary>A twin's course is made with the <paramref name="first"/>'s, and moved after it: the contractions are the same.</summary>
    public LabourCourse(BedScenario scenario, LabourScenario labour, HeartRhythm mother, LabourCourse? first = null)
    {
        var streams = first is null ? 0 : SimulatedLabour.TwinStreams;
        (_labour, _mother) = (labour, mother);
        _noise = new(scenario.Seed, 6 + streams);
        _baseline = new(labour, new(scenario.Seed, 7 + streams));
        _contractions = new(labour, new(scenario.Seed, 8 + streams), first?._contractions);
    }

    /// <summary>What ended in the second before; cleared by the next one.</summary>
    public IReadOnlyList<LabourEvent> Ended => _ended;

    /// <summary>How far the fetal signal is lost and the cardiotocograph has the mother's, 0 to 1.</summary>
    public double PickUpAt(double seconds) => _pickUp.PartAt(seconds);

    /// <summary>Goes on to a second, which then is asked for. The mother's beats reach beyond its end.</summary>
    public void MoveTo(double second)
    {
        _ended.Clear();
        var recent = _mother.Peaks.RateAt(second + 1, MotherIntervals);
        if (double.IsFinite(recent))
            _motherRate = recent;
        _baseline.MoveTo(second);
        _contractions.MoveTo(second, _ended);
        End(ref _acceleration, second);
        End(ref _coincidence, second);
        End(ref _pickUp, second);
        Plan(second);
    }

    /// <summary>The rate that the fetal beats follow, per minute.</summary>
    public double RateAt(double seconds)
    {
        var own = _baseline.At(seconds) + _baseline.VariabilityAt(seconds) + _acceleration.ValueAt(seconds)
            - _contractions.Deceleration.ValueAt(seconds);
        return Math.Clamp(own + (_motherRate - own) * _coincidence.PartAt(seconds), 40, 240);
    }

    /// <summary>Baseline of the fetal heart rate, per minute.</summary>
    public double BaselineAt(double seconds) => _baseline.At(seconds);

    /// <summary>Uterine pressure over its resting tone, mmHg.</summary>
    public double ContractionAt(double seconds) => _contractions.Contraction.ValueAt(seconds);

    private void End(ref RateChange change, double second)
    {
        if (change.Size <= 0 || change.End > second - 1)
            return;
        _ended.Add(change.Event);
        change = RateChange.None;
    }

    /// <summary>Begins an acceleration or an episode now, where nothing else goes on.</summary>
    private void Plan(double second)
    {
        var drawn = _noise.Uniform() * 3600;
        var isFree = _acceleration.Size <= 0 && _coincidence.Size <= 0 && _pickUp.Size <= 0;
        if (!isFree)
            return;
        if ((drawn -= _labour.CoincidencesPerHour) < 0)
            _coincidence = Episode(LabourEventKind.Coincidence, second, _noise.Uniform(90, 240), BlendSeconds);
        else if ((drawn -= _labour.PickUpsPerHour) < 0)
            _pickUp = Episode(LabourEventKind.MaternalPickUp, second, _noise.Uniform(60, 180), 1);
        else if (drawn - _labour.AccelerationsPerHour < 0 && !_labour.IsSinusoidal)
            _acceleration = Acceleration(second);
    }

    private RateChange Episode(LabourEventKind kind, double second, double length, double blend)
    {
        var end = second + length;
        if (_contractions.IsBeside(second, second))
            return RateChange.None;
        _contractions.LeaveOut(second, second, end + BlendSeconds);
        _contractions.BlockedUntil = end + BlendSeconds;
        return new(kind, second, second + blend, end - blend, end, _motherRate);
    }

    private RateChange Acceleration(double second)
    {
        var top = second + _noise.Uniform(7, 20);
        var fall = top + _noise.Uniform(14, 40);
        var end = fall + _noise.Uniform(8, 25);
        if (_contractions.IsBeside(second, end))
            return RateChange.None;
        _contractions.BlockedUntil = end + ContractionPlan.SettleSeconds;
        return new(LabourEventKind.Acceleration, second, top, fall, end, _noise.Uniform(19, 30));
    }
}
