using Pipeline.Models.Signals;

namespace Pipeline.Models.Simulation;

/// <summary>
/// A cardiotocograph: the fetal heart rate as the mean of the last two intervals, 0 where there is no signal, in steps of 0.25 per minute
/// as the devices print it, of twins both; and the external toco (its unit is the device's; here mmHg on a drawn resting tone).
/// </summary>
internal sealed class SimulatedCtg
{
    public const int RateHz = 4;
    private const float RateGain = 4;
    private const float TocoGain = 10;

    private static readonly Channel Toco = new("UC", SignalKind.UterineActivity, "1", TocoGain);

    private static readonly ChannelLayout Single = new(new Channel("FHR", SignalKind.FetalHeartRate, "/min", RateGain), Toco);

    private static readonly ChannelLayout Twins = new(
        new Channel("FHR1", SignalKind.FetalHeartRate, "/min", RateGain),
        new Channel("FHR2", SignalKind.SecondFetalHeartRate, "/min", RateGain), Toco);

    private readonly LabourCourse _course;
    private readonly HeartRhythm _breathing;
    private readonly Print _first;
    private readonly Print? _twin;
    private readonly double _tone;
    private NoiseSource _noise, _twinNoise;

    public SimulatedCtg(
        BedScenario scenario, LabourScenario labour, HeartRhythm mother, SimulatedLabour.Child first, SimulatedLabour.Child? twin)
    {
        (_course, _breathing) = (first.Course, mother);
        _first = new(labour, mother.Peaks, first);
        _twin = twin is null ? null : new(labour, mother.Peaks, twin);
        (_noise, _twinNoise) = (new(scenario.Seed, 17), new(scenario.Seed, 17 + SimulatedLabour.TwinStreams));
        _tone = _noise.Uniform(6, 16);
    }

    public ChannelLayout Channels => _twin is null ? Single : Twins;

    public void Render(long second, Span<short> samples, DeviceCondition condition)
    {
        var toco = samples[(samples.Length - RateHz)..];
        for (var i = 0; i < RateHz; i++)
        {
            var time = second + (double)i / RateHz;
            samples[i] = _first.At(time, condition, ref _noise);
            if (_twin is not null)
                samples[RateHz + i] = _twin.At(time, condition, ref _twinNoise);
            var breath = WaveTables.Sine.Repeating(_breathing.BreathsAt(time));
            var activity = _tone + _course.ContractionAt(time) + 0.8 * breath + 0.3 * _noise.Normal();
            toco[i] = condition == DeviceCondition.Off ? (short)0 : SimulatedDevice.Stored((float)Math.Max(0, activity) * TocoGain);
        }
    }

    /// <summary>What it prints of one fetus.</summary>
    private sealed class Print
    {
        private const int Intervals = 2;
        private const double MeanLossSeconds = 0.75 * 1.75 + 0.25 * 9;

        private readonly PeakRing _mother;
        private readonly SimulatedLabour.Child _child;
        private readonly double _lossesPerSample, _artefactsPerSample;
        private double _lossLeft, _artefactLeft, _artefactFactor;

        public Print(LabourScenario labour, PeakRing mother, SimulatedLabour.Child child)
        {
            (_mother, _child) = (mother, child);
            var loss = Math.Clamp(labour.SignalLoss, 0, 0.6);
            _lossesPerSample = loss / (1 - loss) / MeanLossSeconds / RateHz;
            _artefactsPerSample = labour.ArtefactsPerHour / 3600 / RateHz;
        }

        /// <summary>The sample at a moment, as it is stored; 0: no signal.</summary>
        public short At(double time, DeviceCondition condition, ref NoiseSource noise)
        {
            var rate = RateAt(time, ref noise);
            var isNoise = condition == DeviceCondition.Noisy && noise.Uniform() < 0.7;
            return condition == DeviceCondition.Off || isNoise ? (short)0 : SimulatedDevice.Stored((float)rate * RateGain);
        }

        private double RateAt(double time, ref NoiseSource noise)
        {
            const double Step = 1.0 / RateHz;
            if ((_lossLeft -= Step) <= 0 && noise.Uniform() < _lossesPerSample)
                _lossLeft = noise.Uniform() < 0.75 ? noise.Uniform(0.5, 3) : noise.Uniform(3, 15);
            var isPickUp = _child.Course.PickUpAt(time) > 0;
            var rate = isPickUp ? _mother.RateAt(time, Intervals) : _child.Rhythm?.Peaks.RateAt(time, Intervals) ?? double.NaN;
            if ((_artefactLeft -= Step) <= 0 && noise.Uniform() < _artefactsPerSample)
                (_artefactLeft, _artefactFactor) = (noise.Uniform(0.5, 3), rate > 115 ? 0.5 : 2);
            if (_artefactLeft > 0)
                rate *= _artefactFactor;
            return _lossLeft > 0 || !(rate is > 30 and < 240) ? 0 : rate;
        }
    }
}
