using Pipeline.Models.Signals;

namespace Pipeline.Models.Simulation;

/// <summary>
/// A cardiotocograph: the fetal heart rate as the mean of the last two intervals, 0 where there is no signal, in steps of 0.25 per minute as
/// the devices print it, and the external toco (its unit is the device's; here mmHg on a drawn resting tone).
/// </summary>
internal sealed class SimulatedCtg
{
    public const int RateHz = 4;
    private const float RateGain = 4;
    private const float TocoGain = 10;
    private const int Intervals = 2;
    private const double MeanLossSeconds = 0.75 * 1.75 + 0.25 * 9;

    public static readonly ChannelLayout Channels = new(
        new("FHR", SignalKind.FetalHeartRate, "/min", RateGain),
        new("UC", SignalKind.UterineActivity, "1", TocoGain));

    private readonly PeakRing _mother;
    private readonly PeakRing? _fetus;
    private readonly LabourCourse _course;
    private readonly HeartRhythm _breathing;
    private readonly double _lossesPerSample, _artefactsPerSample;
    private readonly double _tone;
    private NoiseSource _noise;
    private double _lossLeft, _artefactLeft, _artefactFactor;

    public SimulatedCtg(BedScenario scenario, LabourScenario labour, HeartRhythm mother, FetalRhythm? fetus, LabourCourse course)
    {
        (_mother, _fetus, _course, _breathing) = (mother.Peaks, fetus?.Peaks, course, mother);
        _noise = new(scenario.Seed, 17);
        _tone = _noise.Uniform(6, 16);
        var loss = Math.Clamp(labour.SignalLoss, 0, 0.6);
        _lossesPerSample = loss / (1 - loss) / MeanLossSeconds / RateHz;
        _artefactsPerSample = labour.ArtefactsPerHour / 3600 / RateHz;
    }

    public void Render(long second, Span<short> samples, DeviceCondition condition)
    {
        for (var i = 0; i < RateHz; i++)
        {
            var time = second + (double)i / RateHz;
            var rate = PrintedAt(time);
            var isNoise = condition == DeviceCondition.Noisy && _noise.Uniform() < 0.7;
            samples[i] = condition == DeviceCondition.Off || isNoise ? (short)0 : SimulatedDevice.Stored((float)rate * RateGain);
            var breath = WaveTables.Sine.Repeating(_breathing.BreathsAt(time));
            var toco = _tone + _course.ContractionAt(time) + 0.8 * breath + 0.3 * _noise.Normal();
            samples[RateHz + i] = condition == DeviceCondition.Off ? (short)0 : SimulatedDevice.Stored((float)Math.Max(0, toco) * TocoGain);
        }
    }

    /// <summary>What the device prints at a moment, per minute; 0: no signal.</summary>
    private double PrintedAt(double time)
    {
        const double Step = 1.0 / RateHz;
        if ((_lossLeft -= Step) <= 0 && _noise.Uniform() < _lossesPerSample)
            _lossLeft = _noise.Uniform() < 0.75 ? _noise.Uniform(0.5, 3) : _noise.Uniform(3, 15);
        var isPickUp = _course.PickUpAt(time) > 0;
        var rate = isPickUp ? _mother.RateAt(time, Intervals) : _fetus?.RateAt(time, Intervals) ?? double.NaN;
        if ((_artefactLeft -= Step) <= 0 && _noise.Uniform() < _artefactsPerSample)
            (_artefactLeft, _artefactFactor) = (_noise.Uniform(0.5, 3), rate > 115 ? 0.5 : 2);
        if (_artefactLeft > 0)
            rate *= _artefactFactor;
        return _lossLeft > 0 || !(rate is > 30 and < 240) ? 0 : rate;
    }
}
