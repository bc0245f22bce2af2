namespace Pipeline.Models.Simulation;

/// <summary>Baseline of the fetal heart rate and its variability; the variability's waves have 1.3 to 5.7 cycles a minute.</summary>
internal sealed class FetalBaseline
{
    private const double MostOff = 12;   // per minute from the first baseline

    private static readonly (double CyclesPerMinute, double Weight)[] Waves = [(1.9, 0.5), (1.3, 0.2), (3.7, 0.2), (5.7, 0.1)];

    private readonly double _changesPerHour;
    private readonly double _size;          // half the bandwidth
    private readonly bool _isSinusoidal;
    private readonly double[] _phases = new double[Waves.Length];
    private NoiseSource _noise;
    private RateChange _ramp = RateChange.None;
    private double _from;

    public FetalBaseline(LabourScenario labour, NoiseSource noise)
    {
        _noise = noise;
        var drawn = _noise.Uniform(118, 152);
        First = double.IsNaN(labour.FetalRate) ? drawn : Math.Clamp(labour.FetalRate, 70, 220);
        (_from, To) = (First, First);
        _changesPerHour = labour.BaselineChangesPerHour;
        _isSinusoidal = labour.IsSinusoidal;
        // The waves are all at their crests together now and then; in a usual minute they span 1.4 times their size.
        _size = labour.FetalVariability / 1.4;
        for (var i = 0; i < _phases.Length; i++)
            _phases[i] = 10 + _noise.Uniform();
    }

    /// <summary>At the start.</summary>
    public double First { get; }

    private double To { get; set; }

    /// <summary>Goes on to a second.</summary>
    public void MoveTo(double second)
    {
        var drawn = _noise.Uniform() * 3600;
        if (_ramp.Peak > second || drawn >= _changesPerHour)
            return;
        _from = To;
        To = First + _noise.Uniform(-MostOff, MostOff);
        var end = second + _noise.Uniform(300, 600);
        _ramp = new(default, second, end, double.PositiveInfinity, double.PositiveInfinity, 1);
    }

    /// <summary>The baseline at a moment.</summary>
    public double At(double seconds) => _from + (To - _from) * _ramp.PartAt(seconds);

    /// <summary>What the variability adds to it.</summary>
    public double VariabilityAt(double seconds)
    {
        if (_isSinusoidal)
            return 10 * WaveTables.Sine.Repeating(_phases[0] + seconds * (4 / 60.0));
        var sum = 0.0;
        for (var i = 0; i < Waves.Length; i++)
            sum += Waves[i].Weight * WaveTables.Sine.Repeating(_phases[i] + seconds * (Waves[i].CyclesPerMinute / 60));
        return _size * sum;
    }
}
