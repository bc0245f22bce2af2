namespace Pipeline.Models.Simulation;

/// <summary>The part of a bed that a labour adds: the fetus, the course of the labour, the devices <c>fecg</c> and <c>ctg</c>.</summary>
internal sealed class SimulatedLabour
{
    private readonly LabourCourse _course;
    private readonly FetalRhythm? _fetus;
    private readonly FetalPosition _position;
    private long _nextBeat;
    private long _second;

    public SimulatedLabour(BedScenario scenario, LabourScenario labour, HeartRhythm mother, List<SimulatedDevice> devices)
    {
        _course = new(scenario, labour, mother);
        _fetus = labour.HasFetus ? new(scenario, labour, _course) : null;
        var abdomen = new SimulatedAbdomen(scenario, labour, mother, _fetus, _course);
        _position = abdomen.Position;
        if (labour.LeadCount > 0)
            devices.Add(new(scenario, "fecg", abdomen.Channels, abdomen.RateHz, 18, true, abdomen.Render));
        if (!labour.HasCtg)
            return;
        var ctg = new SimulatedCtg(scenario, labour, mother, _fetus, _course);
        devices.Add(new(scenario, "ctg", SimulatedCtg.Channels, SimulatedCtg.RateHz, 19, false, (second, samples, condition) =>
        {
            ctg.Render(second, samples, condition);
            return 0;
        }));
    }

    /// <summary>Work of the mother that her heart answers, 0 to 1.</summary>
    public double Effort { get; private set; }

    /// <summary>Goes on to a second, which then is rendered. The mother's beats reach beyond its end.</summary>
    public void MoveTo(long second)
    {
        _second = second;
        _course.MoveTo(second);
        _fetus?.AdvanceTo(second + 1);
        _position.MoveTo(second, _course.PickUpAt(second + 1));
        Effort = 0.12 * _course.ContractionAt(second + 0.5) / 50;
    }

    /// <summary>Adds what is known of the second; without a fetus no beats, and a rate of NaN.</summary>
    public void Tell(LabourTruth truth)
    {
        truth.Events.AddRange(_course.Ended);
        truth.Events.AddRange(_position.Ended);
        var hasFetus = _fetus is not null;
        var (baseline, rate) = hasFetus ? (_course.BaselineAt(_second), _course.RateAt(_second)) : (double.NaN, double.NaN);
        truth.Seconds.Add(new(_second, baseline, rate, _course.ContractionAt(_second)));
        for (; _nextBeat < _fetus?.Peaks.Count && _fetus.Peaks[_nextBeat] < _second + 1; _nextBeat++)
        {
            var seconds = _fetus.Peaks[_nextBeat];
            var part = seconds - _second;
            if (part >= 0)
                truth.Beats.Add(new(seconds, _position.Strength + (_position.NextStrength - _position.Strength) * part));
        }
    }
}
