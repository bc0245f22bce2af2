using Pipeline.Models.Signals;

namespace Pipeline.Models.Simulation;

/// <summary>Mean red, green and blue of a camera's region of interest, 30 frames a second, of a <see cref="CameraScene"/>.</summary>
internal sealed class SimulatedCamera
{
    public const int RateHz = 30;
    private const float Gain = 100;

    public static readonly ChannelLayout Channels = new(
        new("R", SignalKind.Camera, "1", Gain), new("G", SignalKind.Camera, "1", Gain), new("B", SignalKind.Camera, "1", Gain));

    // Parts of green's change over a pulse, in red, green and blue: of reflected light, and of what comes through a fingertip.
    private static readonly float[] FacePulse = [0.35f, 1, 0.6f], FingertipPulse = [0.6f, 1, 0.8f];

    private readonly HeartRhythm _heart;
    private readonly CameraScene _scene;
    private readonly float[] _skin;
    private readonly float[] _pulse;
    private readonly float[] _flickerColour = new float[3];
    private readonly float[] _light = [1, 1, 1], _nextLight = [1, 1, 1];
    private NoiseSource _noise;
    private long _beat;
    private double _movementPhase, _flickerPhase;
    private float _drift, _movement, _slow;
    private int _missing;

    public SimulatedCamera(BedScenario scenario, CameraScene scene, HeartRhythm heart)
    {
        (_heart, _scene) = (heart, scene);
        _noise = new(scenario.Seed, 40);
        var tone = (float)scene.Tone;
        _skin = scene.Subject == CameraSubject.Fingertip
            ? [(float)_noise.Uniform(150, 235), (float)_noise.Uniform(8, 45), (float)_noise.Uniform(3, 30)]
            : [205 - 110 * tone, 160 - 105 * tone, 140 - 100 * tone];
        _pulse = scene.Subject == CameraSubject.Fingertip ? FingertipPulse : FacePulse;
        for (var c = 0; c < 3; c++)
            _flickerColour[c] = (float)_noise.Uniform(0.3, 1);
        (_movementPhase, _flickerPhase) = (_noise.Uniform(), _noise.Uniform());
    }

    public void Render(long second, Span<short> samples, DeviceCondition condition, in Movement movement)
    {
        var pulse = new BloodPulse(_heart, ref _beat);
        var (breath, breathStep) = (_heart.BreathsAt(second), (_heart.BreathsAt(second + 1) - _heart.BreathsAt(second)) / RateHz);
        var height = _scene.Subject switch
        {
            CameraSubject.Face => (float)(_scene.Pulse * (1 - 0.67 * _scene.Tone)),
            CameraSubject.Fingertip => 4 * (float)_scene.Pulse,
            _ => 0,
        };
        var rough = (float)(_scene.Movement * (1 + 12 * movement.Strength) * (condition == DeviceCondition.Noisy ? 8 : 1));
        for (var i = 0; i < RateHz; i++)
        {
            var blood = height == 0 || condition == DeviceCondition.Off ? 0 : height * pulse.At(second + i / (double)RateHz, breath);
            Move(rough);
            ChangeLight();
            var flicker = _scene.Flicker == 0 ? 0 : (float)_scene.Flicker * WaveTables.Sine.Repeating(_flickerPhase);
            _flickerPhase += _scene.FlickersPerMinute / 60 / RateHz;
            var isMissing = IsMissing();
            for (var c = 0; c < 3; c++)
            {
                var light = (float)_scene.Light * _light[c] * (1 + _movement + 0.003f * WaveTables.Sine.Repeating(breath) + flicker * _flickerColour[c]);
                var value = light * (_skin[c] * (1 - _pulse[c] * blood) + 255 * 0.1f * _movement) + _noise.Normal() * (float)_scene.Noise;
                samples[c * RateHz + i] = isMissing ? short.MinValue : SimulatedDevice.Stored(Math.Clamp(value, 0, 255) * Gain);
            }
            breath += breathStep;
        }
    }

    /// <summary>Movement: slow noise, or a swing; and the drift of a head that sinks.</summary>
    private void Move(float rough)
    {
        _slow += (_noise.Normal() - _slow) * 0.15f;
        _drift += (_noise.Normal() - _drift) * 0.01f;
        var swing = _scene.MovementPerMinute > 0
            ? 1.2f * WaveTables.Sine.Repeating(_movementPhase) + 0.5f * WaveTables.Sine.Repeating(2 * _movementPhase + 0.2)
            : 3 * _slow;
        _movementPhase += _scene.MovementPerMinute / 60 / RateHz * (1 + 0.05 * _drift);
        _movement = rough * (swing + 8 * _drift);
    }

    /// <summary>A lamp that is switched, a cloud: the light goes over to another within about a third of a second.</summary>
    private void ChangeLight()
    {
        if (_scene.LightChangesPerMinute > 0 && _noise.Uniform() * 60 * RateHz < _scene.LightChangesPerMinute)
        {
            var strength = (float)_noise.Uniform(0.67, 1.1);
            for (var c = 0; c < 3; c++)
                _nextLight[c] = strength * (float)_noise.Uniform(0.97, 1.03);
        }
        for (var c = 0; c < 3; c++)
            _light[c] += (_nextLight[c] - _light[c]) * 0.1f;
    }

    private bool IsMissing()
    {
        if (_missing > 0)
            return _missing-- > 0;
        if (_scene.Dropped == 0 || _noise.Uniform() * 2.6 >= _scene.Dropped)
            return false;
        _missing = _noise.Uniform() < 0.8 ? 0 : (int)_noise.Uniform(1, RateHz / 2);
        return true;
    }
}
