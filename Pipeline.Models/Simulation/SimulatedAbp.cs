using Pipeline.Models.Signals;

namespace Pipeline.Models.Simulation;

/// <summary>An arterial pressure in mmHg: diastole and pulse pressure of the patient, both a little higher after a long interval.</summary>
internal sealed class SimulatedAbp
{
    public const int RateHz = 125;
    private const float Gain = 100;

    public static readonly ChannelLayout Channels = new(new Channel("ABP", SignalKind.Abp, "mm[Hg]", Gain));

    private readonly HeartRhythm _heart;
    private readonly float _diastole;
    private readonly float _pulse;
    private readonly float _noiseScale;
    private NoiseSource _noise;
    private long _beat;
    private float _wander;

    public SimulatedAbp(BedScenario scenario, HeartRhythm heart)
    {
        _heart = heart;
        _noise = new(scenario.Seed, 4);
        _noiseScale = (float)scenario.Noise;
        _diastole = (float)_noise.Uniform(58, 84);
        _pulse = (float)_noise.Uniform(35, 58);
    }

    public void Render(long second, Span<short> samples, DeviceCondition condition, in Movement movement)
    {
        if (condition == DeviceCondition.Off)
        {
            samples.Clear();   // the line is closed: the transducer shows zero
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
                toPhase = 1 / (float)(nextFoot - foot);
                height = HeightOf(_beat);
            }
            _wander += (_noise.Normal() - _wander) * 0.05f;
            var value = _diastole + height * WaveTables.AbpPulse.At((float)(time - foot) * toPhase) + 2.5f * WaveTables.Sine.Repeating(breath)
                + _noise.Normal() * (0.3f * _noiseScale + 3 * rough) + _wander * (1.5f * _noiseScale + 120 * rough);
            samples[i] = SimulatedDevice.Stored(value * Gain);
            breath += breathStep;
        }
    }

    private float HeightOf(long beat)
    {
        var filling = _heart.FillingBefore(beat);
        return _pulse * (float)Math.Clamp(0.7 + 0.35 * filling, 0.75, 1.2) * (_heart[beat].IsEctopic ? 0.5f : 1);
    }
}
