using System.Runtime.InteropServices;
using Pipeline.Models.Signals;

namespace Pipeline.Models.Simulation;

/// <summary>What is the matter with a device in a second.</summary>
internal enum DeviceCondition
{
    Fine,
    Noisy,
    Off,      // no contact
    Silent,   // sends nothing
}

/// <summary>
/// Writes a second of a device's samples, [channels x rate], in wire type; answers a bit for each single channel that has no contact.
/// </summary>
internal delegate ulong DeviceWave(long second, Span<short> samples, DeviceCondition condition);

/// <summary>One device of a bed: its clock, its epoch, what goes wrong with it, and its chunks of a second.</summary>
internal sealed class SimulatedDevice
{
    private readonly BedScenario _scenario;
    private readonly string _name;
    private readonly ChannelLayout _channels;
    private readonly int _rateHz;
    private readonly bool _tellsLeadOff;
    private readonly DeviceWave _wave;
    private readonly double _clockRate;
    private NoiseSource _noise;
    private DeviceCondition _condition;
    private double _secondsLeft;      // of the condition
    private bool _isRestarting;
    private long _epoch;
    private long _epochSecond;        // second of the simulation that is sample 0 of the epoch

    public SimulatedDevice(
        BedScenario scenario, string name, ChannelLayout channels, int rateHz, int stream, bool tellsLeadOff, DeviceWave wave)
    {
        (_scenario, _name, _channels, _rateHz, _tellsLeadOff, _wave) = (scenario, name, channels, rateHz, tellsLeadOff, wave);
        _noise = new(scenario.Seed, stream);
        _clockRate = 1 + _noise.Uniform(-1, 1) * scenario.Faults.ClockDriftPpm * 1e-6;
        _epoch = scenario.Epoch;
    }

    /// <summary>The chunk of a second; null when the device sends none.</summary>
    public SampleChunk? Next(long second, bool isLast)
    {
        StepCondition(second);
        // The end of a stream is said even by a device that lost its last samples: an empty chunk.
        if (_condition == DeviceCondition.Silent && !isLast)
            return null;
        var count = _condition == DeviceCondition.Silent ? 0 : _rateHz;
        var bytes = new byte[_channels.Count * count * sizeof(short)];
        var off = count > 0 ? _wave(second, MemoryMarshal.Cast<byte, short>(bytes.AsSpan()), _condition) : 0;
        return new SampleChunk
        {
            Patient = _scenario.Patient,
            Bed = _scenario.Bed,
            Ward = _scenario.Ward,
            Device = _name,
            Epoch = _epoch,
            RateHz = _rateHz,
            FirstSampleIndex = (second - _epochSecond) * _rateHz,
            FirstSampleTime = _scenario.Start.AddSeconds(second * _clockRate),
            Channels = _channels,
            SampleCount = count,
            Format = SampleFormat.Int16,
            Samples = bytes,
            LeadOff = _tellsLeadOff && _condition == DeviceCondition.Off ? (1ul << _channels.Count) - 1 : off,
            EndOfStream = isLast,
        };
    }

    /// <summary>A physical value as it is stored: rounded, and clipped where int16 ends (−32768 would be "missing").</summary>
    public static short Stored(float value) => (short)Math.Clamp(MathF.Round(value), -short.MaxValue, short.MaxValue);

    private void StepCondition(long second)
    {
        if (--_secondsLeft > 0)
            return;
        if (_isRestarting)
        {
            _isRestarting = false;
            (_epoch, _epochSecond) = (_epoch + 1, second);
        }
        _condition = DeviceCondition.Fine;
        var faults = _scenario.Faults;
        var drawn = _noise.Uniform() * 3600;
        if ((drawn -= faults.DropoutsPerHour) < 0)
            Begin(DeviceCondition.Silent, 1, 12);
        else if ((drawn -= faults.LeadOffsPerHour) < 0)
            Begin(DeviceCondition.Off, 5, 30);
        else if ((drawn -= faults.NoisesPerHour) < 0)
            Begin(DeviceCondition.Noisy, 3, 20);
        else if (drawn - faults.RestartsPerHour < 0 && second > 0)
        {
            Begin(DeviceCondition.Silent, 2, 5);
            _isRestarting = true;
        }
    }

    private void Begin(DeviceCondition condition, double least, double most)
    {
        _condition = condition;
        _secondsLeft = Math.Round(_noise.Uniform(least, most));
    }
}
