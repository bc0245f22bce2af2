using Pipeline.Models.Signals;

namespace Pipeline.Models.Simulation;

/// <summary>An arterial pressure in mmHg: diastole and pulse pressure of the patient, both a little higher after a long interval.</summary>
internal sealed class SimulatedAbp
{
    public const int RateHz = 125;
    private const float Gain = 100, FilledVessels = 20;     // mmHg
    private const double FallSeconds = 6;

    public static readonly ChannelLayout Channels = new(new Channel("ABP", SignalKind.Abp, "mm[Hg]", Gain));

    private readonly HeartRhythm _heart;
    private readonly float _diastole;
    private readonly float _pulse;
    private readonly float _noiseScale;
    private readonly SimulatedLine _line;
    private readonly List<TruePressure> _truth = [];
    private NoiseSource _noise;
    private long _beat;
    private (double Foot, float Low, float High, double Sum, int Count) _open = (double.NaN, 0, 0, 0, 0);     // the beat that is rendered
    private float _lowest = float.PositiveInfinity;     // since its highest pressure
    private float _wander;

    public SimulatedAbp(BedScenario scenario, HeartRhythm heart)
    {
        _heart = heart;
        _line = new(scenario.LineFaults);
        _noise = new(scenario.Seed, 4);
        _noiseScale = (float)scenario.Noise;
        _diastole = (float)_noise.Uniform(58, 84);
        _pulse = (float)_noise.Uniform(35, 58);
    }

    /// <summary>The beats that ended since the last call.</summary>
    public void TakeTruth(ICollection<TruePressure> beats)
    {
        foreach (var beat in _truth)
            beats.Add(beat);
        _truth.Clear();
    }

    public void Render(long second, Span<short> samples, DeviceCondition condition, in Movement movement)
    {
        if (condition == DeviceCondition.Off)
        {
            samples.Clear();   // the line is closed: the transducer shows zero
            _open.Foot = double.NaN;
            return;
        }
        var rough = condition == DeviceCondition.Noisy ? 1 : 0.05f * (float)movement.Strength;
        var (breath, breathStep) = (_heart.BreathsAt(second), (_heart.BreathsAt(second + 1) - _heart.BreathsAt(second)) / RateHz);
        var nextFoot = double.NegativeInfinity;
        _beat = Math.Max(_beat, _heart.Oldest);   // after a silence
        double foot = 0;
        float height = 0, toPhase = 0;
        for (var i = 0; i < samples.Length; i++)
        {
            var time = second + (double)i / RateHz;
            if (time >= nextFoot)
            {
                while (_heart[_beat + 1].AbpFootSeconds <= time)
                    _beat++;
                (foot, nextFoot) = (_heart[_beat].AbpFootSeconds, _heart[_beat + 1].AbpFootSeconds);
                toPhase = 1 / (float)Math.Min(nextFoot - foot, BloodPulse.LongestSeconds);
                height = HeightOf(_beat);
            }
            var still = Math.Max(0, time - foot - BloodPulse.LongestSeconds);      // without a heart beat the pressure falls to that of the filled vessels
            var pressure = FilledVessels + (_diastole - FilledVessels) * (float)Math.Exp(-still / FallSeconds) + height * WaveTables.AbpPulse.At((float)(time - foot) * toPhase) + 2.5f * WaveTables.Sine.Repeating(breath);
            Tell(foot, pressure);
            _wander += (_noise.Normal() - _wander) * 0.05f;
            var value = _line.Pass(time, pressure, RateHz)
                + _noise.Normal() * (0.3f * _noiseScale + 3 * rough) + _wander * (1.5f * _noiseScale + 120 * rough);
            samples[i] = SimulatedDevice.Stored(value * Gain);
            breath += breathStep;
        }
    }

    private void Tell(double foot, float pressure)
    {
        if (foot != _open.Foot)
        {
            if (_open.Count > 0 && !double.IsNaN(_open.Foot))
                _truth.Add(new TruePressure(_open.Foot, _open.High, _open.Low, _open.Sum / _open.Count));
            if (_truth.Count > 8)
                _truth.RemoveAt(0);     // nobody asks
            _open = (foot, Math.Min(_lowest, pressure), pressure, 0, 0);
        }
        _lowest = pressure >= _open.High ? float.PositiveInfinity : Math.Min(_lowest, pressure);
        _open = (foot, _open.Low, Math.Max(_open.High, pressure), _open.Sum + pressure, _open.Count + 1);
    }

    private float HeightOf(long beat)
    {
        var filling = _heart.FillingBefore(beat);
        return _pulse * (float)Math.Clamp(0.7 + 0.35 * filling, 0.75, 1.2) * (_heart[beat].IsEctopic ? 0.5f : 1);
    }
}
