using Pipeline.Models.Signals;

namespace Pipeline.Models.Simulation;

/// <summary>
/// An ECG of one or two leads (II, V1) in mV: each beat's waves around its R peak, the T wave moving with the root of the interval.
/// </summary>
internal sealed class SimulatedEcg
{
    public const int RateHz = 250;
    private const float Gain = 1000;

    private readonly HeartRhythm _heart;
    private readonly IReadOnlyList<HeartEpisode> _episodes;
    private readonly EcgLead[] _normal;
    private readonly float _noiseScale;
    private readonly float _size;
    private readonly float[] _wander;
    private NoiseSource _noise;
    private long _beat;

    public SimulatedEcg(BedScenario scenario, HeartRhythm heart)
    {
        (_heart, _episodes) = (heart, scenario.Episodes);
        _noise = new(scenario.Seed, 3);
        _noiseScale = (float)scenario.Noise;
        _size = (float)_noise.Uniform(0.7, 1.4);
        _normal = scenario.Activity == PatientActivity.Irregular ? WaveTables.WithoutP : WaveTables.Normal;
        var leads = Math.Clamp(scenario.EcgLeadCount, 1, 2);
        _wander = new float[leads];
        Channels = leads == 1 ? OneLead : TwoLeads;
    }

    private static readonly ChannelLayout OneLead = new(new Channel("II", SignalKind.Ecg, "mV", Gain));
    private static readonly ChannelLayout TwoLeads = new(new("II", SignalKind.Ecg, "mV", Gain), new("V1", SignalKind.Ecg, "mV", Gain));

    public ChannelLayout Channels { get; }

    public void Render(long second, Span<short> samples, DeviceCondition condition, in Movement movement)
    {
        if (condition == DeviceCondition.Off)
        {
            samples.Clear();
            return;
        }
        var first = Math.Max(_beat, _heart.Oldest);   // after a silence
        var rough = (condition == DeviceCondition.Noisy ? 1 : 0) + 0.15f * (float)movement.Strength;
        for (var lead = 0; lead < Channels.Count; lead++)
        {
            _beat = first;
            RenderLead(lead, second, samples.Slice(lead * RateHz, RateHz), rough);
        }
    }

    private void RenderLead(int lead, long second, Span<short> samples, float rough)
    {
        const float ToAfter = 1 / WaveTables.SecondsAfter, ToBefore = 1 / WaveTables.SecondsBefore;
        const float StSegment = 0.1f;
        var (breath, breathStep) = (_heart.BreathsAt(second), (_heart.BreathsAt(second + 1) - _heart.BreathsAt(second)) / RateHz);
        var nextPeak = double.NegativeInfinity;
        var fibrillation = FibrillationIn(second);
        double peak = 0;
        float stretch = 1;
        var (after, before) = (_normal[lead].After, _normal[lead].Before);
        for (var i = 0; i < samples.Length; i++)
        {
            var time = second + (double)i / RateHz;
            if (time >= nextPeak)
            {
                while (_heart[_beat + 1].Seconds <= time)
                    _beat++;
                (peak, nextPeak) = (_heart[_beat].Seconds, _heart[_beat + 1].Seconds);
                stretch = Math.Clamp(MathF.Sqrt(0.8f / (float)(nextPeak - peak)), 0.7f, 1.6f);
                after = LeadOf(_beat)[lead].After;
                before = LeadOf(_beat + 1)[lead].Before;
            }
            var (since, until) = ((float)(time - peak), (float)(nextPeak - time));
            var wave = after.At((since < StSegment ? since : StSegment + (since - StSegment) * stretch) * ToAfter);
            if (until < WaveTables.SecondsBefore)
                wave += before.At(until * ToBefore);
            wave += fibrillation.WaveAt(time);
            _wander[lead] += (_noise.Normal() - _wander[lead]) * 0.03f;
            var value = _size * wave + 0.06f * WaveTables.Sine.Repeating(breath)
                + _noise.Normal() * (0.008f * _noiseScale + 0.12f * rough) + _wander[lead] * (0.15f * _noiseScale + 4 * rough);
            samples[i] = SimulatedDevice.Stored(value * Gain);
            breath += breathStep;
        }
    }

    /// <summary>Fibrillation within the second; an episode of nothing where there is none.</summary>
    private HeartEpisode FibrillationIn(long second)
    {
        foreach (var episode in _episodes)
            if (episode.Kind == EventKind.VentricularFibrillation && second < episode.End && second + 1 > episode.Begin)
                return episode;
        return default;
    }

    private EcgLead[] LeadOf(long beat) => _heart[beat].IsEctopic ? WaveTables.Ventricular : _normal;
}
