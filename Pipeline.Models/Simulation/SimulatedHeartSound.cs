using Pipeline.Models.Signals;

namespace Pipeline.Models.Simulation;

/// <summary>
/// A chest microphone: first and second sounds of the bed's heart, breathing and noise; movement rubs it. Sounds lie where the heart's
/// valves close: the first one 40 ms after the R peak.
/// </summary>
internal sealed class SimulatedHeartSound
{
    public const int RateHz = 1000;
    private const float Gain = 30_000;
    private const double FirstAfterPeak = 0.04;
    private const double Loudness = 0.15;

    public static readonly ChannelLayout Channels = new(new Channel("PCG", SignalKind.HeartSound, "1", Gain));

    private readonly HeartRhythm _heart;
    private readonly HeartSoundShape _shape;
    private readonly float _noiseScale;
    private readonly float[] _sound = new float[RateHz];
    private readonly double _breathing;
    private NoiseSource _noise;
    private float _rumble, _hiss;

    public SimulatedHeartSound(BedScenario scenario, HeartRhythm heart)
    {
        _heart = heart;
        _noise = new(scenario.Seed, 30);
        _noiseScale = (float)scenario.Noise;
        _shape = new HeartSoundShape(ref _noise);
        _breathing = _noise.Uniform(0.01, 0.04);
    }

    public void Render(long second, Span<short> samples, DeviceCondition condition, in Movement movement)
    {
        if (condition == DeviceCondition.Off)
        {
            samples.Clear();
            return;
        }
        _sound.AsSpan().Clear();
        for (var beat = Math.Max(_heart.Oldest, 0); beat < _heart.Count; beat++)
        {
            var first = _heart[beat].Seconds + FirstAfterPeak;
            if (first < second - HeartSoundShape.AfterSeconds || first > second + 1 + HeartSoundShape.BeforeSeconds)
                continue;
            var filling = _heart.FillingBefore(beat);
            _shape.AddBeat(_sound, RateHz, second, first, first + _shape.SystoleAfter(filling), (_heart[beat].IsEctopic ? 0.6 : 1) * Math.Clamp(0.7 + 0.35 * filling, 0.75, 1.2));
        }
        var rough = condition == DeviceCondition.Noisy ? 1.5f : (float)movement.Strength;
        for (var i = 0; i < samples.Length; i++)
        {
            _rumble += (_noise.Normal() - _rumble) * 0.25f;
            _hiss = _noise.Normal() - 0.5f * _hiss;
            var breath = Math.Abs(WaveTables.Sine.Repeating(_heart.BreathsAt(second + (double)i / RateHz)));
            var value = _sound[i] + _rumble * (0.04f * _noiseScale + rough) + _hiss * (float)(0.01 * _noiseScale + _breathing * breath);
            samples[i] = SimulatedDevice.Stored((float)(Loudness * value) * Gain);
        }
    }
}
