using Pipeline.Models.Signals;

namespace Pipeline.Models.Simulation;

/// <summary>
/// A wrist's or finger's PPG (unit: mean pulse amplitudes) beside its accelerometer (g). Breathing moves the PPG's baseline and the height
/// of its pulses; a stride shows in all three axes and, through other weights of the same harmonics, in the PPG.
/// </summary>
internal sealed class SimulatedPpg
{
    public const int RateHz = 125;
    private const float PpgGain = 4000;
    private const float AccGain = 8000;

    public static readonly ChannelLayout Channels = new(
        new("PPG", SignalKind.Ppg, "1", PpgGain),
        new("ACC_X", SignalKind.Acc, "g", AccGain),
        new("ACC_Y", SignalKind.Acc, "g", AccGain),
        new("ACC_Z", SignalKind.Acc, "g", AccGain));

    private readonly HeartRhythm _heart;
    private readonly float _noiseScale;
    private readonly float _artefact;          // PPG's share of the motion
    private readonly float[] _gravity = new float[3];
    private readonly int _firstAxis;
    private NoiseSource _noise;
    private long _beat;                        // the pulse that the last sample lay in
    private float _wander;
    private double _strides;

    public SimulatedPpg(BedScenario scenario, HeartRhythm heart)
    {
        _heart = heart;
        _noise = new(scenario.Seed, 2);
        _noiseScale = (float)scenario.Noise;
        _artefact = (float)_noise.Uniform(0.7, 1.6);
        _firstAxis = (int)_noise.Uniform(0, 3);
        _gravity[_firstAxis] = (float)_noise.Uniform(0.8, 0.98) * (_noise.Uniform() < 0.5 ? -1 : 1);
        _gravity[(_firstAxis + 1) % 3] = MathF.Sqrt(1 - _gravity[_firstAxis] * _gravity[_firstAxis]);
    }

    public void Render(long second, Span<short> samples, DeviceCondition condition, in Movement movement)
    {
        var strides = _strides;
        var ppg = samples[..RateHz];
        if (condition == DeviceCondition.Off)
            ppg.Clear();
        else
            RenderPpg(second, ppg, condition == DeviceCondition.Noisy ? 1.2f : 0, movement);
        for (var axis = 0; axis < 3; axis++)
            RenderAxis(axis, strides, samples.Slice((1 + axis) * RateHz, RateHz), movement);
        _strides = (strides + movement.StridesPerSecond) % 1;
    }

    private void RenderPpg(long second, Span<short> samples, float disturbance, in Movement movement)
    {
        var step = 1.0 / RateHz;
        var stride = _strides;
        var strength = (float)movement.Strength * _artefact;
        var (breath, breathStep) = (_heart.BreathsAt(second), (_heart.BreathsAt(second + 1) - _heart.BreathsAt(second)) * step);
        var rough = 0.35f * strength + disturbance;
        var pulse = new BloodPulse(_heart, ref _beat);
        for (var i = 0; i < samples.Length; i++)
        {
            var time = second + i * step;
            // Slow noise of a hand that moves or a sensor that slips: an AR(1) of about 1 Hz.
            _wander += (_noise.Normal() - _wander) * 0.05f;
            var value = pulse.At(time, breath) + 0.12f * WaveTables.Sine.Repeating(breath)
                + _noise.Normal() * 0.012f * _noiseScale + _wander * (0.06f * _noiseScale + 6 * rough);
            if (strength > 0)
                value += strength * WaveTables.StrideInPpg.Repeating(stride);
            samples[i] = SimulatedDevice.Stored(value * PpgGain);
            breath += breathStep;
            stride += movement.StridesPerSecond * step;
        }
    }

    private void RenderAxis(int axis, double stride, Span<short> samples, in Movement movement)
    {
        var step = movement.StridesPerSecond / RateHz;
        var strength = (float)movement.Strength;
        var wave = WaveTables.Stride[(axis + _firstAxis) % 3];
        var noise = 0.004f * _noiseScale + 0.05f * strength;
        for (var i = 0; i < samples.Length; i++)
        {
            var value = _gravity[axis] + noise * _noise.Normal();
            if (strength > 0)
                value += strength * wave.Repeating(stride + i * step);
            samples[i] = SimulatedDevice.Stored(value * AccGain);
        }
    }
}
