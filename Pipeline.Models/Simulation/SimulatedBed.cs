using Pipeline.Models.Signals;

namespace Pipeline.Models.Simulation;

/// <summary>
/// One simulated bed: a heart, its patient's movement, and the devices that watch both: <c>ppg</c> (PPG and ACC, 125 Hz), <c>ecg</c> (250
/// Hz), <c>abp</c> (125 Hz), <c>pcg</c> (heart sounds, 1000 Hz), <c>camera</c> (30 frames per second), int16; in labour
/// also <c>fecg</c> (abdominal leads) and <c>ctg</c> (4 Hz). A function of its <see cref="BedScenario"/> alone; memory does not grow with
/// time. One thread at a time.
/// </summary>
public sealed class SimulatedBed
{
    private readonly HeartRhythm _heart;
    private readonly List<SimulatedDevice> _devices = [];
    private readonly SimulatedLabour? _labour;
    private readonly SimulatedAbp? _pressure;
    private Movement _movement;
    private long _second;
    private long _nextBeat;

    /// <summary>Starts at second 0.</summary>
    public SimulatedBed(BedScenario scenario)
    {
        ArgumentNullException.ThrowIfNull(scenario);
        Scenario = scenario;
        _heart = new(scenario);
        _movement = new(scenario.Activity, new(scenario.Seed, 5));
        if (scenario.HasPpg)
        {
            var ppg = new SimulatedPpg(scenario, _heart);
            _devices.Add(new(scenario, "ppg", SimulatedPpg.Channels, SimulatedPpg.RateHz, 12, false,
                (second, samples, condition) =>
                {
                    ppg.Render(second, samples, condition, _movement);
                    return 0;
                }));
        }
        if (scenario.EcgLeadCount > 0)
        {
            var ecg = new SimulatedEcg(scenario, _heart);
            _devices.Add(new(scenario, "ecg", ecg.Channels, SimulatedEcg.RateHz, 13, true,
                (second, samples, condition) =>
                {
                    ecg.Render(second, samples, condition, _movement);
                    return 0;
                }));
        }
        if (scenario.HasAbp)
        {
            var abp = _pressure = new SimulatedAbp(scenario, _heart);
            _devices.Add(new(scenario, "abp", SimulatedAbp.Channels, SimulatedAbp.RateHz, 14, false,
                (second, samples, condition) =>
                {
                    abp.Render(second, samples, condition, _movement);
                    return 0;
                }));
        }
        if (scenario.HasHeartSound)
        {
            var sound = new SimulatedHeartSound(scenario, _heart);
            _devices.Add(new(scenario, "pcg", SimulatedHeartSound.Channels, SimulatedHeartSound.RateHz, 31, false,
                (second, samples, condition) =>
                {
                    sound.Render(second, samples, condition, _movement);
                    return 0;
                }));
        }
        if (scenario.Camera is { } scene)
        {
            var camera = new SimulatedCamera(scenario, scene, _heart);
            _devices.Add(new(scenario, "camera", SimulatedCamera.Channels, SimulatedCamera.RateHz, 41, false,
                (second, samples, condition) =>
                {
                    camera.Render(second, samples, condition, _movement);
                    return 0;
                }));
        }
        if (scenario.Labour is { } labour)
            _labour = new(scenario, labour, _heart, _devices);
    }

    /// <summary>What it was made from.</summary>
    public BedScenario Scenario { get; }

    /// <summary>Seconds that were made.</summary>
    public long Seconds => _second;

    /// <summary>
    /// Makes the next second: adds a chunk for each device that sends one to <paramref name="chunks"/> and, when they are wanted, the beats
    /// whose R peak lies in it to <paramref name="beats"/>, what is known of the labour to <paramref name="labour"/>, and the beats of the
    /// arterial pressure that ended in it to <paramref name="pressures"/>.
    /// With <paramref name="isLast"/> the chunks end their streams.
    /// </summary>
    public void Next(ICollection<SampleChunk> chunks, ICollection<TrueBeat>? beats = null, bool isLast = false, LabourTruth? labour = null,
        ICollection<TruePressure>? pressures = null)
    {
        ArgumentNullException.ThrowIfNull(chunks);
        _movement.MoveTo(_second);
        _heart.AdvanceTo(_second + 1, Math.Max(_movement.Effort, _labour?.Effort ?? 0));
        _labour?.MoveTo(_second);
        foreach (var device in _devices)
            if (device.Next(_second, isLast) is { } chunk)
                chunks.Add(chunk);
        if (labour is not null)
            _labour?.Tell(labour);
        if (pressures is not null)
            _pressure?.TakeTruth(pressures);
        _second++;
        for (; _nextBeat < _heart.Count && _heart[_nextBeat].Seconds < _second; _nextBeat++)
            if (_heart[_nextBeat].Seconds >= 0)
                beats?.Add(_heart[_nextBeat]);
    }
}
