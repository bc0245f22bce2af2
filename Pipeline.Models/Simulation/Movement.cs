namespace Pipeline.Models.Simulation;

/// <summary>How a patient moves and works in a given second: drives the heart rate, the accelerometer and the PPG's artefact.</summary>
internal struct Movement
{
    private const double CycleSeconds = 600;

    private readonly PatientActivity _activity;
    private readonly double _offset;         // where in the cycle this patient began
    private readonly double _cadence;        // steps a second when walking
    private NoiseSource _noise;
    private double _fidgetLeft;              // seconds that a resting patient still moves

    public Movement(PatientActivity activity, NoiseSource noise)
    {
        _activity = activity;
        _noise = noise;
        _offset = activity == PatientActivity.Exercise ? 0 : _noise.Uniform(0, CycleSeconds);
        _cadence = _noise.Uniform(1.6, 1.9);
        _fidgetLeft = 0;
        (Strength, StridesPerSecond, Effort) = (0, _cadence / 2, 0);
    }

    /// <summary>Amplitude of the motion, 0 (still) to 1 (a full run).</summary>
    public double Strength { get; private set; }

    /// <summary>Strides (two steps) a second.</summary>
    public double StridesPerSecond { get; private set; }

    /// <summary>Work that the heart answers, 0 to 1.</summary>
    public double Effort { get; private set; }

    /// <summary>Goes on to a second of the simulation.</summary>
    public void MoveTo(long second)
    {
        if (_activity == PatientActivity.Exercise)
            Exercise((second + _offset) % CycleSeconds);
        else
            Rest();
    }

    // Rest 90 s, walk 150 s, run 210 s, recover 150 s.
    private void Exercise(double at)
    {
        var (strength, strides, effort) = at switch
        {
            < 90 => (0.0, _cadence / 2, 0.0),
            < 240 => (0.35, _cadence / 2, 0.4),
            < 450 => (1.0, _cadence * 0.75, 1.0),
            _ => (0.0, _cadence / 2, 0.0),
        };
        // No one changes pace at once: a tenth of the way each second; every second's pace differs by a percent.
        Strength += (strength - Strength) * 0.3;
        StridesPerSecond += (strides - StridesPerSecond) * 0.1 + _noise.Normal() * 0.006;
        Effort += (effort - Effort) * (effort > Effort ? 0.03 : 0.015);
    }

    // About one second in 120 begins a short movement of the hand.
    private void Rest()
    {
        if (_fidgetLeft > 0)
            _fidgetLeft--;
        else if (_noise.Uniform() < 1 / 120.0)
            (_fidgetLeft, StridesPerSecond) = (_noise.Uniform(2, 6), _noise.Uniform(0.4, 1.5));
        Strength = _fidgetLeft > 0 ? 0.25 : 0;
    }
}
